//! Leases behind the guard.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::{
    CacheBackend, CacheError, CacheKey, ErrorKind, LeaseOutcome, LeaseRequest, LeaseToken, Leases,
    Wakeup,
};

use crate::call::{Late, Shared};
use crate::{BreakerState, GuardedBackend, Operation};

fn of(inner: &Arc<dyn CacheBackend>) -> Result<&dyn Leases, CacheError> {
    inner.leases().ok_or_else(|| {
        CacheError::new(ErrorKind::Unsupported, "the store behind the guard has no leases")
    })
}

fn acquired(outcome: &LeaseOutcome) -> bool {
    matches!(outcome, LeaseOutcome::Acquired)
}

#[async_trait]
impl Leases for GuardedBackend {
    /// A value in the queue counts as one in the store. A lease that comes too late is given back.
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        let queued = self.queued(keys, |found| found.map(LeaseOutcome::Value));
        self.complete(keys, queued, |rest| self.shared.lease(rest, *request)).await
    }

    async fn renew_leases(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<bool>, CacheError> {
        let (inner, owned, request) = (Arc::clone(&self.shared.inner), keys.to_vec(), *request);
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let call = Box::pin(async move { of(&inner)?.renew_leases(&owned, &request).await });
        let budgets = &self.shared.options.budgets;
        let budget = budgets.grown(budgets.lease, keys.len(), 0);
        self.shared.call(Operation::Renew, budget, Late::GoOn, |_| false, call).await
    }

    /// Without a budget: whoever waits has bounds of his own. A store that is left alone tells nothing.
    async fn changed(&self, keys: &[CacheKey]) -> Wakeup {
        match self.shared.inner.leases() {
            Some(leases) if self.state().store == BreakerState::Closed => {
                leases.changed(keys).await
            }
            _ => Wakeup::Unknown,
        }
    }

    /// After the writes that are queued: who is given the lease next is to find what was written
    /// under it. When that takes longer than the budget, or the store is left alone, this returns
    /// and the leases are given up later.
    async fn release_leases(&self, keys: &[CacheKey], token: LeaseToken) -> Result<(), CacheError> {
        if keys.is_empty() {
            return Ok(());
        }
        if let Some(queue) = &self.shared.queue
            && queue.push_release(keys, token)
        {
            if self.state().store == BreakerState::Closed {
                queue.wait(self.shared.options.budgets.lease).await;
            }
            return Ok(());
        }
        self.shared.release(keys.to_vec(), token).await
    }
}

impl Shared {
    async fn lease(
        &self,
        keys: Vec<CacheKey>,
        request: LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        let budget = self.options.budgets.grown(self.options.budgets.lease, keys.len(), 0);
        let (inner, asked) = (Arc::clone(&self.inner), keys.clone());
        let call = Box::pin(async move { of(&inner)?.get_or_lease_many(&asked, &request).await });
        let inner = Arc::clone(&self.inner);
        let give_back = Late::GiveBack(Box::new(move |outcomes: Vec<LeaseOutcome>| {
            Box::pin(async move {
                let got = keys.into_iter().zip(&outcomes).filter(|(_, got)| acquired(got));
                let got: Vec<_> = got.map(|(key, _)| key).collect();
                if !got.is_empty()
                    && let Ok(leases) = of(&inner)
                    && let Err(error) = leases.release_leases(&got, request.token).await
                {
                    tracing::debug!(%error, "a lease that came too late ends by itself");
                }
            })
        }));
        let wrote = |outcomes: &Vec<LeaseOutcome>| outcomes.iter().any(acquired);
        self.call(Operation::Lease, budget, give_back, wrote, call).await
    }

    pub(crate) async fn release(
        &self,
        keys: Vec<CacheKey>,
        token: LeaseToken,
    ) -> Result<(), CacheError> {
        let budget = self.options.budgets.grown(self.options.budgets.lease, keys.len(), 0);
        let inner = Arc::clone(&self.inner);
        let call = Box::pin(async move { of(&inner)?.release_leases(&keys, token).await });
        self.call(Operation::Release, budget, Late::GoOn, |_| false, call).await
    }
}
