//! TLS is verified.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "tls")]

mod support;

use std::time::Duration;

use cache_core::ErrorKind;
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::TestServer;
use support::{assert_says, patient};

#[tokio::test]
async fn certificate_and_name_are_verified() {
    // 127.0.0.2 is the same server under an address that its certificate does not name.
    let both = ["127.0.0.1", "127.0.0.2"];
    let server = TestServer::builder().tls().directive("bind", &both).start();
    let other = TestServer::builder().tls().start();
    let (url, ca) = (server.tls_url(), server.ca_pem());
    let wrong = [
        patient(&url).with_ca_certificate(other.ca_pem()),
        patient(&url),
        patient(&url.replace("localhost", "127.0.0.2")).with_ca_certificate(ca),
    ];
    for config in wrong {
        let error = RedisBackend::connect_with(&config).await.unwrap_err();
        assert_says(&error, ErrorKind::Other, &["certificate"]);
        assert!(!error.is_retryable());
    }
    let right = patient(&url).with_ca_certificate(ca);
    RedisBackend::connect_with(&right).await.unwrap();
}

#[tokio::test]
async fn tls_where_none_is_spoken_and_none_where_it_is() {
    let server = TestServer::builder().tls().start();
    let to_plain = RedisConfig::new(format!("rediss://localhost:{}", server.port()))
        .with_connect_timeout(Duration::from_millis(500));
    let error = RedisBackend::connect_with(&to_plain).await.unwrap_err();
    assert_says(&error, ErrorKind::Unavailable, &["redis://"]);
    let to_tls = format!("redis://127.0.0.1:{}", server.tls_port());
    let error = RedisBackend::connect(to_tls).await.unwrap_err();
    assert_says(&error, ErrorKind::Unavailable, &["rediss://"]);
}
