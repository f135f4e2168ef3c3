//! What the embedding cache has done.

use std::collections::BTreeMap;

use caching_with_redis::embedding::Statistics;
use serde::Serialize;

use super::{hits, money, with_causes};
use crate::figures::{bytes, count, percent, span};
use crate::language::Language;

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    hits: u64,
    misses: u64,
    hit_rate: f64,
    compression_ratio: f64,
    tokens_saved: u64,
    saved_usd: f64,
    spent_usd: f64,
    counters: BTreeMap<&'static str, u64>,
}

impl Answer {
    pub(super) fn new(statistics: &Statistics) -> Self {
        Self {
            hits: statistics.hits + statistics.stale_hits,
            misses: statistics.misses(),
            hit_rate: statistics.hit_rate(),
            compression_ratio: statistics.compression_ratio(),
            tokens_saved: statistics.tokens_saved,
            saved_usd: statistics.money_saved(),
            spent_usd: statistics.money_spent(),
            counters: statistics.to_pairs().into_iter().collect(),
        }
    }
}

/// What people are shown of it.
pub(super) fn rows(statistics: &Statistics, language: Language) -> Vec<(String, String)> {
    let calls = language.provider_calls(
        &count(statistics.provider_calls),
        &count(statistics.provider_inputs),
        &count(statistics.provider_errors),
    );
    let compression = language.compression(
        &format!("{:.2}", statistics.compression_ratio()),
        &bytes(statistics.stored_bytes),
        &bytes(statistics.raw_bytes),
    );
    let mut rows = vec![
        (language.label_hit_rate(), percent(statistics.hit_rate())),
        (language.label_hits(), hits(statistics.hits, statistics.stale_hits, language)),
        (language.label_misses(), misses(statistics, language)),
        (language.label_coalesced(), count(statistics.coalesced)),
        (language.label_provider_calls(), calls),
        (language.label_time_saved(), span(statistics.time_saved())),
        (language.label_tokens_saved(), count(statistics.tokens_saved)),
    ];
    rows.extend(money(statistics.money_saved(), statistics.money_spent(), language));
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
    with_causes(statistics.misses(), &causes, language)
}
