//! The server itself: who may ask, what it takes down, how it ends.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::TcpStream;
use std::time::{Duration, Instant};

use openai_test_server::{Api, Fault, TestServer};
use reqwest::{Certificate, Client, Proxy};
use serde_json::{Value, json};
use support::{EMBEDDINGS, answer, path, post};

const SMALL: &str = "text-embedding-3-small";

#[tokio::test]
async fn each_api_has_its_credentials() {
    let server = TestServer::builder().api_key("K").bearer_token("T").start().await;
    let status = async |api: Api, name: &str, value: &str| {
        let url = format!("{}{}", server.url(), path(api, EMBEDDINGS, SMALL));
        let body = json!({"input": "x", "model": SMALL});
        let request = Client::new().post(url).header(name, value).json(&body);
        answer(request.send().await.unwrap()).await
    };
    for (api, name, value, expected) in [
        (Api::AzureClassic, "api-key", "K", 200),
        (Api::AzureClassic, "api-key", "T", 401),
        (Api::AzureClassic, "authorization", "Bearer T", 200),
        (Api::AzureClassic, "authorization", "Bearer K", 401),
        (Api::AzureClassic, "x-other", "K", 401),
        (Api::AzureV1, "api-key", "K", 200),
        (Api::AzureV1, "authorization", "Bearer T", 200),
        (Api::AzureV1, "authorization", "Bearer K", 200),
        (Api::AzureV1, "authorization", "Bearer X", 401),
        (Api::OpenAi, "authorization", "Bearer K", 200),
        (Api::OpenAi, "authorization", "Bearer T", 401),
        (Api::OpenAi, "api-key", "K", 401),
    ] {
        assert_eq!(status(api, name, value).await.0, expected, "{api:?} {name}: {value}");
    }
    let (_, unwrapped) = status(Api::AzureClassic, "authorization", "Bearer X").await;
    assert_eq!(unwrapped["statusCode"], 401);
    let (_, wrapped) = status(Api::AzureClassic, "api-key", "X").await;
    assert_eq!(wrapped["error"]["code"], "401");
    server.set_bearer_token("T2");
    assert_eq!(status(Api::AzureV1, "authorization", "Bearer T").await.0, 401);
    assert_eq!(status(Api::AzureV1, "authorization", "Bearer T2").await.0, 200);
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let server = TestServer::start().await;
    let ask = async |path: &str| {
        let body = json!({"input": "x", "model": SMALL});
        answer(post(&server, Api::AzureClassic, path).json(&body).send().await.unwrap()).await
    };
    for path in [
        "/openai/deployments/text-embedding-3-small/embeddings",
        "/openai/deployments/text-embedding-3-small/embeddings?api-version=",
        "/openai/deployments/text-embedding-3-small/other?api-version=2024-10-21",
        "/openai/embeddings",
    ] {
        let (status, reply) = ask(path).await;
        assert_eq!((status, &reply["error"]["message"]), (404, &json!("Resource not found")));
    }
    let (status, reply) = ask("/v1/other").await;
    assert_eq!((status, &reply["error"]["message"]), (404, &json!("Invalid URL (POST /v1/other)")));
    let url = format!("{}/v1/embeddings", server.url());
    assert_eq!(Client::new().get(url).send().await.unwrap().status(), 404);
    let unparsed = post(&server, Api::AzureV1, "/openai/v1/embeddings").body("{").send().await;
    assert_eq!(unparsed.unwrap().status(), 400);
    let unnamed = post(&server, Api::AzureV1, "/openai/v1/embeddings").body("{}").send().await;
    assert_eq!(unnamed.unwrap().status(), 400);
}

#[tokio::test]
async fn requests_are_taken_down_in_order() {
    let server = TestServer::start().await;
    let start = Instant::now();
    let path = "/openai/deployments/a%20b/embeddings?api-version=2024-10-21&x=%20";
    let first = post(&server, Api::AzureClassic, path).header("X-Mixed-Case", "Value");
    first.json(&json!({"input": "하나"})).send().await.unwrap();
    post(&server, Api::OpenAi, "/v1/embeddings").body("not json").send().await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    let first = &requests[0];
    assert_eq!(first.method, "POST");
    assert_eq!(first.path, "/openai/deployments/a%20b/embeddings");
    assert_eq!(first.query, "api-version=2024-10-21&x=%20");
    assert_eq!(first.uri, path);
    assert_eq!(first.header("x-mixed-case"), Some("Value"));
    assert!(first.headers.contains(&("x-mixed-case".to_owned(), "Value".to_owned())));
    assert_eq!(first.body, json!({"input": "하나"}));
    assert_eq!(first.raw_body, "{\"input\":\"하나\"}".as_bytes());
    assert!(start <= first.at && first.at <= requests[1].at);
    assert_eq!(
        (&requests[1].body, requests[1].raw_body.as_slice()),
        (&Value::Null, &b"not json"[..])
    );
    server.clear_requests();
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_proxys_requests_are_in_absolute_form() {
    let server = TestServer::start().await;
    let client = Client::builder().proxy(Proxy::http(server.url()).unwrap()).build().unwrap();
    let url = "http://name.openai.azure.test/openai/v1/embeddings";
    let request = client.post(url).header("api-key", "test-key");
    let body = json!({"input": "x", "model": SMALL});
    assert_eq!(request.json(&body).send().await.unwrap().status(), 200);
    assert_eq!(server.requests()[0].uri, url);
    assert_eq!(server.requests()[0].path, "/openai/v1/embeddings");
}

#[tokio::test]
async fn tls_needs_the_servers_ca() {
    let server = TestServer::builder().tls().start().await;
    assert!(server.url().starts_with("https://127.0.0.1:"));
    let ca = Certificate::from_pem(server.ca_pem().unwrap().as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([ca]).build().unwrap();
    let ask = |client: &Client| {
        let url = format!("{}{}", server.url(), path(Api::AzureClassic, EMBEDDINGS, SMALL));
        client.post(url).header("api-key", "test-key").json(&json!({"input": "x"})).send()
    };
    assert_eq!(ask(&client).await.unwrap().status(), 200);
    ask(&Client::new()).await.unwrap_err();
    server.script([Fault::Reset, Fault::TruncatedBody]);
    ask(&client).await.unwrap_err();
    ask(&client).await.unwrap().bytes().await.unwrap_err();
    assert!(TestServer::start().await.ca_pem().is_none());
}

#[tokio::test]
async fn a_dropped_server_is_gone_with_its_connections() {
    let server = TestServer::start().await;
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    server.always(Fault::Hang);
    let request = post(&server, Api::OpenAi, "/v1/embeddings").body("{}");
    let waiting = tokio::spawn(request.send());
    while server.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(server);
    assert!(TcpStream::connect(address).is_err());
    waiting.await.unwrap().unwrap_err();
}

#[test]
fn a_test_without_a_runtime_can_start_it() {
    let server = TestServer::builder().start_blocking();
    assert!(TcpStream::connect(server.url().strip_prefix("http://").unwrap()).is_ok());
}

#[test]
#[should_panic(expected = "has no model \"gpt-9\"; it has text-embedding-3-small")]
fn an_unknown_model_cannot_be_deployed() {
    let _ = TestServer::builder().deployment("x", "gpt-9");
}
