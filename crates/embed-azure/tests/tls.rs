//! TLS is verified; a CA of one's own can be trusted.
#![allow(clippy::unwrap_used)]

mod support;

use cache_core::ProviderErrorKind as Kind;
use openai_test_server::TestServer;
use support::{embed, model_with, quick, vectors};

#[tokio::test]
async fn a_given_ca_is_trusted_and_an_unknown_one_is_not() {
    let server = TestServer::builder().tls().start().await;
    let error = embed(&model_with(&server, quick()), &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(server.requests().is_empty());
    let http = quick().with_ca_pem(server.ca_pem().unwrap());
    vectors(embed(&model_with(&server, http), &["a"]).await.unwrap());
}
