//! One call of the provider among processes: taking, keeping and waiting for leases.

use std::future::Future;
use std::time::{Duration, Instant};

use cache_core::{CacheKey, LeaseOutcome, LeaseRequest, Leases, StoredValue, WaitPace};

use super::job::Job;
use super::read::Found;
use crate::stored::Kept;
use crate::{Coordination, Mode};

/// What is to be done.
pub(super) enum Turn {
    /// It is this job's turn to ask.
    Ask,
    /// Somebody else has asked.
    Found(Kept),
    /// Somebody else is asking, and nobody waits here.
    Leave,
}

impl Job {
    fn leasing(&self) -> Option<(&dyn Leases, LeaseRequest, Duration)> {
        match self.core.config.coordination {
            Coordination::CrossProcess { lease, longest_wait }
                if self.store && self.call.mode == Mode::ReadWrite =>
            {
                let request = LeaseRequest { token: self.core.token, duration: lease };
                self.core.backend.leases().map(|leases| (leases, request, longest_wait))
            }
            _ => None,
        }
    }

    fn slot(&self) -> &CacheKey {
        &self.guard.key().slot
    }

    fn lease_key(&self) -> CacheKey {
        if self.occupied { self.slot().companion() } else { self.slot().clone() }
    }

    /// Waits until it is this job's turn, or until the answer is there.
    pub(super) async fn turn(&mut self) -> Turn {
        let Some((_, _, longest_wait)) = self.leasing() else {
            return self.turn_in_process().await;
        };
        let end = Instant::now().checked_add(longest_wait);
        let mut pace = WaitPace::default();
        loop {
            match self.lease().await {
                Some(LeaseOutcome::Acquired) => {
                    self.leased = true;
                    return self.turn_with_lease().await;
                }
                Some(LeaseOutcome::Value(value)) => match self.judged(Some(&value)).await {
                    Some(kept) => return Turn::Found(kept),
                    // It will not do: from now on it is a matter of the companion's lease.
                    None if !self.occupied => self.occupied = true,
                    None => return Turn::Ask,
                },
                Some(LeaseOutcome::Held(_)) if self.behind => return Turn::Leave,
                Some(_) if end.is_some_and(|end| Instant::now() >= end) => {
                    tracing::warn!("another process took too long to answer; asking here");
                    return Turn::Ask;
                }
                Some(LeaseOutcome::Held(left)) => self.wait(left, &mut pace).await,
                Some(_) => self.wait(Duration::MAX, &mut pace).await,
                None => return Turn::Ask, // Asking twice is better than not at all.
            }
        }
    }

    /// Waits until it is worthwhile to ask again for the lease, which ends in at most this time.
    async fn wait(&self, left: Duration, pace: &mut WaitPace) {
        let Some((leases, _, _)) = self.leasing() else { return };
        let keys = [self.lease_key()];
        let told = tokio::time::timeout(pace.at_most(left), leases.changed(&keys)).await.ok();
        tokio::time::sleep(pace.pause(told)).await;
    }

    async fn lease(&self) -> Option<LeaseOutcome> {
        let (leases, request, _) = self.leasing()?;
        match leases.get_or_lease_many(&[self.lease_key()], &request).await {
            Ok(outcomes) => outcomes.into_iter().next(),
            Err(error) => {
                super::Core::store_failed("lease", &error);
                None
            }
        }
    }

    /// Another run of this process may have stored the answer since the miss.
    async fn turn_in_process(&self) -> Turn {
        let reads = self.call.mode == Mode::ReadWrite || self.call.mode == Mode::ReadOnly;
        if !reads || !self.guard.must_look_again() {
            return Turn::Ask;
        }
        self.look_again().await.map_or(Turn::Ask, Turn::Found)
    }

    /// Whoever had a companion's lease before may have replaced the entry since it was read.
    async fn turn_with_lease(&mut self) -> Turn {
        if !self.occupied {
            return Turn::Ask; // The store has just said that there is nothing.
        }
        match self.look_again().await {
            None => Turn::Ask,
            Some(kept) => {
                self.release().await;
                Turn::Found(kept)
            }
        }
    }

    async fn look_again(&self) -> Option<Kept> {
        let values = self.core.get_many(std::slice::from_ref(self.slot())).await;
        let value = values.ok()?.into_iter().next()?; // The failure shows on the next read.
        self.judged(value.as_ref()).await
    }

    async fn judged(&self, value: Option<&StoredValue>) -> Option<Kept> {
        let stamps = &self.guard.key().stamps;
        match self.core.judge(&self.call, self.slot(), value, stamps).await {
            Ok(Found::Fresh(kept)) => Some(kept),
            _ => None,
        }
    }

    /// Runs `work`, renewing the lease well before it ends.
    pub(super) async fn while_renewing<T>(&self, work: impl Future<Output = T>) -> T {
        let Some((leases, request, _)) = self.leasing().filter(|_| self.leased) else {
            return work.await;
        };
        let keys = [self.lease_key()];
        let renewing = async {
            loop {
                tokio::time::sleep(request.duration / 3).await;
                if let Err(error) = leases.renew_leases(&keys, &request).await {
                    super::Core::store_failed("renew a lease", &error);
                }
            }
        };
        tokio::select! {
            biased;
            result = work => result,
            () = renewing => unreachable!("renewing goes on until the work is done"),
        }
    }

    /// Gives up the lease, so that others can ask at once.
    pub(super) async fn release(&self) {
        if let Some((leases, request, _)) = self.leasing().filter(|_| self.leased)
            && let Err(error) = leases.release_leases(&[self.lease_key()], request.token).await
        {
            super::Core::store_failed("release a lease", &error);
        }
    }
}
