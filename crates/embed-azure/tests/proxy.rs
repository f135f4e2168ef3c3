//! Proxies.
#![allow(clippy::unwrap_used)]

mod support;

use embed_azure::{AzureOpenAi, Credential};
use openai_test_server::TestServer;
use support::{MODEL, embed, quick, vectors};

#[tokio::test]
async fn an_explicit_proxy_is_asked() {
    let proxy = TestServer::start().await;
    let address = proxy.url().replace("http://", "http://user:proxy-password@");
    let builder = AzureOpenAi::builder("http://nowhere.invalid");
    let builder = builder.credential(Credential::api_key("test-key"));
    let http = quick().with_proxy(address.clone());
    assert!(!format!("{http:?}").contains("proxy-password"));
    let client = builder.http(http).build().unwrap();
    vectors(embed(&client.embeddings(MODEL), &["a"]).await.unwrap());
    let request = &proxy.requests()[0];
    assert!(request.uri.starts_with("http://nowhere.invalid/openai/"), "{}", request.uri);
    let authorization = request.header("proxy-authorization").unwrap();
    assert!(authorization.starts_with("Basic "));
}
