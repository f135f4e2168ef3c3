//! What a cache is worth: the same texts without a cache, with one, and with a compressed one; for
//! a model behind a network of 200 ms and for a real model in this process.
//!
//! `cargo run --release --example performance_comparison`, and with `-- --quick` in fewer rounds
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use async_trait::async_trait;
use caching_with_redis::core::codec::VectorPolicy;
use caching_with_redis::core::{
    EmbedOptions, EmbedResponse, EmbeddingProvider, ModelIdentity, Namespace, ProviderError, Ttl,
};
use caching_with_redis::embedding::EmbeddingCache;
use caching_with_redis::local::Lexical;
use caching_with_redis::{Settings, open_backend};
use comfy_table::{Table, presets};

const TEXT: &str = "Redis is an in-memory data store used as a cache and as a vector database.";

/// A model behind a slow network: the local one, 200 ms later.
#[derive(Debug)]
struct Remote(Lexical);

#[async_trait]
impl EmbeddingProvider for Remote {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity { provider: "remote example".into(), ..self.0.identity() }
    }

    async fn embed(
        &self,
        inputs: &[&str],
        options: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.0.embed(inputs, options).await
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let store = open_backend(&Settings::load()?).await?;
    println!("store: {} ({})\n", store.backend.info().kind, store.why);
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(COLUMNS);
    let lexical = || Lexical::new(1_536);
    let models: [(_, Arc<dyn EmbeddingProvider>, _); 2] = [
        ("behind 200 ms", Arc::new(Remote(lexical()?)), if quick { 1 } else { 10 }),
        ("in this process", Arc::new(lexical()?), if quick { 10 } else { 1_000 }),
    ];
    for (model, provider, rounds) in models {
        let call = async || Ok(provider.embed(&[TEXT], &EmbedOptions::default()).await?);
        let direct = median(rounds, call).await?;
        let time = format!("{direct:.1?}");
        table.add_row([model, "none", &time, &time, "1", "-", "-"]);
        let policies = [("exact", VectorPolicy::Lossless), ("compressed", VectorPolicy::Compact)];
        for (name, policy) in policies {
            // A part of the store of its own, so that the first lookup finds nothing.
            let cache = EmbeddingCache::builder(Arc::clone(&store.backend))
                .provider(Arc::clone(&provider))
                .namespace(Namespace::new(&format!("performance-{name}"))?)
                .ttl(Ttl::seconds(60)?)
                .vectors(policy)
                .build()?;
            cache.clear().await?;
            let seen = look_up(&cache, rounds.max(100), direct).await?;
            table.add_row([&[model.to_owned(), name.to_owned()], &seen[..]].concat());
            cache.clear().await?;
        }
    }
    println!("{table}\n\nA plain vector of 1536 floats takes 6144 bytes. Times are of this run.");
    Ok(())
}

const COLUMNS: [&str; 7] =
    ["model", "cache", "first", "again (median)", "faster", "bytes a vector", "fidelity"];

/// The columns from the third on: a miss, and then hits.
async fn look_up(
    cache: &EmbeddingCache,
    rounds: usize,
    direct: Duration,
) -> anyhow::Result<[String; 5]> {
    let model = cache.provider()?;
    let start = Instant::now();
    let computed = model.look_up(TEXT).await?;
    let first = start.elapsed();
    let again = median(rounds, async || Ok(model.look_up(TEXT).await?)).await?;
    let hit = model.look_up(TEXT).await?;
    anyhow::ensure!(hit.is_hit(), "the second lookup is a hit");
    let similarity = computed.embedding.cosine_similarity(&hit.embedding);
    let exact = (computed.embedding == hit.embedding).then(|| "exact".to_owned());
    Ok([
        format!("{first:.1?}"),
        format!("{again:.1?}"),
        format!("{:.1} ×", direct.as_secs_f64() / again.as_secs_f64()),
        hit.stored_bytes.to_string(),
        exact.unwrap_or(format!("cosine {:.6}", similarity.context("vectors of one model")?)),
    ])
}

async fn median<T>(
    rounds: usize,
    mut call: impl AsyncFnMut() -> anyhow::Result<T>,
) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        call().await?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().context("at least one round")
}
