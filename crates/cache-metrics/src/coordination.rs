//! Leases and counters of a wrapped store.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cache_core::{
    CacheError, CacheKey, Counters, ErrorKind, LeaseOutcome, LeaseRequest, LeaseToken, Leases,
    Namespace, Wakeup,
};

use crate::MeteredBackend;
use crate::operation::Operation;

impl MeteredBackend {
    fn inner_leases(&self) -> Result<&dyn Leases, CacheError> {
        let none = || CacheError::new(ErrorKind::Unsupported, "the wrapped store has no leases");
        self.inner.leases().ok_or_else(none)
    }

    fn inner_counters(&self) -> Result<&dyn Counters, CacheError> {
        let none = || CacheError::new(ErrorKind::Unsupported, "the wrapped store has no counters");
        self.inner.counters().ok_or_else(none)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Leases for MeteredBackend {
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        let call = self.inner_leases()?.get_or_lease_many(keys, request);
        let outcomes = self.measured(Operation::Lease, keys.len(), call).await?;
        self.count_read(outcomes.iter().filter_map(|outcome| match outcome {
            LeaseOutcome::Value(value) => Some(value),
            _ => None,
        }));
        Ok(outcomes)
    }

    async fn renew_leases(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<bool>, CacheError> {
        let call = self.inner_leases()?.renew_leases(keys, request);
        self.measured(Operation::RenewLeases, keys.len(), call).await
    }

    async fn release_leases(&self, keys: &[CacheKey], token: LeaseToken) -> Result<(), CacheError> {
        let call = self.inner_leases()?.release_leases(keys, token);
        self.measured(Operation::ReleaseLeases, keys.len(), call).await
    }

    /// Not measured: it lasts as long as somebody else computes.
    async fn changed(&self, keys: &[CacheKey]) -> Wakeup {
        match self.inner.leases() {
            Some(leases) => leases.changed(keys).await,
            None => Wakeup::Unknown,
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Counters for MeteredBackend {
    async fn add_counters(
        &self,
        namespace: &Namespace,
        deltas: &[(&str, i64)],
    ) -> Result<(), CacheError> {
        let call = self.inner_counters()?.add_counters(namespace, deltas);
        self.measured(Operation::AddCounters, 0, call).await
    }

    async fn read_counters(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, i64>, CacheError> {
        let call = self.inner_counters()?.read_counters(namespace);
        self.measured(Operation::ReadCounters, 0, call).await
    }

    async fn reset_counters(&self, namespace: &Namespace) -> Result<(), CacheError> {
        let call = self.inner_counters()?.reset_counters(namespace);
        self.measured(Operation::ResetCounters, 0, call).await
    }
}
