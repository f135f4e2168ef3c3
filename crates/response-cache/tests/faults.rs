//! A failing store costs time and hits, never an answer; a damaged value is never given.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::codec::text;
use cache_core::{CacheBackendExt, StoredValue, Ttl};
use cache_redis::{RedisBackend, RedisConfig};
use common::{Operation, Script, Store, builder, cache, chunks, millis, request, said, ttl};
use redis_test_server::TestServer;
use response_cache::guard::GuardOptions;
use response_cache::{CallOptions, Error, ResponseCache, Source};

on_every_store!(
    a_failing_store_is_a_miss,
    failing_writes_and_leases_lose_nothing,
    a_slow_store_does_not_hold_the_end_back,
    strict_caches_say_what_fails,
    damaged_values_are_misses_and_are_replaced,
);

const ALL: [Operation; 10] = [
    Operation::Get,
    Operation::Put,
    Operation::Remove,
    Operation::Contains,
    Operation::Touch,
    Operation::Lease,
    Operation::Renew,
    Operation::Release,
    Operation::AddCounters,
    Operation::ReadCounters,
];

async fn answers(cache: &ResponseCache, text: &str) {
    let answer = cache.complete_with(&request(text), &CallOptions::new()).await.unwrap();
    assert!(answer.response.content().unwrap().ends_with(text));
    let stream = cache.stream_with(&request(text), &CallOptions::new()).await.unwrap();
    assert!(said(&chunks(stream.chunks).await).ends_with(text));
}

async fn a_failing_store_is_a_miss(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    answers(&cache, "hi").await;
    backend.fail(&ALL, Duration::ZERO);
    answers(&cache, "hi").await;
    answers(&cache, "hello").await;
    assert_eq!(cache.statistics().misses_store_error, 4);
    assert_eq!(cache.statistics().hits, 1);
    backend.recover();
    let found = cache.complete_with(&request("hi"), &CallOptions::new()).await.unwrap();
    assert_eq!(found.source, Source::Hit);
}

async fn failing_writes_and_leases_lose_nothing(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    for operations in
        [&[Operation::Put][..], &[Operation::Lease], &[Operation::Release, Operation::Renew]]
    {
        backend.fail(operations, Duration::ZERO);
        answers(&cache, &format!("{operations:?}")).await;
        backend.recover();
        answers(&cache, &format!("{operations:?}")).await;
    }
    assert!(cache.statistics().hits >= 3);
}

async fn a_slow_store_does_not_hold_the_end_back(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = builder(&backend, &provider).guard(GuardOptions::default()).build().unwrap();
    answers(&cache, "first").await;
    backend.fail(&[Operation::Put], Duration::from_secs(5));
    let start = Instant::now();
    let stream = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    assert_eq!(said(&chunks(stream.chunks).await), "Echo 2: hi");
    cache.complete_with(&request("ho"), &CallOptions::new()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    backend.recover();
}

async fn strict_caches_say_what_fails(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = builder(&backend, &provider).strict(true).build().unwrap();
    answers(&cache, "hi").await;
    for operation in [Operation::Get, Operation::Put] {
        backend.fail(&[operation], Duration::ZERO);
        let text = format!("{operation:?}");
        let error = cache.complete_with(&request(&text), &CallOptions::new()).await.unwrap_err();
        assert!(matches!(error, Error::Store(_)), "{error}");
        backend.recover();
    }
    // What is about the store itself is an error in any case.
    let lenient = common::cache(&backend, &provider);
    backend.fail(&ALL, Duration::ZERO);
    lenient.get(&request("hi"), &CallOptions::new()).await.unwrap_err();
    lenient.remove(&request("hi"), &CallOptions::new()).await.unwrap_err();
    lenient.invalidate(&response_cache::Group::Everything).await.unwrap_err();
}

async fn damaged_values_are_misses_and_are_replaced(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let key = cache.key(&request("hi"), &CallOptions::new());
    let other = cache.key(&request("other"), &CallOptions::new());
    answers(&cache, "hi").await;
    answers(&cache, "other").await;
    let sound = backend.get(&key).await.unwrap().unwrap().bytes().to_vec();
    let others = backend.get(&other).await.unwrap().unwrap().bytes().to_vec();
    let mut flipped = sound.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let packed = |body: &[u8]| text::pack(key.hash(), body).unwrap();
    let body = text::unpack(key.hash(), &sound, usize::MAX).unwrap().into_owned();
    let damaged = [
        vec![],
        b"somebody else's".to_vec(),
        sound[..sound.len() - 1].to_vec(),
        flipped,
        others,
        packed(b""),
        packed(b"\x93\x01\x02\x03"),
        packed(&body[..body.len() / 2]),
        packed(&[0x81, 0xa6, b's', b'c', b'h', b'e', b'm', b'a', 0x02]),
    ];
    let count = damaged.len() as u64;
    for bytes in damaged {
        backend.put(key.clone(), StoredValue::new(bytes), Ttl::FOREVER).await.unwrap();
        let answer = cache.complete_with(&request("hi"), &CallOptions::new()).await.unwrap();
        assert_eq!(answer.source, Source::Computed);
        let answer = cache.complete_with(&request("hi"), &CallOptions::new()).await.unwrap();
        assert_eq!(answer.source, Source::Hit);
    }
    assert_eq!(cache.statistics().misses_corrupt, count);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_server_is_waited_for_once() {
    let server = TestServer::start();
    let config = RedisConfig::new(server.url()).with_response_timeout(millis(300));
    let backend = Arc::new(RedisBackend::connect_with(&config).await.unwrap());
    let provider = Script::new([]);
    let cache = builder(&backend, &provider).ttl(ttl(60_000)).build().unwrap();
    answers(&cache, "hi").await;
    server.pause();
    let start = Instant::now();
    let answer = cache.complete_with(&request("hi"), &CallOptions::new()).await.unwrap();
    assert_eq!(answer.source, Source::Computed);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    server.resume();
}
