//! The shared suite on every way to reach a server.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use cache_core::conformance::{backend as suite, log};
use cache_redis::RedisBackend;
use redis_test_server::TestServer;
use support::{LOG_RIGHTS, RIGHTS, patient};

async fn conforms(config: &cache_redis::RedisConfig) {
    let backend = Arc::new(RedisBackend::connect_with(config).await.unwrap());
    suite::run(backend.clone()).await;
    log::run(backend).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tcp() {
    let server = TestServer::start();
    conforms(&patient(&server.url())).await;
}

#[tokio::test]
async fn on_one_thread() {
    let server = TestServer::start();
    conforms(&patient(&server.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_unix_socket() {
    let server = TestServer::builder().unix_socket().start();
    conforms(&patient(&server.unix_url())).await;
}

#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls() {
    let server = TestServer::builder().tls().start();
    conforms(&patient(&server.tls_url()).with_ca_certificate(server.ca_pem())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_a_user_with_the_documented_rights() {
    let rights: Vec<_> = RIGHTS.split_whitespace().chain(LOG_RIGHTS.split_whitespace()).collect();
    let server = TestServer::builder().password("other").user("cache", &rights).start();
    let url = format!("redis://cache:pass%3Aword%401@127.0.0.1:{}", server.port());
    conforms(&patient(&url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_password_in_another_database() {
    let server = TestServer::builder().password("p@ss/w#rd%").start();
    let url = format!("redis://:p%40ss%2Fw%23rd%25@127.0.0.1:{}/3", server.port());
    conforms(&patient(&url)).await;
    assert!(!server.command(&["INFO", "keyspace"]).contains("db0:"), "the database is used");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_server_that_evicts() {
    // Redis's LRU clock ticks in seconds, and the suite fills the store several times within one:
    // to tell used from unused entries as fast as that takes the LFU counters.
    let server = TestServer::builder().max_memory("16mb", "allkeys-lfu").start();
    let backend = RedisBackend::connect_with(&patient(&server.url())).await.unwrap();
    suite::bounded(&backend, 16 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_in_a_cluster() {
    // A cluster of one: it asks of every command, also in scripts, that its keys share a slot.
    let server = TestServer::builder().directive("cluster-enabled", &["yes"]).start();
    server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    while !server.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    log::run(Arc::new(RedisBackend::connect_with(&patient(&server.url())).await.unwrap())).await;
}
