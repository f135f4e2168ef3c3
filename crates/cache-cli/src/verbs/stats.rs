//! `stats`: what the cache has done, in all processes.

use std::collections::BTreeMap;

use caching_with_redis::core::Usage;
use caching_with_redis::embedding::Statistics;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::figures::{bytes, count, dollars, percent, span};
use crate::language::Language;

#[derive(Debug, Serialize)]
struct Answer {
    backend: &'static str,
    location: String,
    namespace: String,
    entries: u64,
    bytes: u64,
    bytes_estimated: bool,
    hits: u64,
    misses: u64,
    hit_rate: f64,
    compression_ratio: f64,
    tokens_saved: u64,
    saved_usd: f64,
    spent_usd: f64,
    counters: BTreeMap<&'static str, u64>,
}

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    let cache = context.open_store().await?;
    let usage = cache.usage().await?;
    // A store without counters is one of this process: what it did is all there is.
    let statistics = cache.shared_statistics().await?.unwrap_or_else(|| cache.statistics());
    let info = cache.backend().info();
    let answer = Answer {
        backend: info.kind,
        location: info.location,
        namespace: cache.namespace().to_string(),
        entries: usage.entries,
        bytes: usage.bytes,
        bytes_estimated: usage.estimated,
        hits: statistics.hits + statistics.stale_hits,
        misses: statistics.misses(),
        hit_rate: statistics.hit_rate(),
        compression_ratio: statistics.compression_ratio(),
        tokens_saved: statistics.tokens_saved,
        saved_usd: statistics.money_saved(),
        spent_usd: statistics.money_spent(),
        counters: statistics.to_pairs().into_iter().collect(),
    };
    if context.output.json {
        return context.output.object(&answer);
    }
    let rows = rows(&answer, usage, &statistics, context.language());
    context.output.rows(&rows)
}

fn rows(
    answer: &Answer,
    usage: Usage,
    statistics: &Statistics,
    language: Language,
) -> Vec<(String, String)> {
    let (entries, size) = (count(usage.entries), bytes(usage.bytes));
    let entries = match usage.estimated {
        true => language.entries_and_about(&entries, &size),
        false => language.entries_and_bytes(&entries, &size),
    };
    let mut rows = vec![(language.label_backend(), answer.backend.to_owned())];
    if !answer.location.is_empty() {
        rows.push((language.label_location(), answer.location.clone()));
    }
    let calls = language.provider_calls(
        &count(statistics.provider_calls),
        &count(statistics.provider_inputs),
        &count(statistics.provider_errors),
    );
    let compression = language.compression(
        &format!("{:.2}", answer.compression_ratio),
        &bytes(statistics.stored_bytes),
        &bytes(statistics.raw_bytes),
    );
    rows.extend([
        (language.label_namespace(), answer.namespace.clone()),
        (language.label_entries(), entries),
        (language.label_hit_rate(), percent(answer.hit_rate)),
        (language.label_hits(), hits(statistics, language)),
        (language.label_misses(), misses(statistics, language)),
        (language.label_coalesced(), count(statistics.coalesced)),
        (language.label_provider_calls(), calls),
        (language.label_time_saved(), span(statistics.time_saved())),
        (language.label_tokens_saved(), count(statistics.tokens_saved)),
    ]);
    // Without a price there is no amount, which is not an amount of nothing.
    if statistics.picodollars_saved + statistics.picodollars_spent > 0 {
        let (saved, spent) = (dollars(answer.saved_usd), dollars(answer.spent_usd));
        rows.push((language.label_money(), language.saved_and_spent(&saved, &spent)));
    }
    rows.extend([
        (language.label_writes(), count(statistics.writes)),
        (language.label_compression(), compression),
    ]);
    if statistics.model_changes > 0 {
        rows.push((language.label_model_changes(), count(statistics.model_changes)));
    }
    if statistics.write_errors > 0 {
        rows.push((language.label_write_errors(), count(statistics.write_errors)));
    }
    rows
}

fn hits(statistics: &Statistics, language: Language) -> String {
    let hits = count(statistics.hits + statistics.stale_hits);
    match statistics.stale_hits {
        0 => hits,
        stale => language.hits_with_stale(&hits, &count(stale)),
    }
}

/// All misses, and of each cause that there was.
fn misses(statistics: &Statistics, language: Language) -> String {
    let causes = [
        (statistics.misses_absent, language.cause_absent()),
        (statistics.misses_expired, language.cause_expired()),
        (statistics.misses_too_old, language.cause_too_old()),
        (statistics.misses_corrupt, language.cause_corrupt()),
        (statistics.misses_store_error, language.cause_store_error()),
        (statistics.misses_refresh, language.cause_refresh()),
        (statistics.misses_bypass, language.cause_bypass()),
    ];
    let misses = count(statistics.misses());
    let present = causes.iter().filter(|(number, _)| *number > 0);
    let causes: Vec<_> =
        present.map(|(number, cause)| format!("{cause} {}", count(*number))).collect();
    if causes.is_empty() { misses } else { language.misses_by_cause(&misses, &causes.join(", ")) }
}
