//! The table of the README: this project against the raw `redis` crate moving the same vectors,
//! and against a bare moka cache, in one run.
//!
//! `cargo bench --bench ratios`; with `--test` each part runs once.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_benches::compare::{in_turns, report};
use cache_benches::patient;
use cache_benches::raw::Raw;
use cache_benches::vectors;
use cache_core::{Embedding, MemoryBackend, Ttl};
use cache_redis::{NearBackend, NearConfig, RedisBackend};
use embedding_cache::{EmbeddingCache, ModelCache};
use redis_test_server::TestServer;

const BATCH: usize = 1_000;
const TTL_MS: u64 = 3_600_000;

struct Bench {
    raw: Raw,
    backend: RedisBackend,
    cache: EmbeddingCache,
    model: ModelCache,
    texts: Arc<Vec<String>>,
    keys: Arc<Vec<String>>,
    vectors: Vec<Vec<f32>>,
    /// Divides the number of rounds.
    hurry: usize,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let server = TestServer::start();
    let raw = Raw::connect(&server.url()).await;
    let backend = RedisBackend::connect(server.url()).await.unwrap();
    let cache = EmbeddingCache::builder(Arc::new(backend.clone()))
        .guard(patient())
        .ttl(Ttl::seconds(3_600).unwrap())
        .build()
        .unwrap();
    let model = cache.model("text-embedding-ada-002");
    let texts: Vec<_> = (0..BATCH).map(|i| format!("a text of some length, number {i}")).collect();
    let keys = texts.iter().map(|text| format!("raw:{}", model.key(text))).collect();
    let vectors = vectors::openai_like(BATCH);
    let hurry = if test { 1_000 } else { 1 };
    let (texts, keys) = (Arc::new(texts), Arc::new(keys));
    let bench = Bench { raw, backend, cache, model, texts, keys, vectors, hurry };

    println!(
        "{} of {} dimensions, medians of interleaved runs",
        vectors::source(),
        vectors::DIMENSIONS
    );
    println!("{:<44} {:>13} {:>13} {:>8}", "", "raw", "ours", "ratio");
    bench.store().await;
    bench.single().await;
    bench.batch().await;
    bench.concurrent().await;
    bench.memory_hit().await;
    bench.bytes().await;
}

impl Bench {
    fn rounds(&self, rounds: usize) -> usize {
        (rounds / self.hurry).max(1)
    }

    fn entries(&self) -> Vec<(String, Vec<f32>)> {
        self.texts.iter().cloned().zip(self.vectors.iter().cloned()).collect()
    }

    async fn store(&self) {
        let raw: Vec<_> = self.keys.iter().cloned().zip(self.vectors.iter().cloned()).collect();
        let vectors = self.vectors.iter().map(|v| Embedding::new(v.clone()).unwrap());
        let ours: Vec<_> = self.texts.iter().cloned().zip(vectors).collect();
        let medians = in_turns(
            self.rounds(100),
            async || self.raw.put_many(&raw, TTL_MS).await,
            async || self.model.put_batch(ours.iter().map(|(t, v)| (t, v.clone()))).await.unwrap(),
        )
        .await;
        report("store 1000 vectors with a TTL", medians, "target ≤ 1.00");
    }

    async fn single(&self) {
        let mut next = (0..BATCH).cycle();
        let mut other = (0..BATCH).cycle();
        let medians = in_turns(
            self.rounds(20_000),
            async || assert!(self.raw.get(&self.keys[next.next().unwrap()]).await.is_some()),
            async || {
                let text = &self.texts[other.next().unwrap()];
                assert!(self.model.get_or_compute(text, never).await.unwrap().is_hit());
            },
        )
        .await;
        report("one hit", medians, "target ≤ 1.10");
    }

    async fn batch(&self) {
        let medians = in_turns(
            self.rounds(200),
            async || assert!(self.raw.get_many(&self.keys).await.iter().all(Option::is_some)),
            async || {
                let vectors = self.model.get_or_compute_batch(&self.texts, never_many).await;
                assert_eq!(vectors.unwrap().len(), BATCH);
            },
        )
        .await;
        report("a batch of 1000 hits", medians, "target ≤ 0.83 (1.2 × faster)");
    }

    async fn concurrent(&self) {
        let medians = in_turns(
            self.rounds(500),
            async || {
                let tasks = (0..64).map(|task| {
                    let (raw, keys) = (self.raw.clone(), Arc::clone(&self.keys));
                    tokio::spawn(async move {
                        for at in 0..10 {
                            assert!(raw.get(&keys[(task * 10 + at) % BATCH]).await.is_some());
                        }
                    })
                });
                join(tasks.collect()).await;
            },
            async || {
                let tasks = (0..64).map(|task| {
                    let (model, texts) = (self.model.clone(), Arc::clone(&self.texts));
                    tokio::spawn(async move {
                        for at in 0..10 {
                            let text = &texts[(task * 10 + at) % BATCH];
                            assert!(model.get_or_compute(text, never).await.unwrap().is_hit());
                        }
                    })
                });
                join(tasks.collect()).await;
            },
        )
        .await;
        report("64 tasks, 10 hits each", medians, "target ≤ 1.05 (0.95 × throughput)");
    }

    /// A hit in memory, and one near in front of the server, making the key included, against a bare
    /// moka cache that is asked by text.
    async fn memory_hit(&self) {
        let memory =
            EmbeddingCache::builder(Arc::new(MemoryBackend::new(1 << 30))).build().unwrap();
        let memory = memory.model("model");
        memory.put_batch(self.entries()).await.unwrap();
        self.against_moka("memory", &memory).await;
        let near = NearBackend::new(self.backend.clone(), NearConfig::new(1 << 30));
        let model = EmbeddingCache::builder(Arc::new(near.clone())).build().unwrap();
        let model = model.model("model");
        model.put_batch(self.entries()).await.unwrap();
        while near.near_stats().entries < BATCH as u64 {
            model.get_batch(&self.texts).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let misses = near.near_stats().misses;
        self.against_moka("the near cache", &model).await;
        assert_eq!(near.near_stats().misses, misses, "all were near");
    }

    async fn against_moka(&self, store: &str, model: &ModelCache) {
        let moka: moka::sync::Cache<String, Arc<[f32]>> = moka::sync::Cache::new(10_000);
        for (text, vector) in self.entries() {
            moka.insert(text, vector.into());
        }
        let medians = in_turns(
            self.rounds(2_000),
            async || self.texts.iter().for_each(|text| assert!(moka.get(text).is_some())),
            async || {
                for text in &*self.texts {
                    assert!(model.get_or_compute(text, never).await.unwrap().is_hit());
                }
            },
        )
        .await;
        let what = format!("1000 single hits in {store} (raw: moka)");
        report(&what, medians, "target ≤ 1.50");
    }

    /// Memory of the server per vector, with a TTL, everything included.
    async fn bytes(&self) {
        let count = if self.hurry > 1 { BATCH } else { 20 * BATCH };
        let text = |i: usize| format!("a text of some length, number {i}");
        let vectors = vectors::openai_like(count);
        self.raw.flush().await;
        let empty = self.raw.used_memory().await;
        for (chunk, vectors) in vectors.chunks(BATCH).enumerate() {
            let entries = vectors.iter().enumerate().map(|(i, vector)| {
                (self.model.key(&text(chunk * BATCH + i)).to_string(), vector.clone())
            });
            self.raw.put_many(&entries.collect::<Vec<_>>(), TTL_MS).await;
        }
        let raw = (self.raw.used_memory().await - empty) / count as u64;
        self.raw.flush().await;
        let empty = self.raw.used_memory().await;
        for (chunk, vectors) in vectors.chunks(BATCH).enumerate() {
            let entries = vectors.iter().enumerate();
            let entries = entries.map(|(i, vector)| (text(chunk * BATCH + i), vector.clone()));
            self.model.put_batch(entries).await.unwrap();
        }
        let ours = (self.raw.used_memory().await - empty) / count as u64;
        let started = Instant::now();
        let exact = self.model.get(&text(0)).await.unwrap().unwrap();
        assert_eq!(
            exact.embedding.as_slice(),
            vectors[0],
            "bit for bit, after {:?}",
            started.elapsed()
        );
        println!(
            "{:<44} {raw:>11} B {ours:>11} B {:>8.2}   target ≤ 3300 B, exact",
            "Redis memory per vector with a TTL",
            ours as f64 / raw as f64,
        );
        self.cache.flush().await.unwrap();
    }
}

async fn join(tasks: Vec<tokio::task::JoinHandle<()>>) {
    for task in tasks {
        task.await.unwrap();
    }
}

async fn never(_: String) -> Result<Vec<f32>, std::io::Error> {
    panic!("a hit computes nothing")
}

async fn never_many(_: Vec<String>) -> Result<Vec<Vec<f32>>, std::io::Error> {
    panic!("hits compute nothing")
}
