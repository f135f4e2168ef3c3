//! One computation among processes: taking, keeping and waiting for leases.

use std::future::Future;
use std::time::{Duration, Instant};

use cache_core::{CacheKey, LeaseOutcome, LeaseRequest, Leases, WaitPace};

use super::job::{Lead, Work};
use super::read::Found;
use super::{Computed, Core};
use crate::{Coordination, Mode};

/// Until when a call waits for other processes. A wait beyond the clock's range has no end.
#[derive(Clone, Copy)]
pub(super) struct Patience(Option<Instant>);

impl Patience {
    fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }
}

/// Keys that another process is computing.
pub(super) struct Held {
    pub(super) leads: Vec<Lead>,
    /// The first of the leases ends in at most this time.
    left: Duration,
}

impl Default for Held {
    fn default() -> Self {
        Self { leads: Vec::new(), left: Duration::MAX }
    }
}

impl Held {
    fn add(&mut self, lead: Lead, left: Duration) {
        self.leads.push(lead);
        self.left = self.left.min(left);
    }
}

impl Core {
    fn leasing(&self) -> Option<(&dyn Leases, LeaseRequest, Duration)> {
        match self.config.coordination {
            Coordination::Process => None,
            Coordination::CrossProcess { lease, longest_wait } => {
                let request = LeaseRequest { token: self.token, duration: lease };
                self.backend.leases().map(|leases| (leases, request, longest_wait))
            }
        }
    }
}

impl Work<'_> {
    pub(super) fn leasing(&self) -> Option<(&dyn Leases, LeaseRequest, Duration)> {
        let wanted = self.store && self.call.mode == Mode::ReadWrite;
        if wanted { self.core.leasing() } else { None }
    }

    /// Whether this call goes by leases.
    pub(super) fn may_lease(&self) -> bool {
        self.leasing().is_some()
    }

    /// Tries to lease the keys; publishes those that have got a value meanwhile. Returns the keys
    /// to compute and the keys that another process is computing.
    pub(super) async fn acquire(&self, leads: Vec<Lead>) -> (Vec<Lead>, Held) {
        let Some((leases, request, _)) = self.leasing() else {
            return (leads, Held::default());
        };
        if leads.is_empty() {
            return (leads, Held::default());
        }
        let keys: Vec<_> = leads.iter().map(Lead::lease_key).collect();
        let outcomes = match leases.get_or_lease_many(&keys, &request).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                Core::store_failed("lease", &error);
                return (leads, Held::default()); // Computing twice is better than not at all.
            }
        };
        let (mut mine, mut held, mut recheck) = (Vec::new(), Held::default(), Vec::new());
        for (mut lead, outcome) in leads.into_iter().zip(outcomes) {
            match outcome {
                LeaseOutcome::Acquired => {
                    lead.leased = true;
                    // Whoever had this lease before may have replaced the value since it was read.
                    if lead.occupied { recheck.push(lead) } else { mine.push(lead) }
                }
                LeaseOutcome::Value(value) => {
                    match self.core.judge(self.call, lead.key(), Some(value)) {
                        Found::Fresh(entry) => lead.publish(Ok(Computed::elsewhere(entry))),
                        _ => mine.push(lead),
                    }
                }
                LeaseOutcome::Held(left) => held.add(lead, left),
                _ => held.add(lead, Duration::MAX),
            }
        }
        if !recheck.is_empty() {
            mine.extend(self.publish_found(recheck).await);
        }
        (mine, held)
    }

    /// How long this call may wait for other processes, from now on.
    pub(super) fn patience(&self) -> Patience {
        let longest_wait = self.leasing().map_or(Duration::ZERO, |(_, _, longest)| longest);
        Patience(Instant::now().checked_add(longest_wait))
    }

    /// Waits until at least one of the keys is ours to compute, or none is left. Returns those
    /// that are, and those that others still compute.
    pub(super) async fn wait_turn(&self, mut held: Held, patience: Patience) -> (Vec<Lead>, Held) {
        let mut pace = WaitPace::default();
        while !held.leads.is_empty() {
            if patience.is_over() {
                let keys = held.leads.len();
                tracing::warn!(keys, "another process took too long; computing here");
                return (held.leads, Held::default());
            }
            self.wait(&held, &mut pace).await;
            let (mine, others) = self.acquire(held.leads).await;
            if !mine.is_empty() {
                return (mine, others);
            }
            held = others;
        }
        (Vec::new(), held)
    }

    /// Waits until it is worthwhile to ask for these leases again.
    async fn wait(&self, held: &Held, pace: &mut WaitPace) {
        let Some((leases, _, _)) = self.leasing() else { return };
        let keys: Vec<_> = held.leads.iter().map(Lead::lease_key).collect();
        let told = tokio::time::timeout(pace.at_most(held.left), leases.changed(&keys)).await.ok();
        tokio::time::sleep(pace.pause(told)).await;
    }

    /// The leases to keep while these leads are computed.
    pub(super) fn lease_keys(&self, leads: &[Lead]) -> Vec<CacheKey> {
        leads.iter().filter(|lead| lead.leased).map(Lead::lease_key).collect()
    }

    /// Runs `work`, renewing the leases well before they end.
    pub(super) async fn while_renewing<T>(
        &self,
        keys: &[CacheKey],
        work: impl Future<Output = T>,
    ) -> T {
        let Some((leases, request, _)) = self.leasing().filter(|_| !keys.is_empty()) else {
            return work.await;
        };
        let renewing = async {
            loop {
                tokio::time::sleep(request.duration / 3).await;
                if let Err(error) = leases.renew_leases(keys, &request).await {
                    Core::store_failed("renew leases", &error);
                }
            }
        };
        tokio::select! {
            biased;
            result = work => result,
            () = renewing => unreachable!("renewing goes on until the work is done"),
        }
    }

    /// Gives up the leases of leads that were not computed, so that others can try at once.
    pub(super) async fn release(&self, leads: &[Lead]) {
        self.release_keys(&self.lease_keys(leads)).await;
    }

    pub(super) async fn release_keys(&self, keys: &[CacheKey]) {
        if let Some((leases, request, _)) = self.leasing().filter(|_| !keys.is_empty())
            && let Err(error) = leases.release_leases(keys, request.token).await
        {
            Core::store_failed("release leases", &error);
        }
    }
}
