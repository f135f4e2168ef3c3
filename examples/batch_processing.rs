//! A large job in batches that can be stopped and run again: what is embedded already is not paid for twice, one bad
//! text takes no other with it, and several batches run at once.
//!
//! `cargo run --example batch_processing [FILE]`: the lines of the file, else of the README. Run it twice.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::time::{Duration, Instant};

use anyhow::Context;
use caching_with_redis::{Settings, builder, open_backend, open_provider};
use futures_util::{StreamExt, TryStreamExt};

const BATCH: usize = 256;
/// More than this at once helps only where the provider allows it.
const AT_ONCE: usize = 4;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1);
    let path = path.as_deref().unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
    let text = tokio::fs::read_to_string(path).await.with_context(|| path.to_owned())?;
    // Empty lines stay in, to show what becomes of them.
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();

    let settings = Settings::load()?;
    let store = open_backend(&settings).await?;
    let provider = open_provider(&settings).await?.provider;
    let cache = builder(&settings, store.backend.clone())?.provider(provider).build()?;
    let model = cache.provider()?;

    let start = Instant::now();
    let batches = futures_util::stream::iter(lines.chunks(BATCH).enumerate());
    let refused: Vec<_> = batches
        .map(async |(number, batch)| {
            // A result for each text. `embed_batch` would fail as a whole instead.
            let results = model.embed_each(batch).await?;
            let refused = results.iter().enumerate().filter_map(|(at, result)| {
                let error = result.as_ref().err()?;
                Some((number * BATCH + at + 1, error.to_string()))
            });
            anyhow::Ok(refused.collect::<Vec<_>>())
        })
        .buffered(AT_ONCE)
        .try_concat()
        .await?;
    println!("{} lines in {:.1?}", lines.len(), start.elapsed());
    for (line, why) in refused.iter().take(3) {
        println!("  line {line}: {why}");
    }
    println!("  {} lines have no vector", refused.len());

    let statistics = cache.statistics();
    println!(
        "{} hits, {} computed by {} calls; ${:.6} saved",
        statistics.hits,
        statistics.provider_inputs,
        statistics.provider_calls,
        statistics.money_saved()
    );
    cache.flush().await?; // statistics, too
    store.close(Duration::from_secs(5)).await?;
    Ok(())
}
