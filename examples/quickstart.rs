//! The first steps: one text, a batch with partial hits, statistics.
//!
//! `cargo run --example quickstart`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::time::{Duration, Instant};

use caching_with_redis::{EmbeddingCache, Settings};

/// Stands for a call of a service: slow, and paid by the token.
async fn call_the_model(texts: Vec<String>) -> anyhow::Result<Vec<Vec<f32>>> {
    println!("  (the model is called with {} texts)", texts.len());
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(texts.iter().map(|text| vec![text.chars().count() as f32, 1.0, 2.0]).collect())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `EmbeddingCache::new("redis://127.0.0.1:6379", 3600)` names a store; the settings find one.
    let cache = EmbeddingCache::from_settings(&Settings::load()?).await?;
    println!("store: {:?}", cache.inner().backend().info());

    for _ in 0..2 {
        let start = Instant::now();
        let vector = cache
            .get_or_compute("안녕하세요", "demo-model", |text| async move {
                Ok(call_the_model(vec![text]).await?.remove(0))
            })
            .await?;
        println!("one text: {vector:?} in {:.1?}", start.elapsed());
    }

    let texts = ["안녕하세요", "hello", "hello", "world"];
    let start = Instant::now();
    let vectors = cache.get_or_compute_batch(&texts, "demo-model", call_the_model).await?;
    println!("a batch of {}: {} vectors in {:.1?}", texts.len(), vectors.len(), start.elapsed());

    let stats = cache.get_stats().await;
    println!("hit rate {:.0} %, {} keys", stats.hit_rate() * 100.0, stats.total_keys);
    cache.inner().flush().await?;
    Ok(())
}
