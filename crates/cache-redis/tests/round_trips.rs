//! One round trip per batch, counted by a proxy in between.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use bytes::Bytes;
use cache_core::{
    CacheBackend, CacheBackendExt, Compaction, Counters, GetOptions, LeaseRequest, LeaseToken,
    Leases, LogBackend, LogRead, Ttl,
};
use cache_redis::RedisBackend;
use redis_test_server::{Proxy, TestServer};
use support::{
    connect, entries, for_an_hour, group, hour, keys, namespace, patient, pinned, plain, record,
    value_of,
};

/// Longer than a client ever pauses within a burst.
const HOLD: Duration = Duration::from_millis(60);

/// A server, a proxy that counts, and a backend that goes through it and is connected.
async fn counted() -> (TestServer, Proxy, RedisBackend) {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    proxy.set_hold(HOLD);
    let backend = RedisBackend::connect_with(&patient(&proxy.url())).await.unwrap();
    (server, proxy, backend)
}

macro_rules! assert_one_round_trip {
    ($proxy:expr, $call:expr) => {{
        let before = $proxy.round_trips();
        let result = $call.await.unwrap();
        assert_eq!($proxy.round_trips() - before, 1, stringify!($call));
        result
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_batch_is_one() {
    let (server, proxy, backend) = counted().await;
    let keys = keys("trips", 1_000);
    let entries = entries(&keys, 3_080, hour());
    assert_one_round_trip!(proxy, backend.put_many(&entries, &plain()));
    let found = assert_one_round_trip!(proxy, backend.get_many(&keys, &GetOptions::default()));
    assert!(
        found.iter().zip(&keys).all(|(v, k)| v.as_ref().unwrap().bytes() == &value_of(k, 3_080))
    );
    assert_eq!(server.command_calls("mget"), 1, "one MGET");
    assert_eq!(server.command_calls("get"), 0);
    assert_one_round_trip!(proxy, backend.get(&keys[0]));
    assert_eq!(server.command_calls("get"), 1, "one key is one GET");
    assert_one_round_trip!(proxy, backend.contains_many(&keys));
    let ttls = [hour(), Ttl::FOREVER].into_iter().cycle();
    let touch: Vec<_> = keys.iter().cloned().zip(ttls).collect();
    assert_one_round_trip!(proxy, backend.touch_many(&touch));
    assert_one_round_trip!(proxy, backend.remove_many(&keys));
    assert_eq!(server.command(&["DBSIZE"]), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_and_counters_are_one() {
    let (server, proxy, backend) = counted().await;
    let keys = keys("trips", 500);
    let token = LeaseToken::unique();
    let request = LeaseRequest { token, duration: Duration::from_secs(60) };
    // The first use of a script shows it to the server.
    let before = proxy.round_trips();
    backend.get_or_lease_many(&keys, &request).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 2);
    assert_one_round_trip!(proxy, backend.get_or_lease_many(&keys, &request));
    assert_eq!(server.command(&["DBSIZE"]), "500", "500 leases");
    let release = plain().with_release(token);
    assert_one_round_trip!(proxy, backend.put_many(&entries(&keys, 10, hour()), &release));
    assert_eq!(server.command(&["DBSIZE"]), "500", "500 entries and no lease");
    backend.renew_leases(&keys, &request).await.unwrap();
    assert_one_round_trip!(proxy, backend.renew_leases(&keys, &request));
    assert_one_round_trip!(proxy, backend.release_leases(&keys, token));
    let deltas = [("hits", 1), ("misses", 2), ("saved", 3)];
    assert_one_round_trip!(proxy, backend.add_counters(&namespace("trips"), &deltas));
    assert_one_round_trip!(proxy, backend.read_counters(&namespace("trips")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_over_the_limit_of_a_command_is_still_one() {
    let (server, proxy, backend) = counted().await;
    let keys = keys("trips", 25_000);
    let found = assert_one_round_trip!(proxy, backend.get_many(&keys, &GetOptions::default()));
    assert_eq!(found.len(), 25_000);
    assert_eq!(server.command_calls("mget"), 3, "10,000 keys per MGET");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_over_the_limit_of_a_round_trip_is_split_and_complete() {
    let (_server, proxy, backend) = counted().await;
    let keys = keys("trips", 40);
    let entries = entries(&keys, 4 << 20, hour()); // 160 MiB
    let before = proxy.round_trips();
    backend.put_many(&entries, &plain()).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 3, "64 MiB per round trip");
    let there = backend.contains_many(&keys).await.unwrap();
    assert_eq!(there, vec![true; 40]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_survive_being_forgotten() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let keys = keys("trips", 2);
    let token = LeaseToken::unique();
    let request = LeaseRequest { token, duration: Duration::from_secs(60) };
    backend.get_or_lease_many(&keys, &request).await.unwrap();
    server.command(&["SCRIPT", "FLUSH"]);
    let renewed = backend.renew_leases(&keys, &request).await.unwrap();
    assert_eq!(renewed, [true, true]);
    server.command(&["SCRIPT", "FLUSH"]);
    backend.release_leases(&keys, token).await.unwrap();
    assert_eq!(server.command(&["DBSIZE"]), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_call_is_not_held_back_by_nagle() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let key = &keys("trips", 1)[0];
    let started = Instant::now();
    for _ in 0..50 {
        backend.get(key).await.unwrap();
        backend
            .put_many(&entries(std::slice::from_ref(key), 4_000, hour()), &plain())
            .await
            .unwrap();
    }
    let took = started.elapsed();
    assert!(
        took < Duration::from_secs(2),
        "100 calls took {took:?}: 40 ms each with Nagle's delay"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_on_logs_is_one() {
    let (server, proxy, backend) = counted().await;
    let group = group("trips");
    // The first use of a script shows it to the server.
    for id in ["a", "b"] {
        let log = group.log(id);
        let page = |ids: [&str; 2]| ids.map(record);
        let options = for_an_hour();
        let shown = proxy.round_trips();
        backend.append(&log, &page(["x", "y"]), &options).await.unwrap();
        backend.read(&log, &LogRead::Last(9)).await.unwrap();
        let head = backend.head(&log).await.unwrap().unwrap();
        backend.replace(&log, &pinned("x")).await.unwrap();
        LogBackend::remove(&backend, &log, &["x"]).await.unwrap();
        let head = backend.set_attributes(&log, Bytes::new(), head.version + 2).await.unwrap();
        let expected_version = head.unwrap().version;
        let compaction = Compaction { until: 2, replacement: vec![record("z")], expected_version };
        backend.compact(&log, &compaction).await.unwrap();
        let fork = group.log(&format!("fork of {id}"));
        backend.fork(&log, &fork, None, Bytes::new(), hour()).await.unwrap();
        backend.touch(&log, Ttl::FOREVER).await.unwrap();
        assert_eq!(backend.list(&group, 0, 9).await.unwrap().len(), 2);
        assert_eq!(backend.count(&group).await.unwrap(), 2);
        assert!(backend.remove_log(&log).await.unwrap());
        assert_eq!(backend.remove_group(&group).await.unwrap(), 1);
        let methods = 13;
        let expected = if id == "a" { 2 * methods } else { methods };
        assert_eq!(proxy.round_trips() - shown, expected);
    }
    assert_eq!(server.command(&["DBSIZE"]), "0");
    assert_eq!(server.command_calls("scan"), 0);
}
