//! A failing store costs time and hits, never an answer; a damaged value is never served.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cache_core::codec::{self, EntryMeta, VectorPolicy};
use cache_core::{
    BackendInfo, BackendStatus, CacheBackend, CacheBackendExt, CacheError, CacheKey, Capabilities,
    ClearOptions, ClearProgress, Embedding, ErrorKind, GetOptions, Namespace, PutEntry, PutOptions,
    StoredValue, Ttl, Usage,
};
use cache_redis::{RedisBackend, RedisConfig};
use common::{
    DIMENSIONS, Operation, Store, TestProvider, Watched, bits, builder, cache, millis, texts,
    vector,
};
use embedding_cache::{EmbeddingCache, Error, Source};
use redis_test_server::TestServer;

on_every_store!(
    a_failing_store_is_a_miss,
    a_silent_store_is_waited_for_once,
    failing_writes_and_leases_lose_nothing,
    strict_caches_say_what_fails,
    damaged_values_are_misses_and_are_replaced,
    values_of_other_dimensions_are_misses,
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

async fn assert_answers(cache: &EmbeddingCache, texts: &[String]) {
    let found = cache.embed_batch(texts).await.unwrap();
    assert_eq!(found.len(), texts.len());
    for (found, text) in found.iter().zip(texts) {
        assert_eq!(bits(found), bits(&vector(text)));
    }
}

async fn a_failing_store_is_a_miss(store: Store) {
    let (backend, provider) = (store.watched(), Arc::new(TestProvider::new()));
    let (cache, texts) = (cache(&backend, &provider), texts(20));
    assert_answers(&cache, &texts[..10]).await;
    backend.fail(&ALL, Duration::ZERO);
    assert_answers(&cache, &texts).await;
    let lookup = cache.provider().unwrap().look_up(&texts[0]).await.unwrap();
    assert_eq!((lookup.source, lookup.codec, lookup.stored_bytes), (Source::Computed, None, 0));
    let statistics = cache.statistics();
    assert_eq!((statistics.misses_absent, statistics.misses_store_error), (10, 21));
    // What asks for the store itself says so.
    let model = cache.provider().unwrap();
    assert!(matches!(model.get("a").await, Err(Error::Store(_))));
    assert!(matches!(model.put("a", vec![1.0]).await, Err(Error::Store(_))));
    assert!(matches!(model.remove("a").await, Err(Error::Store(_))));
    assert!(matches!(model.contains("a").await, Err(Error::Store(_))));
    assert!(cache.flush().await.is_err());
    backend.recover();
    assert_answers(&cache, &texts).await;
    assert_eq!(cache.statistics().hits, 10, "nothing that was stored before is lost");
    cache.flush().await.unwrap();
}

async fn a_silent_store_is_waited_for_once(store: Store) {
    let (backend, provider) = (store.watched(), Arc::new(TestProvider::new()));
    let cache = cache(&backend, &provider);
    backend.fail(&ALL, millis(200));
    let start = Instant::now();
    assert_answers(&cache, &texts(50)).await;
    assert!(start.elapsed() >= millis(200));
    assert_eq!(backend.take_calls(), [(Operation::Get, 1)].into(), "then it is left alone");
}

async fn failing_writes_and_leases_lose_nothing(store: Store) {
    let (backend, provider) = (store.watched(), Arc::new(TestProvider::new()));
    let cache = cache(&backend, &provider);
    backend.fail(&[Operation::Put, Operation::Release, Operation::Renew], Duration::ZERO);
    assert_answers(&cache, &texts(5)).await;
    let statistics = cache.statistics();
    assert_eq!((statistics.writes, statistics.write_errors), (0, 5));
    backend.recover();
    // The same cache holds the leases that it could not give up, and goes on.
    backend.fail(&[Operation::Lease], Duration::ZERO);
    assert_answers(&cache, &texts(5)).await;
    assert_eq!(provider.call_count(), 2);
    assert_answers(&cache, &texts(5)).await;
    assert_eq!((provider.call_count(), cache.statistics().hits), (2, 5));
}

async fn strict_caches_say_what_fails(store: Store) {
    let (backend, provider) = (store.watched(), Arc::new(TestProvider::new()));
    let cache = builder(&backend, &provider).strict(true).build().unwrap();
    let is_timeout = |error: &Error| {
        error.is_retryable() && matches!(error, Error::Store(e) if e.kind() == ErrorKind::Timeout)
    };
    backend.fail(&[Operation::Get], Duration::ZERO);
    assert!(is_timeout(&cache.embed("a").await.unwrap_err()));
    assert_eq!(provider.call_count(), 0, "nothing is paid for what is not served");
    backend.recover();
    backend.fail(&[Operation::Put], Duration::ZERO);
    for result in cache.provider().unwrap().embed_each(&["a", "b"]).await.unwrap() {
        assert!(is_timeout(&result.unwrap_err()));
    }
    backend.recover();
    assert_answers(&cache, &texts(2)).await;
}

/// Values that are not what was stored under this key.
fn damaged(key: &CacheKey, right: &[u8], of_another: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut values = vec![
        ("empty".to_owned(), vec![]),
        ("another key's".to_owned(), of_another.to_vec()),
        ("foreign text".to_owned(), format!("{{\"embedding\":[0.1],\"key\":\"{key}\"}}").into()),
        ("foreign bytes".to_owned(), vec![0xff; right.len()]),
    ];
    for length in [1, 8, 31, 32, right.len() / 2, right.len() - 1] {
        values.push((format!("{length} bytes of it"), right[..length].to_vec()));
    }
    values.push(("a byte more".to_owned(), [right, &[0]].concat()));
    let mut future = right.to_vec();
    future[2] += 1;
    values.push(("a future version".to_owned(), future));
    for bit in (0..8 * right.len()).step_by(41) {
        let mut flipped = right.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        values.push((format!("bit {bit} flipped"), flipped));
    }
    values
}

async fn damaged_values_are_misses_and_are_replaced(store: Store) {
    let (backend, provider) = (store.watched(), Arc::new(TestProvider::new()));
    let cache = cache(&backend, &provider);
    cache.embed_batch(&["a", "b"]).await.unwrap();
    let model = cache.provider().unwrap();
    let (key, other) = (model.key("a"), model.key("b"));
    let right = backend.get(&key).await.unwrap().unwrap().bytes().clone();
    let of_another = backend.get(&other).await.unwrap().unwrap().bytes().clone();
    for (count, (name, bytes)) in (1..).zip(damaged(&key, &right, &of_another)) {
        assert_ne!(bytes, right);
        backend.put(key.clone(), StoredValue::new(bytes), Ttl::FOREVER).await.unwrap();
        assert!(model.get("a").await.unwrap().is_none(), "{name}");
        let lookup = model.look_up("a").await.unwrap();
        assert_eq!(lookup.source, Source::Computed, "{name}");
        assert_eq!(bits(&lookup.embedding), bits(&vector("a")), "{name}");
        assert_eq!(cache.statistics().misses_corrupt, 2 * count, "{name}");
        let again = model.look_up("a").await.unwrap();
        assert_eq!(again.source, Source::Hit, "{name} was not replaced");
        assert_eq!(bits(&again.embedding), bits(&vector("a")), "{name}");
    }
}

async fn values_of_other_dimensions_are_misses(store: Store) {
    let backend = store.watched();
    let dimensions = u32::try_from(DIMENSIONS).unwrap();
    let provider = Arc::new(TestProvider::new().with_dimensions(dimensions));
    let cache = cache(&backend, &provider);
    let key = cache.provider().unwrap().key("a");
    let wrong = Embedding::new(vec![1.0; DIMENSIONS - 1]).unwrap();
    let meta = EntryMeta::default();
    let frame = codec::encode(key.hash(), &meta, &wrong, VectorPolicy::Lossless);
    backend.put(key, StoredValue::new(frame.bytes), Ttl::FOREVER).await.unwrap();
    let lookup = cache.provider().unwrap().look_up("a").await.unwrap();
    assert_eq!(lookup.source, Source::Computed);
    assert_eq!(bits(&lookup.embedding), bits(&vector("a")));
    assert_eq!(cache.statistics().misses_corrupt, 1);
    assert_eq!(cache.provider().unwrap().look_up("a").await.unwrap().source, Source::Hit);
}

/// A real server that hangs, dies and comes back.
#[tokio::test(flavor = "multi_thread")]
async fn the_provider_answers_while_the_server_does_not() {
    let mut server = TestServer::start();
    let config = RedisConfig::new(server.url())
        .with_connect_timeout(millis(500))
        .with_response_timeout(millis(500));
    let backend = RedisBackend::connect_with(&config).await.unwrap();
    let backend = Arc::new(Watched::new(Arc::new(backend)));
    let (cache, texts) = (cache(&backend, &Arc::new(TestProvider::new())), texts(20));
    assert_answers(&cache, &texts).await;
    server.pause();
    assert_answers(&cache, &texts).await;
    assert_eq!(cache.statistics().misses_store_error, 20);
    server.resume();
    server.kill();
    assert_answers(&cache, &texts).await;
    assert_eq!(cache.statistics().misses_store_error, 40);
    server.restart();
    common::until("the server is found again", async || {
        assert_answers(&cache, &texts).await;
        cache.statistics().hits > 0
    })
    .await;
}

/// A stranger's store whose answers have the wrong length.
#[derive(Debug)]
struct Forgetful;

#[async_trait]
impl CacheBackend for Forgetful {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("forgetful", "")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        _: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        Ok(vec![None; keys.len() - 1])
    }

    async fn put_many(&self, _: &[PutEntry], _: &PutOptions) -> Result<(), CacheError> {
        Ok(())
    }

    async fn remove_many(&self, _: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        Ok(vec![])
    }

    async fn contains_many(&self, _: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        Ok(vec![])
    }

    async fn touch_many(&self, _: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        Ok(vec![])
    }

    async fn clear(
        &self,
        _: &Namespace,
        progress: ClearProgress,
        _: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        Ok(progress.advance(0, None))
    }

    async fn usage(&self, _: &Namespace) -> Result<Usage, CacheError> {
        Ok(Usage::default())
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        Ok(BackendStatus::default())
    }
}

#[tokio::test]
async fn a_store_that_answers_for_too_few_keys_is_a_failing_store() {
    let (backend, provider) = (Arc::new(Forgetful), Arc::new(TestProvider::new()));
    let cache = cache(&backend, &provider);
    assert_answers(&cache, &texts(5)).await;
    assert_answers(&cache, &texts(1)).await;
    assert_eq!(cache.statistics().misses_store_error, 6);
    assert!(matches!(cache.provider().unwrap().get("a").await, Err(Error::Store(_))));
}
