//! The hot paths, one by one: keys, hits in memory, in the embedded file and in Redis.
#![allow(clippy::unwrap_used, missing_docs, reason = "benchmarks")]

use std::hint::black_box;
use std::sync::Arc;

use cache_benches::vectors;
use cache_core::{CacheBackend, MemoryBackend};
use cache_embedded::EmbeddedBackend;
use cache_redis::RedisBackend;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use embedding_cache::{EmbeddingCache, ModelCache};
use redis_test_server::TestServer;
use tokio::runtime::Runtime;

const BATCH: usize = 1_000;

fn texts() -> Vec<String> {
    (0..BATCH).map(|i| format!("a text of some length, number {i}")).collect()
}

async fn filled(backend: Arc<dyn CacheBackend>) -> ModelCache {
    let model = EmbeddingCache::builder(backend).build().unwrap().model("model");
    model.put_batch(texts().into_iter().zip(vectors::openai_like(BATCH))).await.unwrap();
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

criterion_group!(benches, keys, hits);
criterion_main!(benches);
