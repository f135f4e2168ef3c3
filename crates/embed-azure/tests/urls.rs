//! Which URLs are asked, with which headers.
#![allow(clippy::unwrap_used)]

mod support;

use embed_azure::{AzureApi, AzureOpenAi, BuildError, Credential, HttpOptions, OpenAi};
use openai_test_server::TestServer;
use support::{MODEL, azure_with, embed, openai, quick, vectors};

#[tokio::test]
async fn classic_v1_and_openai() {
    let server = TestServer::builder().deployment("a b/é", MODEL).start().await;
    let version = AzureApi::V1 { version: Some("preview".to_owned()) };
    let classic = azure_with(&server, AzureApi::classic(), quick());
    let v1 = azure_with(&server, version, quick());
    for model in
        [classic.embeddings("a b/é"), v1.embeddings("a b/é"), openai(&server).embeddings(MODEL)]
    {
        vectors(embed(&model, &["a"]).await.unwrap());
    }
    let requests = server.requests();
    assert_eq!(requests[0].path, "/openai/deployments/a%20b%2F%C3%A9/embeddings");
    assert_eq!(requests[0].header("api-key"), Some("test-key"));
    assert_eq!(requests[0].body.get("model"), None);
    assert_eq!(requests[1].path, "/openai/v1/embeddings");
    assert_eq!(requests[1].body["model"], "a b/é");
    assert_eq!(requests[2].path, "/v1/embeddings");
    assert_eq!(requests[2].header("authorization"), Some("Bearer test-key"));
    assert_eq!(requests[2].header("api-key"), None);
    assert_eq!(requests[2].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn an_endpoint_that_ends_in_v1_means_v1() {
    let server = TestServer::start().await;
    let builder = AzureOpenAi::builder(format!("{}/openai/v1/", server.url()));
    let client = builder.credential(Credential::token("test-token")).http(quick()).build().unwrap();
    vectors(embed(&client.embeddings(MODEL), &["a"]).await.unwrap());
    assert_eq!(server.requests()[0].path, "/openai/v1/embeddings");
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer test-token"));
}

#[tokio::test]
async fn extra_headers_organization_and_project() {
    let server = TestServer::start().await;
    let http = quick().with_header("X-Team", "search").with_http1_only();
    let builder = OpenAi::builder().base_url(format!("{}/v1", server.url())).api_key("test-key");
    let client = builder.organization("org-1").project("proj-1").http(http).build().unwrap();
    vectors(embed(&client.embeddings(MODEL), &["a"]).await.unwrap());
    let request = &server.requests()[0];
    for (name, value) in
        [("x-team", "search"), ("openai-organization", "org-1"), ("openai-project", "proj-1")]
    {
        assert_eq!(request.header(name), Some(value));
    }
}

#[test]
fn settings_that_cannot_work_are_refused_when_built() {
    let azure = |endpoint: &str| AzureOpenAi::builder(endpoint);
    let key = || Credential::api_key("SECRET");
    let with = |http| azure("https://n").credential(key()).http(http).build().unwrap_err();
    let classic_on_v1 = azure("https://n/openai/v1").credential(key()).api(AzureApi::classic());
    let errors = [
        azure("https://n?api-version=1").credential(key()).build().unwrap_err(),
        azure("https://u:SECRET@n").credential(key()).build().unwrap_err(),
        classic_on_v1.build().unwrap_err(),
        azure("https://n").build().unwrap_err(),
        azure("https://n").credential(Credential::api_key("")).build().unwrap_err(),
        azure("https://n").credential(Credential::token("SECRET\n\nx: y")).build().unwrap_err(),
        with(HttpOptions::default().with_header("a b", "SECRET")),
        with(HttpOptions::default().with_header("x-a", "SECRET\r\n")),
        with(HttpOptions::default().with_header("Host", "SECRET")),
        with(HttpOptions::default().with_proxy("http://SECRET SECRET:x")),
        with(HttpOptions::default().with_ca_pem("SECRET")),
    ];
    for error in errors {
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
    }
    assert!(matches!(azure("n").credential(key()).build(), Err(BuildError::Endpoint(_))));
}
