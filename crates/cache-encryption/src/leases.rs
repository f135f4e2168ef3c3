//! Leases go to the wrapped store; the values that come instead are opened.

use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    CacheError, CacheKey, ErrorKind, LeaseOutcome, LeaseRequest, LeaseToken, Leases, Wakeup,
};

use crate::EncryptedBackend;

/// When to ask again after somebody has just stored, once more, what does not open.
const AGAIN: Duration = Duration::from_millis(1);

impl EncryptedBackend {
    fn inner_leases(&self) -> Result<&dyn Leases, CacheError> {
        let none = || CacheError::new(ErrorKind::Unsupported, "the wrapped store has no leases");
        self.inner.leases().ok_or_else(none)
    }

    /// The outcomes with their values opened; none where a value does not open.
    async fn open_outcomes(
        &self,
        keys: &[CacheKey],
        outcomes: Vec<LeaseOutcome>,
    ) -> Vec<Option<LeaseOutcome>> {
        let found = keys.iter().zip(&outcomes).filter_map(|(key, outcome)| match outcome {
            LeaseOutcome::Value(value) => Some((key.clone(), Some(value.clone()))),
            _ => None,
        });
        let mut opened = self.open_all(found.collect()).await.into_iter();
        let open = |outcome| match outcome {
            LeaseOutcome::Value(_) => opened.next().flatten().map(LeaseOutcome::Value),
            outcome => Some(outcome),
        };
        outcomes.into_iter().map(open).collect()
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Leases for EncryptedBackend {
    /// A value that does not open is removed, and its lease asked for once more: in two further round
    /// trips, of all such keys together.
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        let leases = self.inner_leases()?;
        let outcomes = leases.get_or_lease_many(keys, request).await?;
        let mut outcomes = self.open_outcomes(keys, outcomes).await;
        let unopened: Vec<_> = (0..keys.len()).filter(|&i| outcomes[i].is_none()).collect();
        if !unopened.is_empty() {
            let keys: Vec<_> = unopened.iter().map(|&index| keys[index].clone()).collect();
            self.inner.remove_many(&keys).await?;
            let again = leases.get_or_lease_many(&keys, request).await?;
            let again = self.open_outcomes(&keys, again).await;
            for (index, outcome) in unopened.into_iter().zip(again) {
                outcomes[index] = outcome;
            }
        }
        let held = || LeaseOutcome::Held(AGAIN);
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(held)).collect())
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
