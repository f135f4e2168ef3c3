//! The shared suite on every way to reach a server.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use cache_core::conformance::{backend as suite, log};
use cache_redis::acl::{self, AclFor};
use cache_redis::{Protocol, RedisBackend};
#[cfg(feature = "tls")]
use redis_test_server::Authority;
use redis_test_server::{TestCluster, TestServer};
use support::{WithUser, as_cache, least_privilege, patient};

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

/// The version that the URL asks for is the one that is spoken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_resp3() {
    let server = TestServer::start();
    conforms(&patient(&format!("{}?protocol=resp3", server.url()))).await;
    let config = patient(&server.url()).with_protocol(Protocol::Resp3);
    let backend = RedisBackend::connect_with(&config).await.unwrap();
    cache_core::CacheBackend::status(&backend).await.unwrap();
    assert!(server.command(&["CLIENT", "LIST"]).contains("resp=3"), "it is spoken");
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

#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_with_a_client_certificate() {
    let authority = Authority::new();
    let server = TestServer::builder().authority(&authority).client_certificates().start();
    let client = authority.client();
    let config = patient(&server.tls_url()).with_ca_certificate(authority.pem());
    conforms(&config.with_client_certificate(client.certificate, client.key)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_a_user_with_the_least_rights() {
    let rules = least_privilege(AclFor::new().with_cache(true).with_logs(true));
    let server = TestServer::builder().password("other").with_user("cache", &rules).start();
    conforms(&patient(&as_cache(&server.url()))).await;
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
async fn on_a_primary_with_replicas() {
    let primary = TestServer::start();
    let replica = || TestServer::builder().replica_of(&primary).start();
    let (one, two) = (replica(), replica());
    let ports = [one.port(), two.port()].map(|port| format!("127.0.0.1:{port}"));
    conforms(&patient(&primary.url()).with_replicas(ports)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_sentinels_as_users_with_the_least_rights() {
    let rules = least_privilege(AclFor::new().with_cache(true).with_logs(true));
    let server = || TestServer::builder().password("other").with_user("cache", &rules);
    let primary = server().start();
    let _replica = server().replica_of(&primary).start();
    let watcher: Vec<_> =
        ["on".to_owned(), ">watch".to_owned()].into_iter().chain(acl::sentinel_rules()).collect();
    let sentinels = TestServer::builder().with_user("watcher", &watcher).start_sentinels(&primary);
    let url =
        format!("{}?sentinel_user=watcher&sentinel_password=watch", as_cache(&sentinels.url()));
    conforms(&patient(&url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_cluster() {
    let cluster = TestCluster::start();
    conforms(&patient(&cluster.url())).await;
    for node in &cluster.nodes()[..3] {
        assert!(node.command_calls("set") > 0, "every primary has a part in it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_cluster_as_a_user_with_the_least_rights() {
    let what = AclFor::new().with_cache(true).with_logs(true).with_cluster(true);
    let rules = least_privilege(what);
    let cluster =
        TestServer::builder().password("other").with_user("cache", &rules).start_cluster();
    conforms(&patient(&as_cache(&cluster.url()))).await;
}

#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_cluster_over_tls_of_which_one_node_is_named() {
    let cluster = TestServer::builder().tls().start_cluster();
    let node = &cluster.nodes()[1];
    conforms(&patient(&node.tls_url()).with_ca_certificate(node.ca_pem())).await;
}
