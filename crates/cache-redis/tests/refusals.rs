//! Servers that answer, and not with what was asked for.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use cache_core::{
    CacheBackend, CacheBackendExt, Counters, ErrorKind, FindingCode, GetOptions, LeaseOutcome,
    LeaseRequest, LeaseToken, Leases, StoredValue,
};
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::TestServer;
use support::{SECRET, assert_says, connect, entries, hour, keys, namespace, plain, put};

#[tokio::test]
async fn wrong_and_missing_passwords() {
    let server = TestServer::builder().password("right").start();
    let port = server.port();
    for (login, words) in [
        (format!(":{SECRET}@"), "refused"),
        (format!("nobody:{SECRET}@"), "refused"),
        (String::new(), "wants a password"),
    ] {
        for db in ["", "/1"] {
            let url = format!("redis://{login}127.0.0.1:{port}{db}");
            let error = RedisBackend::connect(url).await.unwrap_err();
            assert_says(&error, ErrorKind::Unauthenticated, &[words]);
            assert!(!error.is_retryable());
        }
    }
    let none = TestServer::start();
    let url = format!("redis://:{SECRET}@127.0.0.1:{}", none.port());
    let error = RedisBackend::connect(url).await.unwrap_err();
    assert_says(&error, ErrorKind::Unauthenticated, &["none configured"]);
}

#[tokio::test]
async fn a_database_that_does_not_exist() {
    let server = TestServer::builder().directive("databases", &["2"]).start();
    let error = RedisBackend::connect(format!("{}/7", server.url())).await.unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["no such database"]);
}

#[tokio::test]
async fn rights_that_lack() {
    let rights = ["on", ">pw", "~f:*", "+get", "+mget", "+strlen", "+scan"];
    let server = TestServer::builder().user("reader", &rights).start();
    for key in keys("f", 2) {
        server.command(&["SET", &key.to_string(), "0123456789"]);
    }
    let url = format!("redis://reader:pw@127.0.0.1:{}", server.port());
    let backend = RedisBackend::connect(url).await.unwrap();
    let key = &keys("f", 1)[0];
    assert!(backend.get(key).await.unwrap().is_some());
    let refused = put(&backend, key).await.unwrap_err();
    assert_says(&refused, ErrorKind::PermissionDenied, &["set", "ACL SETUSER"]);
    let elsewhere = backend.get(&keys("g", 1)[0]).await.unwrap_err();
    assert_says(&elsewhere, ErrorKind::PermissionDenied, &["ACL SETUSER"]);
    assert!(!elsewhere.to_string().contains("g:emb"), "a key in {elsewhere}");
    let request = LeaseRequest { token: LeaseToken::unique(), duration: Duration::from_secs(1) };
    let lease = backend.get_or_lease_many(&keys("f", 3), &request).await.unwrap_err();
    assert_says(&lease, ErrorKind::PermissionDenied, &["eval"]);
    let status = backend.status().await.unwrap();
    assert!(status.findings[0].to_string().contains("+info"), "{status:?}");
    let usage = backend.usage(&namespace("f")).await.unwrap();
    assert_eq!((usage.entries, usage.estimated), (2, true));
    assert!(usage.bytes >= 20, "values and names: {}", usage.bytes);
}

#[tokio::test]
async fn scripts_without_the_rights_of_their_commands() {
    let rights = ["on", ">pw", "~f:*", "+get", "+eval", "+evalsha"];
    let server = TestServer::builder().user("reader", &rights).start();
    let url = format!("redis://reader:pw@127.0.0.1:{}", server.port());
    let backend = RedisBackend::open(&RedisConfig::new(url)).unwrap();
    let request = LeaseRequest { token: LeaseToken::unique(), duration: Duration::from_secs(1) };
    let lease = backend.get_or_lease_many(&keys("f", 1), &request).await.unwrap_err();
    assert_says(&lease, ErrorKind::PermissionDenied, &[]);
}

#[tokio::test]
async fn a_full_server() {
    let server = TestServer::builder().max_memory("3mb", "noeviction").start();
    let backend = connect(&server).await;
    let keys = keys("f", 2_000);
    let error = loop {
        if let Err(error) = backend.put_many(&entries(&keys, 4_000, hour()), &plain()).await {
            break error;
        }
    };
    assert_says(&error, ErrorKind::Full, &["allkeys-lru"]);
    assert!(!error.is_retryable());
    assert!(backend.get(&keys[0]).await.unwrap().is_some(), "what was stored can be read");
    let request = LeaseRequest { token: LeaseToken::unique(), duration: Duration::from_secs(1) };
    let lease = backend.get_or_lease_many(&support::keys("g", 1), &request).await.unwrap_err();
    assert_says(&lease, ErrorKind::Full, &[]);
    let status = backend.status().await.unwrap();
    assert_eq!(status.max_bytes, Some(3 << 20));
    assert_eq!(status.findings[0].code, FindingCode::NoEviction);
    assert!(backend.remove(&keys[0]).await.unwrap());
}

#[tokio::test]
async fn a_replica_takes_no_writes() {
    let primary = TestServer::start();
    let port = primary.port().to_string();
    let replica = TestServer::builder().directive("replicaof", &["127.0.0.1", &port]).start();
    let backend = connect(&replica).await;
    let key = &keys("f", 1)[0];
    let error = put(&backend, key).await.unwrap_err();
    assert_says(&error, ErrorKind::ReadOnly, &["primary"]);
    replica.command(&["REPLICAOF", "NO", "ONE"]);
    put(&backend, key).await.unwrap();
}

#[tokio::test]
async fn foreign_types_under_our_keys_are_misses() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let keys = keys("f", 3);
    put(&backend, &keys[0]).await.unwrap();
    for key in &keys[1..] {
        server.command(&["RPUSH", &key.to_string(), "theirs"]);
    }
    assert!(backend.get(&keys[1]).await.unwrap().is_none());
    let found = backend.get_many(&keys, &GetOptions::default()).await.unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(backend.contains_many(&keys).await.unwrap(), [true, false, false]);
    let request = LeaseRequest { token: LeaseToken::unique(), duration: Duration::from_secs(9) };
    let outcomes = backend.get_or_lease_many(&keys, &request).await.unwrap();
    assert!(matches!(outcomes[0], LeaseOutcome::Value(_)));
    assert!(matches!(outcomes[1..], [LeaseOutcome::Acquired, LeaseOutcome::Acquired]));
    backend.usage(&namespace("f")).await.unwrap();
    put(&backend, &keys[1]).await.unwrap();
    assert!(backend.get(&keys[1]).await.unwrap().is_some(), "the next write replaces it");
    // Somebody's key without an end where a lease belongs does not lock the entry for ever.
    let stuck = support::keys("f", 4).pop().unwrap();
    server.command(&["RPUSH", &format!("f:lease:{{{stuck}}}"), "theirs"]);
    let outcomes = backend.get_or_lease_many(&[stuck], &request).await.unwrap();
    assert!(matches!(outcomes[..], [LeaseOutcome::Acquired]));
    server.command(&["SET", "f:stats", "theirs"]);
    let error = backend.add_counters(&namespace("f"), &[("n", 1)]).await.unwrap_err();
    assert_says(&error, ErrorKind::WrongType, &["same namespace"]);
}

#[tokio::test]
async fn a_value_that_is_too_large() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let key = keys("f", 1).remove(0);
    let value = StoredValue::new(vec![0; (512 << 20) + 1]);
    let error = backend.put(key.clone(), value, hour()).await.unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["512 MiB"]);
    assert!(backend.get(&key).await.unwrap().is_none(), "the connection is intact");
}
