//! TLS is verified, on both sides, and what is wrong is told apart.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "tls")]

mod support;

use std::time::{Duration, Instant};

use cache_core::{CacheBackend, ErrorKind, GetOptions};
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::{Authority, Certificate, TestServer};
use support::{assert_says, keys, patient, put};

/// It is refused within the connect timeout, in these words, and not worth a repetition.
async fn refused(config: &RedisConfig, kind: ErrorKind, words: &[&str]) {
    let started = Instant::now();
    let error = RedisBackend::connect_with(config).await.unwrap_err();
    assert_says(&error, kind, words);
    assert!(!error.is_retryable(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn certificate_and_name_are_verified() {
    // 127.0.0.2 is the same server under an address that its certificate does not name.
    let both = ["127.0.0.1", "127.0.0.2"];
    let server = TestServer::builder().tls().directive("bind", &both).start();
    let (url, ca) = (server.tls_url(), server.ca_pem());
    let by_address = url.replace("localhost", "127.0.0.2");
    let other = Authority::new();
    let unknown = ["nobody known vouches", "with_ca_certificate"];
    refused(&patient(&url).with_ca_certificate(other.pem()), ErrorKind::Other, &unknown).await;
    refused(&patient(&url), ErrorKind::Other, &unknown).await;
    let wrong_name = ["certificate is for another name", "with_server_name"];
    let config = patient(&by_address).with_ca_certificate(ca);
    refused(&config, ErrorKind::Other, &wrong_name).await;
    RedisBackend::connect_with(&config.with_server_name("localhost")).await.unwrap();
    let config = patient(&url).with_ca_certificate(ca);
    RedisBackend::connect_with(&config).await.unwrap();
    refused(&config.with_server_name("elsewhere.example"), ErrorKind::Other, &wrong_name).await;
}

#[tokio::test]
async fn expired_and_foreign_certificates() {
    let start = |what| TestServer::builder().tls().certificate(what).start();
    let server = start(Certificate::Expired);
    let config = patient(&server.tls_url()).with_ca_certificate(server.ca_pem());
    refused(&config, ErrorKind::Other, &["has expired"]).await;
    let server = start(Certificate::OtherName);
    let config = patient(&server.tls_url()).with_ca_certificate(server.ca_pem());
    refused(&config, ErrorKind::Other, &["for another name"]).await;
    let config = config.with_server_name("elsewhere.example");
    RedisBackend::connect_with(&config).await.unwrap();
}

#[tokio::test]
async fn client_certificates_that_lack_or_are_refused() {
    let authority = Authority::new();
    // OpenSSL says it in other words for older versions of TLS.
    for protocols in ["TLSv1.3", "TLSv1.2"] {
        let server = TestServer::builder()
            .authority(&authority)
            .client_certificates()
            .directive("tls-protocols", &[protocols])
            .start();
        let config = patient(&server.tls_url()).with_ca_certificate(authority.pem());
        let missing = ["client certificate", "with_client_certificate"];
        refused(&config, ErrorKind::Unauthenticated, &missing).await;
        let stranger = Authority::new().client();
        let strange = config.clone().with_client_certificate(stranger.certificate, stranger.key);
        refused(&strange, ErrorKind::Unauthenticated, &["refused the client certificate"]).await;
        let client = authority.client();
        let known = config.with_client_certificate(client.certificate, client.key);
        let shown = format!("{known:?}");
        assert!(!shown.contains("PRIVATE") && !shown.contains("BEGIN"), "{shown}");
        RedisBackend::connect_with(&known).await.unwrap();
    }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_listed_by_address_may_have_the_certificate_of_the_seeds_name() {
    let builder = TestServer::builder().tls().certificate(Certificate::NameOnly);
    let cluster = builder.start_cluster();
    let ca = cluster.nodes()[0].ca_pem();
    let config = patient(&cluster.tls_url()).with_ca_certificate(ca);
    let backend = RedisBackend::connect_with(&config).await.unwrap();
    let keys = keys("tls", 50);
    for key in &keys {
        put(&backend, key).await.unwrap();
    }
    let found = backend.get_many(&keys, &GetOptions::default()).await.unwrap();
    assert_eq!(found.iter().flatten().count(), 50);
    let by_address = cluster.tls_url().replace("localhost", "127.0.0.1");
    let config = patient(&by_address).with_ca_certificate(ca);
    refused(&config, ErrorKind::Other, &["for another name"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_speak_tls_or_do_not() {
    let authority = Authority::new();
    let primary = TestServer::start();
    let _replica = TestServer::builder().replica_of(&primary).start();
    let sentinels = TestServer::builder().authority(&authority).start_sentinels(&primary);
    // The Sentinels speak TLS, and the servers do not.
    let tls = sentinels.tls_url().replacen("rediss", "redis", 1);
    let config = patient(&tls).with_ca_certificate(authority.pem()).with_sentinel_tls(true);
    put(&RedisBackend::connect_with(&config).await.unwrap(), &keys("tls", 1)[0]).await.unwrap();
    // A whole that speaks TLS is what the scheme says.
    let config = RedisConfig::new(sentinels.tls_url()).with_ca_certificate(authority.pem());
    let error = RedisBackend::connect_with(&config).await.unwrap_err();
    assert!(error.to_string().contains("rediss://127.0.0.1"), "the server's turn: {error}");
}
