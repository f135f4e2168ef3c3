//! `warm`: embeds the texts of a file, so that they are cached.
//!
//! A few batches are under way at once, each one round trip to read and one to write. What is cached is
//! a hit, so that a run that was interrupted goes on where it ended.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use caching_with_redis::embedding::{Error, Lookup, ModelCache, Source};
use serde::Serialize;

use super::feed::{self, Batch, Ended, Input, Limits, Numbered, Refused, Report, Tally, Texts};
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

/// Batches under way at once: one is computed while another waits for the store.
const CONCURRENCY: usize = 2;

#[derive(Debug, Serialize)]
struct Answer {
    texts: u64,
    hits: u64,
    computed: u64,
    failed: u64,
    tokens: u64,
    spent_usd: f64,
    seconds: f64,
}

pub(super) async fn run(context: &Context, warm: &args::Warm) -> Result<(), Failure> {
    let input = Input::open(context, &warm.feed.source)?;
    let opened = context.open().await?;
    if opened.cache.backend().info().kind == "memory" {
        context.output.warning(&context.language().gone_with_the_program());
    }
    let started = Instant::now();
    let mut report = Report::new(context.output, &input, &opened.cache);
    let texts = Texts::new(warm.feed.format, &warm.feed.source);
    let begin = |batch| embed(opened.model.clone(), batch);
    let limits = Limits { lines: warm.feed.batch.size, batches: CONCURRENCY };
    let ended = match input.work(context, texts, limits, &mut report, begin).await {
        Err(Ended::AtOnce(failure)) => return Err(failure),
        Err(Ended::Early(failure)) => Err(failure),
        Ok(()) => Ok(()),
    };
    // Whatever happened, what was done is counted and said.
    let shared = opened.cache.flush().await;
    answer(context, &report, started.elapsed())?;
    ended?;
    shared?;
    if report.failed() > 0 { Err(Failure::Negative) } else { Ok(()) }
}

fn answer(context: &Context, report: &Report, elapsed: Duration) -> Result<(), Failure> {
    report.finish();
    let spent = report.spent();
    if context.output.json {
        return context.output.object(&Answer {
            texts: report.lines(),
            hits: report.hits,
            computed: report.computed,
            failed: report.failed(),
            tokens: spent.provider_tokens,
            spent_usd: spent.money_spent(),
            seconds: elapsed.as_secs_f64(),
        });
    }
    let [texts, hits, computed, failed] =
        [report.lines(), report.hits, report.computed, report.failed()].map(figures::count);
    let time = figures::span(elapsed);
    let done = context.language().warmed(&texts, &hits, &computed, &failed, &time);
    context.output.line(&report.with_expense(done))
}

/// A batch that is over.
struct Done {
    batch: Batch<String>,
    results: Result<Vec<Result<Lookup, Error>>, Error>,
}

async fn embed(model: ModelCache, batch: Batch<String>) -> Done {
    let texts: Vec<&str> = batch.items.iter().map(|numbered| numbered.item.as_str()).collect();
    let results = model.embed_each(&texts).await;
    Done { batch, results }
}

impl feed::Done for Done {
    type Account = Report;

    fn tell(self, report: &mut Report) -> Option<Failure> {
        let results = match self.results {
            Ok(results) => results,
            Err(error) => return Some(error.into()),
        };
        let mut tally = Tally { bytes: self.batch.bytes, ..Tally::default() };
        let mut refused = self.batch.refused;
        let mut seen = HashSet::with_capacity(self.batch.items.len());
        let mut fatal = None;
        for (Numbered { line, item }, result) in self.batch.items.iter().zip(results) {
            let first = seen.insert(item.as_str());
            match result {
                // Another call, or an earlier line, has paid for it.
                Ok(lookup) if lookup.source == Source::Computed && first => tally.computed += 1,
                Ok(_) => tally.hits += 1,
                Err(error) if feed::is_fatal(&error) => fatal = Some(error),
                Err(error) => refused.push((*line, Refused::Because(error.to_string()))),
            }
        }
        report.add(tally, &refused);
        fatal.map(Failure::from)
    }
}
