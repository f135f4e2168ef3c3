//! What a cache counts while it works.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use cache_core::stats::{Live, add, micros};
use cache_core::{Price, TokenUsage};

use super::{Counts, Statistics};
use crate::semantic::{Decision, Guard, Outcome};
use crate::{MissCause, Source};

/// The counters of one cache in this process.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    counts: Counts,
}

/// What these tokens cost, in picodollars.
fn cost(usage: TokenUsage, price: Price) -> u64 {
    let cached = usage.cached_prompt.min(usage.prompt);
    let parts = [
        (usage.prompt - cached, price.input),
        (cached, price.cached_input),
        (usage.completion, price.output),
    ];
    parts.iter().fold(0, |sum, (n, price)| sum.saturating_add(n.saturating_mul(*price)))
}

impl Recorder {
    pub(crate) fn hit(
        &self,
        source: Source,
        compute_time: Duration,
        usage: Option<TokenUsage>,
        price: Option<Price>,
    ) {
        let counts = &self.counts;
        let counter = match source {
            Source::Stale => &counts.stale_hits,
            Source::Semantic => &counts.semantic_hits,
            _ => &counts.hits,
        };
        add(counter, 1);
        add(&counts.micros_saved, micros(compute_time));
        let usage = usage.unwrap_or_default();
        add(&counts.prompt_tokens_saved, usage.prompt);
        add(&counts.completion_tokens_saved, usage.completion);
        add(&counts.picodollars_saved, price.map_or(0, |price| cost(usage, price)));
    }

    /// A semantic lookup that has ended.
    pub(crate) fn semantic(&self, decision: &Decision) {
        let counts = &self.counts;
        let counter = match decision.outcome {
            Outcome::Served => return, // Counted as a hit.
            Outcome::WouldServe => &counts.semantic_shadow_hits,
            Outcome::Nothing => &counts.semantic_nothing,
            Outcome::BelowThreshold => &counts.semantic_below_threshold,
            Outcome::OtherContext => &counts.semantic_other_context,
            Outcome::Gone => &counts.semantic_gone,
            Outcome::MarkedWrong => &counts.semantic_marked,
            Outcome::Failed => &counts.semantic_failed,
            Outcome::Guarded(guard) => self.guard(guard),
        };
        add(counter, 1);
        let below = decision.similarity.map(|found| decision.threshold.get() - found.get());
        if let Some(below) = below.filter(|below| *below > 0.0) {
            add(self.near(below), 1);
        }
    }

    fn guard(&self, guard: Guard) -> &AtomicU64 {
        let counts = &self.counts;
        match guard {
            Guard::Language => &counts.semantic_guard_language,
            Guard::Code => &counts.semantic_guard_code,
            Guard::Quotes => &counts.semantic_guard_quotes,
            Guard::Dates => &counts.semantic_guard_dates,
            Guard::Times => &counts.semantic_guard_times,
            Guard::Currencies => &counts.semantic_guard_currencies,
            Guard::Units => &counts.semantic_guard_units,
            Guard::Numbers => &counts.semantic_guard_numbers,
            Guard::Question => &counts.semantic_guard_question,
            Guard::Negation => &counts.semantic_guard_negation,
            Guard::Opposites => &counts.semantic_guard_opposites,
            Guard::Names => &counts.semantic_guard_names,
            Guard::Order => &counts.semantic_guard_order,
            Guard::Substitution => &counts.semantic_guard_substitution,
            Guard::Additions => &counts.semantic_guard_additions,
        }
    }

    fn near(&self, below: f32) -> &AtomicU64 {
        let counts = &self.counts;
        match below {
            below if below < 0.01 => &counts.semantic_near_0_01,
            below if below < 0.02 => &counts.semantic_near_0_02,
            below if below < 0.05 => &counts.semantic_near_0_05,
            below if below < 0.1 => &counts.semantic_near_0_1,
            _ => &counts.semantic_far,
        }
    }

    /// A second opinion.
    pub(crate) fn semantic_verified(&self, served: bool, same: bool) {
        let counts = &self.counts;
        add(if served { &counts.semantic_verified } else { &counts.semantic_near_verified }, 1);
        match (served, same) {
            (true, false) => add(&counts.semantic_verified_wrong, 1),
            (false, true) => add(&counts.semantic_near_same, 1),
            _ => {}
        }
    }

    pub(crate) fn semantic_marked_wrong(&self) {
        add(&self.counts.semantic_marks, 1);
    }

    pub(crate) fn semantic_write_failed(&self) {
        add(&self.counts.semantic_write_errors, 1);
    }

    pub(crate) fn miss(&self, cause: MissCause) {
        let counts = &self.counts;
        let counter = match cause {
            MissCause::Absent => &counts.misses_absent,
            MissCause::Expired => &counts.misses_expired,
            MissCause::TooOld => &counts.misses_too_old,
            MissCause::Invalidated => &counts.misses_invalidated,
            MissCause::ModelChanged => &counts.misses_model_changed,
            MissCause::NoUsage => &counts.misses_no_usage,
            MissCause::Corrupt => &counts.misses_corrupt,
            MissCause::StoreError => &counts.misses_store_error,
            MissCause::Refresh => &counts.misses_refresh,
            MissCause::Bypass => &counts.misses_bypass,
            MissCause::NotCacheable => &counts.misses_not_cacheable,
        };
        add(counter, 1);
    }

    pub(crate) fn coalesced(&self) {
        add(&self.counts.coalesced, 1);
    }

    pub(crate) fn model_changed(&self) {
        add(&self.counts.model_changes, 1);
    }

    pub(crate) fn abandoned(&self) {
        add(&self.counts.abandoned, 1);
    }

    /// A call of the provider that has ended.
    pub(crate) fn provider_call(
        &self,
        time: Duration,
        usage: Option<TokenUsage>,
        price: Option<Price>,
        failed: bool,
    ) {
        let (counts, usage) = (&self.counts, usage.unwrap_or_default());
        add(&counts.provider_calls, 1);
        add(&counts.provider_errors, failed.into());
        add(&counts.provider_micros, micros(time));
        add(&counts.prompt_tokens_spent, usage.prompt);
        add(&counts.completion_tokens_spent, usage.completion);
        add(&counts.picodollars_spent, price.map_or(0, |price| cost(usage, price)));
    }

    pub(crate) fn written(&self, stored_bytes: u64, raw_bytes: u64) {
        add(&self.counts.writes, 1);
        add(&self.counts.stored_bytes, stored_bytes);
        add(&self.counts.raw_bytes, raw_bytes);
    }

    pub(crate) fn write_failed(&self) {
        add(&self.counts.write_errors, 1);
    }

    pub(crate) fn unfit_answer(&self) {
        add(&self.counts.unfit_answers, 1);
    }

    pub(crate) fn too_long_answer(&self) {
        add(&self.counts.too_long_answers, 1);
    }
}

impl Live for Recorder {
    type Tally = Statistics;

    fn snapshot(&self) -> Statistics {
        self.counts.snapshot()
    }
}

#[cfg(test)]
mod tests {
    use cache_core::stats::Tally;
    use cache_core::vector::Similarity;
    use cache_core::{KeyKind, KeyProfile, KeySpace, ModelIdentity, Namespace, Scope};

    use super::*;

    fn usage() -> TokenUsage {
        let mut usage = TokenUsage::default();
        (usage.prompt, usage.cached_prompt, usage.completion) = (1_000, 400, 100);
        usage
    }

    #[test]
    fn money_counts_cached_input_for_less() {
        let recorder = Recorder::default();
        let price = Price::per_million_of(1.0, 0.1, 4.0);
        recorder.hit(Source::Hit, Duration::from_millis(200), Some(usage()), Some(price));
        recorder.provider_call(Duration::ZERO, Some(usage()), Some(price), false);
        let counted = recorder.snapshot();
        let dollars = 600e-6 + 40e-6 + 400e-6;
        assert!((counted.money_saved() - dollars).abs() < 1e-12);
        assert_eq!(counted.picodollars_saved, counted.picodollars_spent);
        assert_eq!(counted.time_saved(), Duration::from_millis(200));
    }

    #[test]
    fn pairs_and_counters_are_inverse() {
        let recorder = Recorder::default();
        recorder.hit(Source::Stale, Duration::ZERO, None, None);
        recorder.miss(MissCause::Absent);
        let counted = recorder.snapshot();
        assert_eq!((counted.hits, counted.stale_hits, counted.misses()), (0, 1, 1));
        let counters = counted.to_counters().into_iter().map(|(n, c)| (n.to_owned(), c)).collect();
        assert_eq!(Statistics::from_counters(&counters), counted);
    }

    #[test]
    fn every_cause_is_counted() {
        let causes = [
            MissCause::Absent,
            MissCause::Expired,
            MissCause::TooOld,
            MissCause::Invalidated,
            MissCause::ModelChanged,
            MissCause::NoUsage,
            MissCause::Corrupt,
            MissCause::StoreError,
            MissCause::Refresh,
            MissCause::Bypass,
            MissCause::NotCacheable,
        ];
        let recorder = Recorder::default();
        assert!(recorder.snapshot().hit_rate().abs() < f64::EPSILON);
        for cause in causes {
            let before = recorder.snapshot();
            recorder.miss(cause);
            let counted = recorder.snapshot().since(&before).to_counters();
            let counter = format!("misses_{}", cause.as_str());
            assert!(counted.len() == 1 && counted[0].0.ends_with(&counter), "{counted:?}");
        }
        recorder.hit(Source::Hit, Duration::ZERO, None, None);
        let counted = recorder.snapshot();
        assert_eq!(counted.misses(), causes.len() as u64);
        assert!((counted.hit_rate() - 1.0 / 12.0).abs() < 1e-9);
    }

    fn decision(outcome: Outcome, similarity: f32) -> Decision {
        let key = KeySpace::new(Namespace::default(), KeyKind::Response, 0);
        let key = KeyProfile::response(key, &Scope::shared(), &ModelIdentity::new("a", "b"), None)
            .key_of_bytes(b"x");
        Decision {
            outcome,
            similarity: Some(Similarity::rounded(similarity)),
            threshold: Similarity::rounded(0.9),
            asked: key,
            matched: None,
        }
    }

    #[test]
    fn every_semantic_outcome_is_counted() {
        let recorder = Recorder::default();
        let others = [
            Outcome::WouldServe,
            Outcome::Nothing,
            Outcome::BelowThreshold,
            Outcome::OtherContext,
            Outcome::Gone,
            Outcome::MarkedWrong,
            Outcome::Failed,
        ];
        for outcome in others.into_iter().chain(Guard::ALL.map(Outcome::Guarded)) {
            let before = recorder.snapshot();
            recorder.semantic(&decision(outcome, 0.95));
            let counted = recorder.snapshot().since(&before);
            assert_eq!(counted.to_counters().len(), 1, "{outcome:?}");
            assert_eq!(counted.semantic_misses(), 1, "{outcome:?}");
            if let Outcome::Guarded(guard) = outcome {
                let counter = format!("semantic_guard_{}", guard.as_str());
                assert!(counted.to_counters()[0].0.ends_with(&counter), "{counter}");
            }
        }
        assert_eq!(recorder.snapshot().semantic_guarded(), Guard::ALL.len() as u64);
        recorder.semantic(&decision(Outcome::Served, 0.95));
        let counted = recorder.snapshot().semantic_misses();
        assert_eq!(counted, (others.len() + Guard::ALL.len()) as u64);
    }

    #[test]
    fn near_misses_are_counted_by_how_near_they_were() {
        let recorder = Recorder::default();
        for similarity in [0.95, 0.895, 0.885, 0.884, 0.86, 0.82, 0.1, -1.0] {
            recorder.semantic(&decision(Outcome::BelowThreshold, similarity));
        }
        let counted = recorder.snapshot();
        let histogram = [
            counted.semantic_near_0_01,
            counted.semantic_near_0_02,
            counted.semantic_near_0_05,
            counted.semantic_near_0_1,
            counted.semantic_far,
        ];
        assert_eq!(histogram, [1, 2, 1, 1, 2]);
    }
}
