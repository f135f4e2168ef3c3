//! Leases go to the wrapped store; the values that come instead are opened.

use async_trait::async_trait;
use cache_core::{
    CacheError, CacheKey, ErrorKind, LeaseOutcome, LeaseRequest, LeaseToken, Leases, Wakeup,
};

use crate::EncryptedBackend;

impl EncryptedBackend {
    fn inner_leases(&self) -> Result<&dyn Leases, CacheError> {
        let none = || CacheError::new(ErrorKind::Unsupported, "the wrapped store has no leases");
        self.inner.leases().ok_or_else(none)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Leases for EncryptedBackend {
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        let mut outcomes = self.inner_leases()?.get_or_lease_many(keys, request).await?;
        let found = keys.iter().zip(&outcomes).filter_map(|(key, outcome)| match outcome {
            LeaseOutcome::Value(value) => Some((key.clone(), Some(value.clone()))),
            _ => None,
        });
        let opened = self.open_all(found.collect()).await;
        let values = outcomes.iter_mut().filter(|it| matches!(it, LeaseOutcome::Value(_)));
        for (outcome, opened) in values.zip(opened) {
            *outcome = opened.map_or(LeaseOutcome::Acquired, LeaseOutcome::Value);
        }
        Ok(outcomes)
    }

    async fn renew_leases(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<bool>, CacheError> {
        self.inner_leases()?.renew_leases(keys, request).await
    }

    async fn release_leases(&self, keys: &[CacheKey], token: LeaseToken) -> Result<(), CacheError> {
        self.inner_leases()?.release_leases(keys, token).await
    }

    async fn changed(&self, keys: &[CacheKey]) -> Wakeup {
        match self.inner.leases() {
            Some(leases) => leases.changed(keys).await,
            None => Wakeup::Unknown,
        }
    }
}
