//! What is recorded of a store, as an exporter shows it.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cache_core::{
    CacheBackend, CacheBackendExt, ClearOptions, ClearProgress, DiagnoseOptions, ErrorKind,
    GetOptions, LeaseRequest, LeaseToken, MemoryBackend, PutOptions, StoredValue, Ttl,
};
use cache_metrics::MeteredBackend;
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::TestServer;
use support::{SECRET, entries, keys, namespace, record, recorder};

fn metered(backend: impl CacheBackend) -> MeteredBackend {
    MeteredBackend::new(Arc::new(backend))
}

/// Every method once.
async fn do_everything(store: &MeteredBackend) {
    let (keys, hour) = (keys(3), Ttl::seconds(3_600).unwrap());
    store.put_many(&entries(&keys[..2], 100), &PutOptions::default()).await.unwrap();
    store.get_many(&keys, &GetOptions::default()).await.unwrap();
    store.contains_many(&keys).await.unwrap();
    store.touch_many(&[(keys[0].clone(), hour)]).await.unwrap();
    store.usage(&namespace()).await.unwrap();
    store.status().await.unwrap();
    store.diagnose(&DiagnoseOptions::new(namespace())).await.unwrap();
    let request = LeaseRequest { token: LeaseToken::unique(), duration: Duration::from_secs(5) };
    let leases = store.leases().unwrap();
    leases.get_or_lease_many(&keys[1..], &request).await.unwrap();
    leases.renew_leases(&keys[2..], &request).await.unwrap();
    leases.release_leases(&keys[2..], request.token).await.unwrap();
    let counters = store.counters().unwrap();
    counters.add_counters(&namespace(), &[(SECRET, 3)]).await.unwrap();
    assert_eq!(counters.read_counters(&namespace()).await.unwrap()[SECRET], 3);
    counters.reset_counters(&namespace()).await.unwrap();
    store.remove_many(&keys[..1]).await.unwrap();
    store.clear(&namespace(), ClearProgress::default(), &ClearOptions::default()).await.unwrap();
}

async fn everything_is_recorded(store: MeteredBackend, kind: &str) {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    do_everything(&store).await;
    for (operation, keys) in [
        ("put", Some(2.0)),
        ("get", Some(3.0)),
        ("contains", Some(3.0)),
        ("touch", Some(1.0)),
        ("usage", None),
        ("status", None),
        ("diagnose", None),
        ("lease", Some(2.0)),
        ("renew_leases", Some(1.0)),
        ("release_leases", Some(1.0)),
        ("add_counters", None),
        ("read_counters", None),
        ("reset_counters", None),
        ("remove", Some(1.0)),
        ("clear", None),
    ] {
        assert_eq!(shown.times(kind, operation, "ok"), Some(1.0), "{operation}");
        let labels = [("store", kind), ("operation", operation)];
        assert_eq!(shown.value("cache_store_keys_total", &labels), keys, "{operation}");
    }
    let bytes = |name| shown.value(name, &[("store", kind)]);
    assert_eq!(bytes("cache_store_written_bytes_total"), Some(200.0));
    assert_eq!(bytes("cache_store_read_bytes_total"), Some(300.0), "two got, one leased");
    let text = shown.text();
    assert!(text.contains("cache_store_seconds_bucket"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    for key in keys(3) {
        let name = key.to_string();
        assert!(!text.contains(name.rsplit(':').next().unwrap()), "a key's hash in {text}");
    }
}

#[tokio::test]
async fn every_operation_is_counted_and_timed() {
    everything_is_recorded(metered(MemoryBackend::new(1 << 20)), "memory").await;
    let server = TestServer::start();
    let redis = RedisBackend::connect(server.url()).await.unwrap();
    everything_is_recorded(metered(redis), "redis").await;
}

#[tokio::test]
async fn what_memory_shows_is_counted_without_a_clock() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let (store, keys) = (metered(MemoryBackend::new(1 << 20)), keys(2));
    store.put_many(&entries(&keys[..1], 10), &PutOptions::default()).await.unwrap();
    let mut seen = 0;
    assert!(store.read_local(&keys[0], &mut |value| seen = value.bytes().len()));
    assert!(!store.read_local(&keys[1], &mut |_| unreachable!()));
    assert_eq!(seen, 10);
    let labels = [("store", "memory"), ("operation", "read_local")];
    assert_eq!(shown.value("cache_store_keys_total", &labels), Some(1.0));
    assert_eq!(shown.times("memory", "read_local", "ok"), None);
}

#[tokio::test]
async fn a_dead_redis_is_an_outcome() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let mut server = TestServer::start();
    let store = metered(RedisBackend::connect(server.url()).await.unwrap());
    server.kill();
    let mut failed = 0;
    for _ in 0..3 {
        let error = store.get(&keys(1)[0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        failed += 1;
    }
    assert_eq!(shown.times("redis", "get", "unavailable"), Some(f64::from(failed)));
    assert_eq!(shown.times("redis", "get", "ok"), None);
    assert!(store.put_many(&entries(&keys(1), 50), &PutOptions::default()).await.is_err());
    assert_eq!(shown.times("redis", "put", "unavailable"), Some(1.0));
    assert_eq!(shown.value("cache_store_written_bytes_total", &[]), None, "none were taken");
}

#[tokio::test]
async fn who_waits_no_longer_leaves_an_outcome() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let server = TestServer::start();
    let patient = RedisConfig::new(server.url()).with_response_timeout(Duration::from_secs(30));
    let store = metered(RedisBackend::connect_with(&patient).await.unwrap());
    server.pause();
    let key = &keys(1)[0];
    let gone = tokio::time::timeout(Duration::from_millis(50), store.get(key)).await;
    server.resume();
    assert!(gone.is_err());
    assert_eq!(shown.times("redis", "get", "dropped"), Some(1.0));
    let seconds = shown.value("cache_store_seconds_sum", &[("outcome", "dropped")]).unwrap();
    assert!((0.05..20.0).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn deferred_values_are_counted_as_they_were_made() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let store = metered(MemoryBackend::new(1 << 20));
    let value = StoredValue::deferred(1_000, || Bytes::from_static(&[1; 64]));
    store.put(keys(1)[0].clone(), value, Ttl::seconds(60).unwrap()).await.unwrap();
    assert_eq!(shown.value("cache_store_written_bytes_total", &[]), Some(64.0));
}

#[tokio::test]
async fn a_recorder_that_comes_later_is_used() {
    let store = metered(MemoryBackend::new(1 << 20));
    store.get(&keys(1)[0]).await.unwrap();
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    store.get(&keys(1)[0]).await.unwrap();
    assert_eq!(shown.times("memory", "get", "ok"), Some(1.0));
}
