//! What a cache is worth: the same texts without a cache, with one, and with a compressed one; for
//! a model behind a network of 200 ms and for a real model in this process.
//!
//! `cargo run --release --example performance_comparison`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use async_trait::async_trait;
use caching_with_redis::core::codec::VectorPolicy;
use caching_with_redis::core::{
    EmbedOptions, EmbedResponse, Embedding, EmbeddingProvider, ModelIdentity, Namespace,
    ProviderError, Ttl,
};
use caching_with_redis::embedding::EmbeddingCache;
use caching_with_redis::local::Lexical;
use caching_with_redis::{Settings, open_backend};

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
    let settings = Settings::load()?;
    let opened = open_backend(&settings).await?;
    println!("store: {} ({})\n", opened.backend.info().kind, opened.why);
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header([
        "model",
        "cache",
        "first",
        "again (median)",
        "faster",
        "bytes a vector",
        "fidelity",
    ]);

    let lexical = || Lexical::new(1_536);
    let models: [(&str, Arc<dyn EmbeddingProvider>, usize); 2] = [
        ("behind 200 ms", Arc::new(Remote(lexical()?)), 10),
        ("in this process", Arc::new(lexical()?), 1_000),
    ];
    for (model, provider, rounds) in models {
        let direct = direct(&*provider, rounds).await?;
        table.add_row([
            model.into(),
            "none".into(),
            show(direct),
            show(direct),
            "1".into(),
            "-".into(),
            "-".into(),
        ]);
        for (name, policy) in
            [("exact", VectorPolicy::Lossless), ("compressed", VectorPolicy::Compact)]
        {
            let cache = EmbeddingCache::builder(Arc::clone(&opened.backend))
                .provider(Arc::clone(&provider))
                .namespace(Namespace::new(&format!("performance-{name}"))?)
                .ttl(Ttl::seconds(60)?)
                .vectors(policy)
                .build()?;
            let row = cached(&cache, rounds.max(100)).await?;
            cache.clear().await?;
            table.add_row([
                model.into(),
                name.into(),
                show(row.first),
                show(row.again),
                faster(direct, row.again),
                row.bytes.to_string(),
                row.fidelity,
            ]);
        }
    }
    println!(
        "{table}\n\nA plain vector of 1536 32-bit floats takes 6144 bytes. Times are of this run."
    );
    Ok(())
}

const TEXT: &str =
    "Redis is an in-memory data store used as a cache, vector database and message broker.";

async fn direct(provider: &dyn EmbeddingProvider, rounds: usize) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        provider.embed(&[TEXT], &EmbedOptions::default()).await?;
        times.push(start.elapsed());
    }
    median(times)
}

struct Row {
    first: Duration,
    again: Duration,
    bytes: usize,
    fidelity: String,
}

async fn cached(cache: &EmbeddingCache, rounds: usize) -> anyhow::Result<Row> {
    cache.clear().await?;
    let model = cache.provider()?;
    let start = Instant::now();
    let computed = model.look_up(TEXT).await?;
    let first = start.elapsed();
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        anyhow::ensure!(model.look_up(TEXT).await?.is_hit(), "the second lookup is a hit");
        times.push(start.elapsed());
    }
    let hit = model.look_up(TEXT).await?;
    let fidelity = fidelity(&computed.embedding, &hit.embedding)?;
    Ok(Row { first, again: median(times)?, bytes: hit.stored_bytes, fidelity })
}

fn fidelity(computed: &Embedding, stored: &Embedding) -> anyhow::Result<String> {
    if computed == stored {
        return Ok("exact".to_owned());
    }
    let similarity = computed.cosine_similarity(stored).context("vectors of one model")?;
    Ok(format!("cosine {similarity:.6}"))
}

fn median(mut times: Vec<Duration>) -> anyhow::Result<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied().context("at least one round")
}

fn faster(direct: Duration, again: Duration) -> String {
    let factor = direct.as_secs_f64() / again.as_secs_f64();
    if factor < 10.0 { format!("{factor:.1} ×") } else { format!("{factor:.0} ×") }
}

fn show(time: Duration) -> String {
    format!("{time:.1?}")
}
