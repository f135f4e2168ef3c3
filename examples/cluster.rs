//! A cluster: batches in one round trip to each node, and what goes on while a node is lost.
//!
//! `cargo run --example cluster` starts six `redis-server` processes of its own and kills one of them.
//! With your own, `REDIS_URL=redis+cluster://a:7000,b:7000` is all that changes in a program.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use caching_with_redis::embedding::{EmbeddingCache, ModelCache};
use caching_with_redis::guard::{Budgets, GuardOptions};
use caching_with_redis::redis::{RedisBackend, RedisConfig};
use redis_test_server::TestCluster;

const TEXTS: usize = 1_000;

/// Stands for a model that takes its time.
async fn model(texts: Vec<String>) -> Result<Vec<Vec<f32>>, std::io::Error> {
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(texts.iter().map(|text| vec![text.len() as f32, 1.0]).collect())
}

async fn ask(what: &str, cache: &EmbeddingCache, model_cache: &ModelCache) -> anyhow::Result<()> {
    let texts: Vec<_> = (0..TEXTS).map(|number| format!("document {number}")).collect();
    let (before, start) = (cache.statistics(), Instant::now());
    let vectors = model_cache.get_or_compute_batch(&texts, model).await?;
    assert_eq!(vectors.len(), TEXTS, "always all of them, whatever the nodes do");
    let done = cache.statistics().since(&before);
    println!(
        "{what}: {} hits, {} computed, {:.1?}",
        done.hits,
        done.provider_inputs,
        start.elapsed()
    );
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut cluster = TestCluster::start();
    println!("three primaries and their replicas: {}", cluster.url());
    // Six servers and this program on one machine: it is given more time than a service would have.
    let long = Duration::from_secs(5);
    let config = RedisConfig::new(cluster.url()).with_response_timeout(long);
    let budgets = Budgets::default().with_read(long).with_lease(long).with_write(long);
    let backend = RedisBackend::connect_with(&config).await?;
    let cache = EmbeddingCache::builder(Arc::new(backend))
        .guard(GuardOptions::default().with_budgets(budgets))
        .build()?;
    let documents = cache.model("demo-model");

    ask("the first time", &cache, &documents).await?;
    ask("the second time", &cache, &documents).await?;

    cluster.nodes_mut()[0].kill();
    // What the other nodes hold is still hit; the rest is computed. Nothing fails.
    ask("a primary was killed", &cache, &documents).await?;
    cluster.wait_until_primary(3);
    println!("its replica has taken over");
    let start = Instant::now();
    loop {
        let before = cache.statistics().hits;
        ask("after that", &cache, &documents).await?;
        if cache.statistics().hits - before == TEXTS as u64 || start.elapsed().as_secs() > 30 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    cache.flush().await?;
    Ok(())
}
