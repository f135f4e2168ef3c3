//! Servers that are down, silent, or come and go.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use cache_core::{
    CacheBackend, CacheBackendExt, CacheKey, Counters, ErrorKind, GetOptions, StoredValue,
};
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::{Proxy, TestServer};
use support::{
    SECRET, assert_says, connect, entries, hour, keys, namespace, patient, plain, put, value_of,
};

/// Nobody listens there.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn nobody_there() {
    let port = free_port();
    let started = Instant::now();
    let url = format!("redis://app:{SECRET}@127.0.0.1:{port}/2");
    let error = RedisBackend::connect(url.as_str()).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    let place = format!("redis://app@127.0.0.1:{port}/2");
    assert_says(
        &error,
        ErrorKind::Unavailable,
        &["connection refused", &place, "is Redis running"],
    );
    assert!(error.is_retryable());
    let backend = RedisBackend::open(&RedisConfig::new(url)).unwrap();
    assert_eq!(backend.info().location, place);
    assert!(!format!("{backend:?}").contains(SECRET));
    assert!(backend.get(&keys("f", 1)[0]).await.is_err());
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let error = RedisBackend::connect("redis://no-such-host.invalid").await.unwrap_err();
    assert_says(&error, ErrorKind::Unavailable, &["redis://no-such-host.invalid:6379/0"]);
}

#[tokio::test]
async fn somebody_there_who_says_nothing() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("redis://:{SECRET}@{}", listener.local_addr().unwrap());
    let config = RedisConfig::new(url).with_connect_timeout(Duration::from_millis(300));
    let started = Instant::now();
    let error = RedisBackend::connect_with(&config).await.unwrap_err();
    assert_says(&error, ErrorKind::Unavailable, &["within the connect timeout"]);
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(300) && took < Duration::from_millis(1_200), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_restarted() {
    let mut server = TestServer::start();
    let backend = connect(&server).await;
    let key = &keys("f", 1)[0];
    put(&backend, key).await.unwrap();
    server.kill();
    let started = Instant::now();
    for _ in 0..200 {
        let error = backend.get(key).await.unwrap_err();
        assert_says(&error, ErrorKind::Unavailable, &[]);
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(1), "200 calls to a dead server took {took:?}");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let _ = backend.get(key).await;
    server.restart();
    let started = Instant::now();
    while backend.get(key).await.is_err() {
        assert!(started.elapsed() < Duration::from_secs(2), "the server is back for two seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    put(&backend, key).await.unwrap();
    assert!(backend.get(key).await.unwrap().is_some());
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_not_noticed() {
    let mut server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let backend = RedisBackend::connect(proxy.url()).await.unwrap();
    let key = &keys("f", 1)[0];
    put(&backend, key).await.unwrap();
    for _ in 0..5 {
        proxy.cut();
        assert!(backend.get(key).await.unwrap().is_some(), "the first call after a cut succeeds");
    }
    server.restart();
    assert!(backend.get(key).await.unwrap().is_none(), "nor is a restart between two calls");
    backend.add_counters(&namespace("f"), &[("n", 1)]).await.unwrap();
    proxy.cut();
    let counted = backend.add_counters(&namespace("f"), &[("n", 1)]).await;
    let read = backend.read_counters(&namespace("f")).await.unwrap()["n"];
    assert_eq!(read, if counted.is_ok() { 2 } else { 1 }, "counting is never repeated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_is_a_timeout() {
    let server = TestServer::start();
    let config = RedisConfig::new(server.url())
        .with_connect_timeout(Duration::from_millis(400))
        .with_response_timeout(Duration::from_millis(200));
    let backend = RedisBackend::connect_with(&config).await.unwrap();
    let key = &keys("f", 1)[0];
    put(&backend, key).await.unwrap();
    server.pause();
    let started = Instant::now();
    let error = backend.get(key).await.unwrap_err();
    assert_says(&error, ErrorKind::Timeout, &["200 ms"]);
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(200) && took < Duration::from_millis(600), "{took:?}");
    for _ in 0..6 {
        let started = Instant::now();
        let error = backend.get(key).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    }
    server.resume();
    let started = Instant::now();
    while !backend.get(key).await.is_ok_and(|value| value.is_some()) {
        assert!(started.elapsed() < Duration::from_secs(3), "the server is awake for 3 seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_calls_shift_no_answers() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let backend = RedisBackend::connect_with(&patient(&proxy.url())).await.unwrap();
    let keys = keys("f", 200);
    backend.put_many(&entries(&keys, 3_000, hour()), &plain()).await.unwrap();
    let right = |key: &CacheKey, found: &StoredValue| found.bytes() == &value_of(key, 3_000);
    let mut dropping = tokio::task::JoinSet::new();
    for (i, key) in keys.iter().cloned().enumerate() {
        let backend = backend.clone();
        dropping.spawn(async move {
            let hurry = Duration::from_micros(i as u64 * 37 % 2_500);
            tokio::time::timeout(hurry, backend.get(&key)).await.is_err()
        });
    }
    for round in 0..100 {
        let part: Vec<_> = keys.iter().skip(round).step_by(7).cloned().collect();
        let found = backend.get_many(&part, &GetOptions::default()).await.unwrap();
        assert!(part.iter().zip(&found).all(|(k, v)| right(k, v.as_ref().unwrap())));
        let key = &keys[round];
        assert!(right(key, &backend.get(key).await.unwrap().unwrap()));
    }
    let dropped = dropping.join_all().await.into_iter().filter(|dropped| *dropped).count();
    assert!(dropped > 20, "only {dropped} calls were dropped: the test tests nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_reconnection_is_not_final() {
    let server = TestServer::builder().password("old").start();
    let url = format!("redis://:old@127.0.0.1:{}", server.port());
    let backend = RedisBackend::connect(url).await.unwrap();
    let key = &keys("f", 1)[0];
    put(&backend, key).await.unwrap();
    server.command(&["CONFIG", "SET", "requirepass", "new"]);
    server.command_as("new", &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    for _ in 0..10 {
        let error = backend.get(key).await.unwrap_err();
        assert_says(&error, ErrorKind::Unauthenticated, &["refused"]);
    }
    server.command_as("new", &["CONFIG", "SET", "requirepass", "old"]);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(backend.get(key).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failover_the_address_is_looked_up_again() {
    let primary = TestServer::start();
    let port = primary.port().to_string();
    let replica = TestServer::builder().directive("replicaof", &["127.0.0.1", &port]).start();
    let proxy = Proxy::start(replica.port());
    let backend = RedisBackend::connect(proxy.url()).await.unwrap();
    let key = &keys("f", 1)[0];
    // The address now leads to the primary, but the connection is to the replica.
    proxy.set_target(primary.port());
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let error = put(&backend, key).await.unwrap_err();
    assert_says(&error, ErrorKind::ReadOnly, &["primary"]);
    put(&backend, key).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_share_one_connection_and_an_impatient_one_does_not_abort_it() {
    let server = TestServer::builder().password("pw").start();
    let proxy = Proxy::start(server.port());
    let url = proxy.url().replacen("redis://", "redis://:pw@", 1);
    let backend = RedisBackend::open(&patient(&url)).unwrap();
    let keys = keys("f", 50);
    proxy.set_hold(Duration::from_millis(200));
    let hurry = tokio::time::timeout(Duration::from_millis(20), backend.get(&keys[0]));
    assert!(hurry.await.is_err(), "connecting takes longer than that");
    tokio::time::sleep(Duration::from_millis(600)).await;
    proxy.set_hold(Duration::ZERO);
    let mut calls = tokio::task::JoinSet::new();
    for key in keys {
        let backend = backend.clone();
        calls.spawn(async move { backend.get(&key).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(proxy.connections(), 1, "the attempt of the one who left serves the others");
}

#[test]
fn a_backend_outlives_its_runtime() {
    let server = TestServer::start();
    let backend = RedisBackend::open(&patient(&server.url())).unwrap();
    let key = &keys("f", 1)[0];
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(put(&backend, key)).unwrap();
    }
}
