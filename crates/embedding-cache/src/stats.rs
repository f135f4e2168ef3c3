//! Counting what the cache does, in this process and for all of them.

use std::time::Duration;

use cache_core::stats::{Live, add, dollars, micros};

/// Why a lookup was no hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissCause {
    /// The store has nothing under the key: never written, expired, evicted or removed.
    Absent,
    /// The entry is older than its TTL, its stale windows or its absolute maximum allow.
    Expired,
    /// The entry is older than the call's maximum age.
    TooOld,
    /// The value does not verify: damaged, foreign, of another version or of other dimensions.
    Corrupt,
    /// The store failed.
    StoreError,
    /// The call asked for a new computation.
    Refresh,
    /// The call asked to leave the cache out.
    Bypass,
}

impl MissCause {
    /// A short, stable, low-cardinality label for logs, spans and metrics: `absent` is counted in
    /// [`misses_absent`](Statistics::misses_absent), and so on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Expired => "expired",
            Self::TooOld => "too_old",
            Self::Corrupt => "corrupt",
            Self::StoreError => "store_error",
            Self::Refresh => "refresh",
            Self::Bypass => "bypass",
        }
    }
}

cache_core::statistics! {
    /// What the cache has done. Every field is a count since the start of the process (or, for
    /// [shared statistics](crate::EmbeddingCache::shared_statistics), since they were last reset).
    pub struct Statistics in "emb." {
        /// Lookups answered by the store within the TTL.
        hits,
        /// Lookups answered by the store beyond the TTL.
        stale_hits,
        /// Lookups that found nothing under their key.
        misses_absent,
        /// Lookups whose entry was past its windows or its absolute maximum.
        misses_expired,
        /// Lookups whose entry was older than the call's maximum age.
        misses_too_old,
        /// Lookups whose entry did not verify. Each is computed anew and overwritten.
        misses_corrupt,
        /// Lookups that met a failing store.
        misses_store_error,
        /// Lookups that asked for a new computation.
        misses_refresh,
        /// Lookups that left the cache out.
        misses_bypass,
        /// Misses that got their vector from a computation that was already under way, in this
        /// process or in another.
        coalesced,
        /// Calls of the provider or of closures.
        provider_calls,
        /// Calls that failed.
        provider_errors,
        /// Texts given to them.
        provider_inputs,
        /// Tokens billed, as far as the provider says.
        provider_tokens,
        /// Time spent in them, in microseconds.
        provider_micros,
        /// Tokens that hits did not spend, as far as the provider said.
        tokens_saved,
        /// Price of the billed tokens, in picodollars (10⁻¹² US dollars), where it is
        /// [known](crate::Builder::prices).
        picodollars_spent,
        /// Price of the tokens that hits did not spend, in picodollars, where it is known.
        picodollars_saved,
        /// Replies by another model than the one that the entries are of.
        model_changes,
        /// Computing time that hits did not spend, in microseconds: the time each vector once took.
        micros_saved,
        /// Vectors written.
        writes,
        /// Bytes of the written values, headers included.
        stored_bytes,
        /// Bytes the same vectors take as plain 32-bit floats.
        raw_bytes,
        /// Writes that failed; their vectors were served all the same.
        write_errors,
    }
}

impl Statistics {
    /// All misses, whatever their cause.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses_absent
            + self.misses_expired
            + self.misses_too_old
            + self.misses_corrupt
            + self.misses_store_error
            + self.misses_refresh
            + self.misses_bypass
    }

    /// Hits, stale ones included, of all lookups: 0 to 1, and 0 before the first lookup.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn hit_rate(&self) -> f64 {
        let hits = self.hits + self.stale_hits;
        let lookups = hits + self.misses();
        if lookups == 0 { 0.0 } else { hits as f64 / lookups as f64 }
    }

    /// Raw bytes over stored bytes of all written vectors: above 1 when compression helps, and 1
    /// before the first write.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn compression_ratio(&self) -> f64 {
        if self.stored_bytes == 0 { 1.0 } else { self.raw_bytes as f64 / self.stored_bytes as f64 }
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

    /// Computing time that hits did not spend.
    #[must_use]
    pub fn time_saved(&self) -> Duration {
        Duration::from_micros(self.micros_saved)
    }
}

/// The counters of one cache in this process.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    counts: Counts,
}

impl Recorder {
    pub(crate) fn hit(&self, stale: bool, compute_time: Duration, tokens: u16, token_price: u64) {
        add(if stale { &self.counts.stale_hits } else { &self.counts.hits }, 1);
        if !compute_time.is_zero() {
            add(&self.counts.micros_saved, micros(compute_time));
        }
        if tokens > 0 {
            add(&self.counts.tokens_saved, tokens.into());
            if token_price > 0 {
                add(&self.counts.picodollars_saved, u64::from(tokens).saturating_mul(token_price));
            }
        }
    }

    pub(crate) fn misses(&self, cause: MissCause, count: u64) {
        let counts = &self.counts;
        let counter = match cause {
            MissCause::Absent => &counts.misses_absent,
            MissCause::Expired => &counts.misses_expired,
            MissCause::TooOld => &counts.misses_too_old,
            MissCause::Corrupt => &counts.misses_corrupt,
            MissCause::StoreError => &counts.misses_store_error,
            MissCause::Refresh => &counts.misses_refresh,
            MissCause::Bypass => &counts.misses_bypass,
        };
        add(counter, count);
    }

    pub(crate) fn coalesced(&self) {
        add(&self.counts.coalesced, 1);
    }

    pub(crate) fn model_changed(&self) {
        add(&self.counts.model_changes, 1);
    }

    /// A call of a provider or a closure; `spent` is in picodollars.
    pub(crate) fn provider_call(
        &self,
        inputs: usize,
        tokens: u64,
        spent: u64,
        time: Duration,
        failed: bool,
    ) {
        add(&self.counts.provider_calls, 1);
        add(&self.counts.provider_errors, failed.into());
        add(&self.counts.provider_inputs, inputs as u64);
        add(&self.counts.provider_tokens, tokens);
        add(&self.counts.picodollars_spent, spent);
        add(&self.counts.provider_micros, micros(time));
    }

    pub(crate) fn written(&self, vectors: u64, stored_bytes: u64, raw_bytes: u64) {
        add(&self.counts.writes, vectors);
        add(&self.counts.stored_bytes, stored_bytes);
        add(&self.counts.raw_bytes, raw_bytes);
    }

    pub(crate) fn write_failed(&self, vectors: u64) {
        add(&self.counts.write_errors, vectors);
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

    use super::*;

    #[test]
    fn hits_save_tokens_money_and_time() {
        let recorder = Recorder::default();
        recorder.hit(false, Duration::from_millis(200), 7, 22_000);
        recorder.hit(true, Duration::ZERO, 0, 0);
        recorder.misses(MissCause::Absent, 3);
        let counted = recorder.snapshot();
        assert_eq!((counted.hits, counted.stale_hits, counted.misses()), (1, 1, 3));
        assert_eq!((counted.tokens_saved, counted.micros_saved), (7, 200_000));
        assert!((counted.money_saved() - 154e-9).abs() < 1e-15);
    }

    #[test]
    fn causes_are_named_as_their_counters() {
        use MissCause::{Absent, Bypass, Corrupt, Expired, Refresh, StoreError, TooOld};
        for cause in [Absent, Expired, TooOld, Corrupt, StoreError, Refresh, Bypass] {
            let recorder = Recorder::default();
            recorder.misses(cause, 3);
            let counter = format!("misses_{}", cause.as_str());
            let counted = recorder.snapshot().to_counters();
            assert!(counted.iter().all(|(name, _)| name.ends_with(&counter)), "{counted:?}");
            assert_eq!(counted.len(), 1);
        }
    }

    #[test]
    fn rates_are_ratios() {
        let recorder = Recorder::default();
        assert!(recorder.snapshot().hit_rate().abs() < f64::EPSILON);
        recorder.hit(false, Duration::ZERO, 0, 0);
        recorder.hit(true, Duration::ZERO, 0, 0);
        recorder.misses(MissCause::Corrupt, 2);
        assert!((recorder.snapshot().hit_rate() - 0.5).abs() < f64::EPSILON);
        recorder.written(1, 1_000, 2_500);
        assert!((recorder.snapshot().compression_ratio() - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn pairs_and_counters_are_inverse() {
        let recorder = Recorder::default();
        recorder.provider_call(5, 11, 242_000, Duration::from_micros(9), true);
        let snapshot = recorder.snapshot();
        let counters = snapshot.to_counters().into_iter().map(|(n, c)| (n.to_owned(), c));
        assert_eq!(Statistics::from_counters(&counters.collect()), snapshot);
    }
}
