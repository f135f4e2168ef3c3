//! A store whose calls are counted, and which fails on demand.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    BackendInfo, BackendStatus, CacheBackend, CacheError, CacheKey, Capabilities, ClearOptions,
    ClearProgress, Counters, ErrorKind, GetOptions, LeaseOutcome, LeaseRequest, LeaseToken, Leases,
    Namespace, PutEntry, PutOptions, StoredValue, Ttl, Usage, Wakeup,
};

/// The operations that are counted: each call is a round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    Get,
    Put,
    Remove,
    Contains,
    Touch,
    Lease,
    Renew,
    Release,
    AddCounters,
    ReadCounters,
}

pub type Calls = BTreeMap<Operation, usize>;

/// A real store behind a counter and, where a test wants it, a fault.
#[derive(Debug)]
pub struct Watched {
    inner: Arc<dyn CacheBackend>,
    calls: Mutex<Calls>,
    /// Operations that fail, after this long.
    faults: Mutex<HashMap<Operation, Duration>>,
    /// TTLs of everything that was written and touched.
    ttls: Mutex<Vec<Ttl>>,
}

impl Watched {
    pub fn new(inner: Arc<dyn CacheBackend>) -> Self {
        Self { inner, calls: Mutex::default(), faults: Mutex::default(), ttls: Mutex::default() }
    }

    /// Calls since the last look, renewals aside: how many there are is a matter of time.
    pub fn take_calls(&self) -> Calls {
        let mut calls = std::mem::take(&mut *self.calls.lock().unwrap());
        calls.remove(&Operation::Renew);
        calls
    }

    pub fn count(&self, operation: Operation) -> usize {
        self.calls.lock().unwrap().get(&operation).copied().unwrap_or(0)
    }

    /// TTLs that were written or touched since the last look.
    pub fn take_ttls(&self) -> Vec<Ttl> {
        std::mem::take(&mut *self.ttls.lock().unwrap())
    }

    /// From now on these fail, after a time as long as a server's silence would take.
    pub fn fail(&self, operations: &[Operation], after: Duration) {
        let faults = operations.iter().map(|operation| (*operation, after));
        self.faults.lock().unwrap().extend(faults);
    }

    pub fn recover(&self) {
        self.faults.lock().unwrap().clear();
    }

    async fn enter(&self, operation: Operation) -> Result<(), CacheError> {
        *self.calls.lock().unwrap().entry(operation).or_default() += 1;
        let fault = self.faults.lock().unwrap().get(&operation).copied();
        let Some(after) = fault else { return Ok(()) };
        tokio::time::sleep(after).await;
        Err(CacheError::new(ErrorKind::Timeout, "the store did not answer"))
    }
}

#[async_trait]
impl CacheBackend for Watched {
    fn info(&self) -> BackendInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities().with_guarded(false) // Its faults are not in time.
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        self.enter(Operation::Get).await?;
        self.inner.get_many(keys, options).await
    }

    /// A read that needs no round trip is counted as one when it finds something: otherwise a real
    /// one follows.
    fn read_local(&self, key: &CacheKey, read: &mut dyn FnMut(&StoredValue)) -> bool {
        let found = !self.faults.lock().unwrap().contains_key(&Operation::Get)
            && self.inner.read_local(key, read);
        if found {
            *self.calls.lock().unwrap().entry(Operation::Get).or_default() += 1;
        }
        found
    }

    fn attach_decoded(&self, key: &CacheKey, value: &StoredValue) {
        self.inner.attach_decoded(key, value);
    }

    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        self.enter(Operation::Put).await?;
        self.ttls.lock().unwrap().extend(entries.iter().map(|entry| entry.ttl));
        self.inner.put_many(entries, options).await
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        self.enter(Operation::Remove).await?;
        self.inner.remove_many(keys).await
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        self.enter(Operation::Contains).await?;
        self.inner.contains_many(keys).await
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        self.enter(Operation::Touch).await?;
        self.ttls.lock().unwrap().extend(keys.iter().map(|(_, ttl)| *ttl));
        self.inner.touch_many(keys).await
    }

    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        self.inner.clear(namespace, progress, options).await
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        self.inner.usage(namespace).await
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        self.inner.status().await
    }

    async fn flush(&self) -> Result<(), CacheError> {
        self.inner.flush().await
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.inner.leases().map(|_| self as &dyn Leases)
    }

    fn counters(&self) -> Option<&dyn Counters> {
        self.inner.counters().map(|_| self as &dyn Counters)
    }
}

#[async_trait]
impl Leases for Watched {
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        self.enter(Operation::Lease).await?;
        self.inner.leases().unwrap().get_or_lease_many(keys, request).await
    }

    async fn renew_leases(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<bool>, CacheError> {
        self.enter(Operation::Renew).await?;
        self.inner.leases().unwrap().renew_leases(keys, request).await
    }

    async fn release_leases(&self, keys: &[CacheKey], token: LeaseToken) -> Result<(), CacheError> {
        self.enter(Operation::Release).await?;
        self.inner.leases().unwrap().release_leases(keys, token).await
    }

    async fn changed(&self, keys: &[CacheKey]) -> Wakeup {
        self.inner.leases().unwrap().changed(keys).await
    }
}

#[async_trait]
impl Counters for Watched {
    async fn add_counters(
        &self,
        namespace: &Namespace,
        deltas: &[(&str, i64)],
    ) -> Result<(), CacheError> {
        self.enter(Operation::AddCounters).await?;
        self.inner.counters().unwrap().add_counters(namespace, deltas).await
    }

    async fn read_counters(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, i64>, CacheError> {
        self.enter(Operation::ReadCounters).await?;
        self.inner.counters().unwrap().read_counters(namespace).await
    }

    async fn reset_counters(&self, namespace: &Namespace) -> Result<(), CacheError> {
        self.inner.counters().unwrap().reset_counters(namespace).await
    }
}
