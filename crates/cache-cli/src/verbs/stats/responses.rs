//! What the response cache has done.

use std::collections::BTreeMap;

use caching_with_redis::response::Statistics;
use serde::Serialize;

use super::{hits, money, with_causes};
use crate::figures::{bytes, count, percent, span};
use crate::language::Language;

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    hits: u64,
    misses: u64,
    hit_rate: f64,
    tokens_saved: u64,
    saved_usd: f64,
    spent_usd: f64,
    counters: BTreeMap<&'static str, u64>,
}

impl Answer {
    pub(super) fn new(statistics: &Statistics) -> Self {
        Self {
            hits: statistics.hits + statistics.stale_hits + statistics.semantic_hits,
            misses: statistics.misses(),
            hit_rate: statistics.hit_rate(),
            tokens_saved: statistics.prompt_tokens_saved + statistics.completion_tokens_saved,
            saved_usd: statistics.money_saved(),
            spent_usd: statistics.money_spent(),
            counters: statistics.to_pairs().into_iter().collect(),
        }
    }
}

/// What people are shown of it.
pub(super) fn rows(statistics: &Statistics, language: Language) -> Vec<(String, String)> {
    let calls =
        language.chat_calls(&count(statistics.provider_calls), &count(statistics.provider_errors));
    let saved = language.read_and_written(
        &count(statistics.prompt_tokens_saved),
        &count(statistics.completion_tokens_saved),
    );
    let written = language.answers_and_bytes(
        &count(statistics.writes),
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
        (language.label_tokens_saved(), saved),
    ];
    rows.extend(money(statistics.money_saved(), statistics.money_spent(), language));
    rows.push((language.label_answers_written(), written));
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
        (statistics.misses_invalidated, language.cause_invalidated()),
        (statistics.misses_no_usage, language.cause_no_usage()),
        (statistics.misses_corrupt, language.cause_corrupt()),
        (statistics.misses_store_error, language.cause_store_error()),
        (statistics.misses_refresh, language.cause_refresh()),
        (statistics.misses_bypass, language.cause_bypass()),
        (statistics.misses_not_cacheable, language.cause_not_cacheable()),
    ];
    with_causes(statistics.misses(), &causes, language)
}
