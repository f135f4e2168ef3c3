//! What the response cache has done.

use std::collections::BTreeMap;

use caching_with_redis::response::Statistics;
use serde::Serialize;

use super::super::semantic::Stage;
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
    /// What the settings say of questions that mean the same; null where they share no answers.
    pub(super) semantic: Option<Stage>,
    counters: BTreeMap<&'static str, u64>,
}

impl Answer {
    pub(super) fn new(statistics: &Statistics, semantic: Option<Stage>) -> Self {
        Self {
            hits: statistics.hits + statistics.stale_hits + statistics.semantic_hits,
            misses: statistics.misses(),
            hit_rate: statistics.hit_rate(),
            tokens_saved: statistics.prompt_tokens_saved + statistics.completion_tokens_saved,
            saved_usd: statistics.money_saved(),
            spent_usd: statistics.money_spent(),
            semantic,
            counters: statistics.to_pairs().into_iter().collect(),
        }
    }
}

/// What people are shown of it.
pub(super) fn rows(
    statistics: &Statistics,
    stage: Option<&Stage>,
    language: Language,
) -> Vec<(String, String)> {
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
    rows.extend(stage.map(|stage| stage.row(language)));
    rows.extend(semantic(statistics, language));
    rows.extend(money(statistics.money_saved(), statistics.money_spent(), language));
    rows.push((language.label_answers_written(), written));
    if statistics.write_errors > 0 {
        rows.push((language.label_write_errors(), count(statistics.write_errors)));
    }
    rows
}

/// Answers to questions that mean the same, where any were looked for.
fn semantic(statistics: &Statistics, language: Language) -> Vec<(String, String)> {
    let (hits, misses) = (statistics.semantic_hits, statistics.semantic_misses());
    if hits + misses == 0 {
        return Vec::new();
    }
    let causes = [
        (statistics.semantic_shadow_hits, language.semantic_shadow()),
        (statistics.semantic_nothing, language.semantic_nothing()),
        (statistics.semantic_below_threshold, language.semantic_below_threshold()),
        (statistics.semantic_guarded(), language.semantic_guarded()),
        (statistics.semantic_other_context, language.semantic_other_context()),
        (statistics.semantic_gone, language.semantic_gone()),
        (statistics.semantic_marked, language.semantic_marked()),
        (statistics.semantic_failed, language.semantic_failed()),
    ];
    let mut rows = vec![
        (language.label_semantic_hits(), count(hits)),
        (language.label_semantic_misses(), with_causes(misses, &causes, language)),
    ];
    let near = statistics.semantic_near_0_01 + statistics.semantic_near_0_02;
    if near > 0 {
        rows.push((language.label_semantic_near(), count(near)));
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
        (statistics.misses_model_changed, language.cause_model_changed()),
        (statistics.misses_no_usage, language.cause_no_usage()),
        (statistics.misses_corrupt, language.cause_corrupt()),
        (statistics.misses_store_error, language.cause_store_error()),
        (statistics.misses_refresh, language.cause_refresh()),
        (statistics.misses_bypass, language.cause_bypass()),
        (statistics.misses_not_cacheable, language.cause_not_cacheable()),
    ];
    with_causes(statistics.misses(), &causes, language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semantic_rows_are_there_once_something_was_looked_for() {
        let mut statistics = Statistics::default();
        assert!(semantic(&statistics, Language::English).is_empty());
        statistics.semantic_hits = 5;
        statistics.semantic_below_threshold = 3;
        statistics.semantic_guard_dates = 1;
        statistics.semantic_guard_additions = 1;
        statistics.semantic_near_0_01 = 2;
        let texts = |language| -> Vec<String> {
            let rows = semantic(&statistics, language).into_iter();
            rows.map(|(label, text)| format!("{label}: {text}")).collect()
        };
        assert_eq!(
            texts(Language::English),
            [
                "semantic hits: 5",
                "semantic misses: 5 (not similar enough 3, held back by guards 2)",
                "nearly similar enough (within 0.02): 2",
            ]
        );
        assert_eq!(
            texts(Language::Korean),
            [
                "의미 적중: 5",
                "의미 미적중: 총 5 (유사도 부족 3, 가드가 막음 2)",
                "임계값에 근접(0.02 이내): 2",
            ]
        );
    }
}
