//! Counting what the cache does, in this process and for all of them.

mod recorder;

use std::time::Duration;

use cache_core::stats::dollars;

pub(crate) use recorder::Recorder;

cache_core::statistics! {
    /// What the cache has done. Every field is a count since the start of the process (or, for
    /// [shared statistics](crate::ResponseCache::shared_statistics), since they were last reset).
    pub struct Statistics in "resp." {
        /// Lookups answered by the store within the TTL.
        hits,
        /// Lookups answered by the store beyond the TTL.
        stale_hits,
        /// Lookups that found nothing under their key.
        misses_absent,
        /// Lookups whose entry was past its windows.
        misses_expired,
        /// Lookups whose entry was older than the call's maximum age.
        misses_too_old,
        /// Lookups whose entry had been invalidated.
        misses_invalidated,
        /// Lookups whose entry was of a model that the deployment no longer has.
        misses_model_changed,
        /// Lookups whose entry was recorded without the usage that they needed.
        misses_no_usage,
        /// Lookups whose entry did not verify. Each is asked for anew and overwritten.
        misses_corrupt,
        /// Lookups that met a failing store.
        misses_store_error,
        /// Lookups that asked for a new answer.
        misses_refresh,
        /// Lookups that left the cache out.
        misses_bypass,
        /// Requests that the policy does not cache.
        misses_not_cacheable,
        /// Misses that joined a call that was already under way, in this process or in another.
        coalesced,
        /// Calls of the provider.
        provider_calls,
        /// Calls that failed.
        provider_errors,
        /// Time spent in them, in microseconds.
        provider_micros,
        /// Tokens of requests billed, as far as the provider says.
        prompt_tokens_spent,
        /// Tokens of answers billed, as far as the provider says.
        completion_tokens_spent,
        /// Tokens of requests that hits did not spend.
        prompt_tokens_saved,
        /// Tokens of answers that hits did not spend.
        completion_tokens_saved,
        /// Price of the billed tokens, in picodollars (10⁻¹² US dollars), where it is
        /// [known](crate::Builder::prices).
        picodollars_spent,
        /// Price of the tokens that hits did not spend, in picodollars, where it is known.
        picodollars_saved,
        /// Time that hits did not spend, in microseconds: the time each answer once took.
        micros_saved,
        /// Replies by another model than the one that the entries are of.
        model_changes,
        /// Answers written.
        writes,
        /// Bytes of the written values, headers included.
        stored_bytes,
        /// Bytes of the same before compression.
        raw_bytes,
        /// Writes that failed; their answers were given all the same.
        write_errors,
        /// Answers that the policy does not keep: cut off, filtered or incomplete.
        unfit_answers,
        /// Answers that are longer than the policy keeps.
        too_long_answers,
        /// Calls of the provider that were given up since nobody waited for them any more.
        abandoned,
        /// Lookups answered with the answer to a question that means the same.
        semantic_hits,
        /// Lookups that would have been, but for the shadow mode.
        semantic_shadow_hits,
        /// Semantic lookups that found no question of their context. (Those that end so, and in all
        /// ways that follow, also count under the cause of their exact miss.)
        semantic_nothing,
        /// … whose nearest question was below the threshold.
        semantic_below_threshold,
        /// … whose nearest question was asked in another context.
        semantic_other_context,
        /// … whose nearest question's answer was gone.
        semantic_gone,
        /// … whose nearest question was marked as wrong for them.
        semantic_marked,
        /// … that failed, took too long, or were left out after such.
        semantic_failed,
        /// … whose nearest question differed in its language.
        semantic_guard_language,
        /// … whose nearest question differed in its code.
        semantic_guard_code,
        /// … whose nearest question differed in its quotes.
        semantic_guard_quotes,
        /// … whose nearest question differed in its dates.
        semantic_guard_dates,
        /// … whose nearest question differed in its times.
        semantic_guard_times,
        /// … whose nearest question differed in its currencies.
        semantic_guard_currencies,
        /// … whose nearest question differed in its units.
        semantic_guard_units,
        /// … whose nearest question differed in its numbers.
        semantic_guard_numbers,
        /// … whose nearest question differed in its question.
        semantic_guard_question,
        /// … whose nearest question differed in its negation.
        semantic_guard_negation,
        /// … whose nearest question differed in its opposites.
        semantic_guard_opposites,
        /// … whose nearest question differed in its names.
        semantic_guard_names,
        /// … whose nearest question differed in its order.
        semantic_guard_order,
        /// … whose nearest question differed in its substitution.
        semantic_guard_substitution,
        /// … whose nearest question differed in its additions.
        semantic_guard_additions,
        /// Nearest questions less than 0.01 below the threshold.
        semantic_near_0_01,
        /// Nearest questions 0.01 to 0.02 below the threshold.
        semantic_near_0_02,
        /// Nearest questions 0.02 to 0.05 below the threshold.
        semantic_near_0_05,
        /// Nearest questions 0.05 to 0.1 below the threshold.
        semantic_near_0_1,
        /// Nearest questions 0.1 or more below the threshold.
        semantic_far,
        /// Served pairs that were verified.
        semantic_verified,
        /// … and found wrong.
        semantic_verified_wrong,
        /// Near misses that were verified.
        semantic_near_verified,
        /// … and found to ask the same.
        semantic_near_same,
        /// Answers that were marked as wrong.
        semantic_marks,
        /// Questions that could not be put into the index.
        semantic_write_errors,
    }
}

impl Statistics {
    /// All misses, whatever their cause.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses_absent
            + self.misses_expired
            + self.misses_too_old
            + self.misses_invalidated
            + self.misses_model_changed
            + self.misses_no_usage
            + self.misses_corrupt
            + self.misses_store_error
            + self.misses_refresh
            + self.misses_bypass
            + self.misses_not_cacheable
    }

    /// Hits, stale and semantic ones included, of all lookups: 0 to 1, and 0 before the first lookup.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn hit_rate(&self) -> f64 {
        let hits = self.hits + self.stale_hits + self.semantic_hits;
        let lookups = hits + self.misses();
        if lookups == 0 { 0.0 } else { hits as f64 / lookups as f64 }
    }

    /// Semantic lookups whose nearest question a guard held back, whichever.
    #[must_use]
    pub fn semantic_guarded(&self) -> u64 {
        self.semantic_guard_language
            + self.semantic_guard_code
            + self.semantic_guard_quotes
            + self.semantic_guard_dates
            + self.semantic_guard_times
            + self.semantic_guard_currencies
            + self.semantic_guard_units
            + self.semantic_guard_numbers
            + self.semantic_guard_question
            + self.semantic_guard_negation
            + self.semantic_guard_opposites
            + self.semantic_guard_names
            + self.semantic_guard_order
            + self.semantic_guard_substitution
            + self.semantic_guard_additions
    }

    /// Semantic lookups that gave no answer, whatever the reason; those that would have, but for the
    /// shadow mode, are among them.
    #[must_use]
    pub fn semantic_misses(&self) -> u64 {
        self.semantic_shadow_hits
            + self.semantic_nothing
            + self.semantic_below_threshold
            + self.semantic_other_context
            + self.semantic_gone
            + self.semantic_marked
            + self.semantic_failed
            + self.semantic_guarded()
    }

    /// What hits saved, in US dollars; see [`Builder::prices`](crate::Builder::prices).
    #[must_use]
    pub fn money_saved(&self) -> f64 {
        dollars(self.picodollars_saved)
    }

    /// What the provider's tokens cost, in US dollars; see
    /// [`Builder::prices`](crate::Builder::prices).
    #[must_use]
    pub fn money_spent(&self) -> f64 {
        dollars(self.picodollars_spent)
    }

    /// Time that hits did not spend.
    #[must_use]
    pub fn time_saved(&self) -> Duration {
        Duration::from_micros(self.micros_saved)
    }
}
