//! Storing an answer.

use std::time::Duration;

use cache_core::{CacheError, PutEntry, PutOptions, Ttl};

use super::job::Job;
use super::run::Ended;
use crate::stored::{self, Kept, Unstorable};

impl Job {
    /// The time of freshness, where the store's expiry is not its end, and the stored life: the
    /// stale windows come on top.
    pub(super) fn lives(&self) -> (Option<Duration>, Ttl) {
        let hash = self.guard.key().slot.hash();
        // Spread by the key's own bits: what matters is that entries differ among each other.
        let spread = f64::from(u16::from_le_bytes([hash[8], hash[9]])) / 65_536.0;
        let config = &self.core.config;
        let fresh = self.call.ttl.shortened_to(1.0 - config.jitter * spread);
        let stored = fresh.extended_by(config.stale_while_revalidate.max(config.stale_if_error));
        (fresh.as_duration().filter(|_| fresh != stored), stored)
    }

    /// Stores the answer, where it may be, and ends the run. Those who wait have the end once the
    /// store has the answer, so that whoever asks next finds it; or has failed, or is over the
    /// guard's budget.
    pub(super) async fn store_and_end(self, kept: Kept) {
        let stored = self.store(&kept).await;
        let failure = stored.err().filter(|_| self.core.config.strict);
        let ended = Ended { kept, elsewhere: false };
        self.guard.end(failure.map_or(Ok(ended), |error| Err(error.into())));
    }

    /// Stores the answer, or gives up the lease.
    async fn store(&self, kept: &Kept) -> Result<(), CacheError> {
        let Some(entry) = self.entry(kept) else {
            self.release().await;
            return Ok(());
        };
        let mut options = PutOptions::default();
        if self.leased && !self.occupied {
            options = options.with_release(self.core.token);
        }
        let result = self.core.backend.put_many(&[entry], &options).await;
        match &result {
            Ok(()) => self.core.list_later(&self.call, &self.guard.key().slot, self.lives().1),
            Err(error) => {
                super::Core::store_failed("write", error);
                self.core.recorder.write_failed();
            }
        }
        // The write releases the lease on the written key; on failure, or where it is on the
        // companion, it is still held.
        if result.is_err() || self.occupied {
            self.release().await;
        }
        self.core.keep_alive(&self.call, kept);
        result
    }

    /// What to write; `None` when nothing is to be.
    fn entry(&self, kept: &Kept) -> Option<PutEntry> {
        let (policy, recorder) = (&self.core.config.policy, &self.core.recorder);
        if !self.store {
            return None;
        }
        if !policy.keeps(kept.0.form.whole().body()) {
            recorder.unfit_answer();
            return None;
        }
        let slot = &self.guard.key().slot;
        match stored::encode(slot, kept, policy.max_bytes()) {
            Ok((value, length)) => {
                recorder.written(value.bytes().len() as u64, length as u64);
                Some(PutEntry::new(slot.clone(), value, self.lives().1))
            }
            Err(Unstorable::TooLong) => {
                recorder.too_long_answer();
                None
            }
            Err(Unstorable::Broken) => {
                recorder.unfit_answer();
                None
            }
        }
    }
}
