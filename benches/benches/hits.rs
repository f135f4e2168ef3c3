//! The hot paths, one by one: keys, hits in memory, in the embedded file and in Redis.
#![allow(clippy::unwrap_used, missing_docs, reason = "benchmarks")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use cache_benches::{patient, vectors};
use cache_core::{CacheBackend, MemoryBackend, StoredValue};
use cache_embedded::EmbeddedBackend;
use cache_redis::{NearBackend, NearConfig, RedisBackend};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use embedding_cache::{EmbeddingCache, ModelCache};
use redis_test_server::TestServer;
use tokio::runtime::Runtime;

const BATCH: usize = 1_000;

fn texts() -> Vec<String> {
    (0..BATCH).map(|i| format!("a text of some length, number {i}")).collect()
}

async fn filled(backend: Arc<dyn CacheBackend>) -> ModelCache {
    let model = EmbeddingCache::builder(backend).guard(patient()).build().unwrap().model("model");
    model.put_batch(texts().into_iter().zip(vectors::openai_like(BATCH))).await.unwrap();
    // What is kept near is kept when it is read while the server tells of changes.
    for _ in 0..20 {
        model.get_batch(&texts()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    model
}

fn keys(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let model = runtime.block_on(filled(Arc::new(MemoryBackend::new(1 << 30))));
    let mut group = criterion.benchmark_group("key");
    for length in [30, 1_000, 30_000] {
        let text = "x".repeat(length);
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(format!("{length} bytes"), |b| b.iter(|| model.key(black_box(&text))));
    }
}

fn hits(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let stores: Vec<(&str, Arc<dyn CacheBackend>)> = vec![
        ("memory", Arc::new(MemoryBackend::new(1 << 30))),
        (
            "embedded",
            Arc::new(
                runtime.block_on(EmbeddedBackend::open(folder.path().join("bench.db"))).unwrap(),
            ),
        ),
        ("near", near(&runtime, &server)),
        ("redis", Arc::new(runtime.block_on(RedisBackend::connect(server.url())).unwrap())),
    ];
    let texts = texts();
    for (name, backend) in stores {
        let model = runtime.block_on(filled(backend));
        let mut group = criterion.benchmark_group(name);
        group.bench_function("one hit", |b| {
            b.to_async(&runtime).iter(|| async { model.get(&texts[7]).await.unwrap().unwrap() });
        });
        group.throughput(Throughput::Elements(BATCH as u64));
        group.sample_size(20);
        group.bench_function("batch of 1000 hits", |b| {
            b.to_async(&runtime).iter(|| async { model.get_batch(&texts).await.unwrap() });
        });
    }
}

/// A near cache that has been read from, so that its server tells of changes already.
fn near(runtime: &Runtime, server: &TestServer) -> Arc<dyn CacheBackend> {
    let redis = runtime.block_on(RedisBackend::connect(server.url())).unwrap();
    Arc::new(NearBackend::new(redis, NearConfig::new(1 << 30)))
}

/// The stores in this process alone, without keys and vectors: what `read_local` takes.
fn stores(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let server = TestServer::start();
    let stores: [(&str, Arc<dyn CacheBackend>); 2] =
        [("memory", Arc::new(MemoryBackend::new(1 << 30))), ("near", near(&runtime, &server))];
    let mut group = criterion.benchmark_group("store");
    for (name, backend) in stores {
        let model = runtime.block_on(filled(Arc::clone(&backend)));
        let key = model.key(&texts()[7]);
        group.bench_function(name, |b| {
            let mut read = |value: &StoredValue| {
                black_box(value);
            };
            assert!(backend.read_local(&key, &mut read), "there is nothing to read");
            b.iter(|| backend.read_local(black_box(&key), &mut read));
        });
    }
}

criterion_group!(benches, keys, stores, hits);
criterion_main!(benches);
