//! Computing what is missing: the leader's side of the flights.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheKey, EmbeddingProvider, LeaderGuard, ProviderError, split_by_limits};
use futures_util::StreamExt;
use tokio::time::Instant;

use super::compute::{Expected, Fresh, Vectors};
use super::lease::Held;
use super::read::Found;
use super::{Call, Compute, Computed, Core, Outcome};
use crate::{Error, Mode};

/// Finished parts of a batch wait at most this long for the others before they are written, so
/// that a long batch is not lost with its process and a short one is written in one round trip.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// One key that this call computes.
#[derive(Debug)]
pub(super) struct Lead {
    pub(super) guard: LeaderGuard<Outcome>,
    pub(super) text: String,
    /// The first place of the text in the call, for error messages.
    pub(super) index: usize,
    /// The store has a value under the key, one that will not do.
    pub(super) occupied: bool,
    /// The lease on the key is held.
    pub(super) leased: bool,
}

impl Lead {
    pub(super) fn key(&self) -> &CacheKey {
        self.guard.key()
    }

    pub(super) fn lease_key(&self) -> CacheKey {
        if self.occupied { self.key().companion() } else { self.key().clone() }
    }

    /// Gives the result to all who wait for it, and ends the flight.
    pub(super) fn publish(self, outcome: Outcome) {
        self.guard.publish(outcome);
    }
}

/// A computed key that is not written yet.
pub(super) struct Done {
    pub(super) lead: Lead,
    pub(super) fresh: Fresh,
}

/// The missing part of one call. It owns all it needs, so that it can outlive its caller.
pub(super) struct Job<'a> {
    pub(super) core: Arc<Core>,
    pub(super) call: Call,
    pub(super) leads: Vec<Lead>,
    pub(super) compute: Compute<'a>,
    /// Dimensions that new vectors must have, when the model or the batch's hits tell.
    pub(super) expected: Expected,
    /// Whether the store takes part: it has not failed, and the call may write.
    pub(super) store: bool,
}

impl Job<'_> {
    /// Computes, stores and publishes every lead. A lead whose publication fails to happen (a
    /// panic, a shut-down runtime) is abandoned by its guard.
    pub(super) async fn run(self) {
        let Self { core, call, leads, compute, expected, store } = self;
        let work = Work { core: &core, call: &call, expected, store };
        let leads = if work.may_lease() { leads } else { work.look_again(leads).await };
        let (mine, held) = work.acquire(leads).await;
        match compute {
            Compute::Provider(provider) => {
                tokio::join!(work.provide(&*provider, mine), work.follow(&*provider, held));
            }
            Compute::Once(once) => {
                // The closure runs once: whatever it does not compute now, it never will. So keys
                // that another process computes are waited for only when there is nothing else.
                let (mine, held) = if mine.is_empty() {
                    work.wait_turn(held, work.patience()).await
                } else {
                    (mine, held)
                };
                let mut leads: Vec<_> = mine.into_iter().chain(held.leads).collect();
                leads.sort_by_key(|lead| lead.index);
                if !leads.is_empty() {
                    let texts = leads.iter().map(|lead| lead.text.clone()).collect();
                    let keys = work.lease_keys(&leads);
                    let compute = core.run_once(once, &work.expected, texts);
                    let vectors = work.while_renewing(&keys, compute).await;
                    let done = work.settle(leads, vectors).await;
                    work.store_and_publish(done).await;
                }
            }
        }
    }
}

/// What the steps of a job share.
pub(super) struct Work<'w> {
    pub(super) core: &'w Arc<Core>,
    pub(super) call: &'w Call,
    pub(super) expected: Expected,
    pub(super) store: bool,
}

impl Work<'_> {
    /// Keys that another flight may have filled between this call's read and its own flight.
    async fn look_again(&self, leads: Vec<Lead>) -> Vec<Lead> {
        let unread = self.call.mode == Mode::Refresh || !self.store_is_readable();
        if unread || !leads.iter().any(|lead| lead.guard.must_look_again()) {
            return leads;
        }
        self.publish_found(leads).await
    }

    fn store_is_readable(&self) -> bool {
        self.store || self.call.mode == Mode::ReadOnly
    }

    /// Reads the leads' keys once more, publishes what is fresh and returns the rest.
    pub(super) async fn publish_found(&self, leads: Vec<Lead>) -> Vec<Lead> {
        let keys: Vec<_> = leads.iter().map(|lead| lead.key().clone()).collect();
        let Ok(values) = self.core.get_many(&keys, &self.core.what_is_there()).await else {
            return leads; // Computing is always right; the failure shows on the next read.
        };
        let (mut found, mut entries, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for (lead, value) in leads.into_iter().zip(values) {
            match self.core.judge(self.call, lead.key(), value) {
                Found::Fresh(entry) => {
                    found.push(lead);
                    entries.push(entry);
                }
                _ => missing.push(lead),
            }
        }
        self.release(&found).await;
        for (lead, entry) in found.into_iter().zip(entries) {
            lead.publish(Ok(Computed::elsewhere(entry)));
        }
        missing
    }

    /// Computes with the provider, within its limits, several calls at a time.
    async fn provide(&self, provider: &dyn EmbeddingProvider, leads: Vec<Lead>) {
        if leads.is_empty() {
            return;
        }
        let keys = self.lease_keys(&leads);
        self.while_renewing(&keys, self.provide_parts(provider, leads)).await;
    }

    async fn provide_parts(&self, provider: &dyn EmbeddingProvider, leads: Vec<Lead>) {
        let limits = provider.limits();
        let parts = split(leads, provider, &limits);
        let asked = parts.into_iter().map(|part| self.provide_part(provider, part));
        let mut replies =
            futures_util::stream::iter(asked).buffer_unordered(limits.max_concurrency);
        let (mut done, mut due) = (Vec::new(), Instant::now());
        loop {
            tokio::select! {
                reply = replies.next() => {
                    let Some((leads, vectors)) = reply else { break };
                    if done.is_empty() {
                        due = Instant::now() + WRITE_EVERY;
                    }
                    done.extend(self.settle(leads, vectors).await);
                }
                () = tokio::time::sleep_until(due), if !done.is_empty() => {
                    self.store_and_publish(std::mem::take(&mut done)).await;
                }
            }
        }
        self.store_and_publish(done).await;
    }

    async fn provide_part(
        &self,
        provider: &dyn EmbeddingProvider,
        leads: Vec<Lead>,
    ) -> (Vec<Lead>, Vectors) {
        let texts: Vec<&str> = leads.iter().map(|lead| lead.text.as_str()).collect();
        let (_, vectors) =
            self.core.ask_provider(provider, self.call, &self.expected, &texts).await;
        (leads, vectors)
    }

    /// Waits for keys that another process computes, and takes over those that it gives up.
    async fn follow(&self, provider: &dyn EmbeddingProvider, mut held: Held) {
        let patience = self.patience();
        while !held.leads.is_empty() {
            let (mine, others) = self.wait_turn(held, patience).await;
            self.provide(provider, mine).await;
            held = others;
        }
    }

    /// Publishes failures, gives up their leases and returns the rest.
    async fn settle(&self, leads: Vec<Lead>, vectors: Vectors) -> Vec<Done> {
        let vectors = match vectors {
            Ok(vectors) => vectors,
            Err(error) => {
                self.release(&leads).await;
                let error =
                    Error::from(blame(error, |input| leads.get(input).map(|lead| lead.index)));
                leads.into_iter().for_each(|lead| lead.publish(Err(error.clone())));
                return Vec::new();
            }
        };
        let (mut done, mut failed, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (lead, vector) in leads.into_iter().zip(vectors) {
            match vector {
                Ok(fresh) => done.push(Done { lead, fresh }),
                Err(error) => {
                    errors.push(error.with_input(lead.index));
                    failed.push(lead);
                }
            }
        }
        self.release(&failed).await;
        for (lead, error) in failed.into_iter().zip(errors) {
            lead.publish(Err(error.into()));
        }
        done
    }
}

/// Turns the index within the provider's call into the index within the caller's.
pub(super) fn blame(
    error: ProviderError,
    index_of: impl Fn(usize) -> Option<usize>,
) -> ProviderError {
    match error.input().and_then(index_of) {
        Some(index) => error.with_input(index),
        None => error,
    }
}

fn split(
    leads: Vec<Lead>,
    provider: &dyn EmbeddingProvider,
    limits: &cache_core::ProviderLimits,
) -> Vec<Vec<Lead>> {
    let texts: Vec<&str> = leads.iter().map(|lead| lead.text.as_str()).collect();
    let parts = split_by_limits(&texts, limits, |text| provider.count_tokens(text));
    let mut leads = leads.into_iter();
    parts.into_iter().map(|part| leads.by_ref().take(part.len()).collect()).collect()
}
