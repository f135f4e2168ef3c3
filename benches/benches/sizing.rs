//! What a cached vector takes of a Redis server's memory, by dimensions and by how it is stored: the table
//! of the page on Redis in production.
//!
//! `cargo bench --bench sizing`; with `--test` a few vectors of each.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

use std::sync::Arc;

use cache_benches::patient;
use cache_benches::raw::Raw;
use cache_benches::vectors::{full_of, on_the_grid};
use cache_core::Ttl;
use cache_core::codec::VectorPolicy;
use cache_redis::RedisBackend;
use embedding_cache::EmbeddingCache;
use redis_test_server::TestServer;

/// Dimensions of models that are in use, and whether their vectors are halves divided by a norm.
const MODELS: [(usize, bool, &str); 6] = [
    (384, false, "all-MiniLM-L6-v2"),
    (768, false, "nomic-embed-text"),
    (1_024, false, "multilingual-e5-large"),
    (512, true, "text-embedding-3-small, shortened"),
    (1_536, true, "text-embedding-3-small, ada-002"),
    (3_072, true, "text-embedding-3-large"),
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let count = if test { 100 } else { 10_000 };
    let server = TestServer::start();
    let raw = Raw::connect(&server.url()).await;
    let backend = Arc::new(RedisBackend::connect(server.url()).await.unwrap());
    print!("| dimensions | as of | plain float32 |");
    VectorPolicy::ALL.iter().for_each(|policy| print!(" `{}` |", policy.name()));
    println!("\n|---:|---|---:|{}", "---:|".repeat(VectorPolicy::ALL.len()));
    for (dimensions, halves, model) in MODELS {
        let vectors = (0..count).map(|seed| full_of(dimensions, seed));
        let vectors: Vec<_> =
            vectors.map(|vector| if halves { on_the_grid(&vector) } else { vector }).collect();
        raw.flush().await;
        let empty = raw.used_memory().await;
        for (chunk, vectors) in vectors.chunks(1_000).enumerate() {
            let key = |at| format!("embeddings:ada:{:032x}", chunk * 1_000 + at);
            let entries: Vec<_> =
                vectors.iter().enumerate().map(|(at, vector)| (key(at), vector.clone())).collect();
            raw.put_many(&entries, 3_600_000).await;
        }
        print!("| {dimensions} | {model} | {} |", (raw.used_memory().await - empty) / count);
        for policy in VectorPolicy::ALL {
            let cache = EmbeddingCache::builder(backend.clone())
                .guard(patient())
                .ttl(Ttl::seconds(3_600).unwrap())
                .vectors(policy)
                .build()
                .unwrap();
            print!(" {} |", bytes(&raw, &cache, &vectors).await);
        }
        println!();
    }
}

/// Of the server's memory for each vector, its key, its expiry and the server's own books included.
async fn bytes(raw: &Raw, cache: &EmbeddingCache, vectors: &[Vec<f32>]) -> u64 {
    raw.flush().await;
    let empty = raw.used_memory().await;
    let model = cache.model("model");
    for (chunk, vectors) in vectors.chunks(1_000).enumerate() {
        let text = |at| format!("text {}", chunk * 1_000 + at);
        let entries = vectors.iter().enumerate().map(|(at, vector)| (text(at), vector.clone()));
        model.put_batch(entries).await.unwrap();
    }
    (raw.used_memory().await - empty) / vectors.len() as u64
}
