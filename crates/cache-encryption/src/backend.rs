//! The wrapper of a store of values.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::{
    BackendInfo, BackendStatus, CacheBackend, CacheError, CacheKey, Capabilities, ClearOptions,
    ClearProgress, Counters, DiagnoseOptions, Finding, GetOptions, Leases, Namespace, PutEntry,
    PutOptions, StoredValue, Ttl, Usage,
};

use crate::parallel::{self, FEW_BYTES};
use crate::sealer::{Seal, Sealer};
use crate::{Binding, OVERHEAD_BYTES, PlainValues, SharedKeyring, Statistics};

/// A store whose values are sealed: any other one, wrapped.
///
/// Values are sealed for their key: what is moved, changed, cut or stored by anybody without the
/// ring's keys is a miss, counted in the [statistics](Self::statistics), and never an error. Names,
/// sizes and times of values, leases and counters are what they are in the wrapped store.
///
/// # Concurrency
/// Values are sealed while the wrapped store writes, where it [can wait for
/// them](Capabilities::writes_as_it_goes), and of large batches on Tokio's blocking threads; large
/// ones are opened there as well.
///
/// # Decoded forms
/// The wrapped store is given none, as it would keep them: a store in this process's memory wrapped
/// so keeps its values sealed too.
///
/// # Leases
/// An entry that does not open is a miss with something in the way: whoever asks for its lease has it
/// removed, and holds the lease as of any missing entry. (A process that read the entry, and removes it
/// only after another has computed and stored a new one, has it computed once more.)
#[derive(Debug, Clone)]
pub struct EncryptedBackend {
    pub(crate) inner: Arc<dyn CacheBackend>,
    pub(crate) sealer: Sealer,
}

impl EncryptedBackend {
    /// Seals what goes into this store with the active key of the ring that is in use then.
    #[must_use]
    pub fn new(inner: Arc<dyn CacheBackend>, keys: impl Into<SharedKeyring>) -> Self {
        Self { inner, sealer: Sealer::new(keys.into()) }
    }

    /// Sets what happens to values that are not sealed.
    #[must_use]
    pub fn with_plain_values(mut self, plain: PlainValues) -> Self {
        self.sealer = self.sealer.with_plain_values(plain);
        self
    }

    /// What was sealed and opened since it was made, clones included.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.sealer.statistics()
    }

    /// Opens values that were found under these keys.
    pub(crate) async fn open_all(
        &self,
        found: Vec<(CacheKey, Option<StoredValue>)>,
    ) -> Vec<Option<StoredValue>> {
        let opener = self.sealer.opener();
        let size = |(_, value): &(CacheKey, Option<StoredValue>)| {
            value.as_ref().map_or(0, |value| value.bytes().len())
        };
        parallel::map(found, size, move |(key, value)| {
            let sealed = value.as_ref()?.bytes();
            opener.open(&Binding::Value(key), sealed).map(StoredValue::new)
        })
        .await
    }

    async fn seal_all(&self, entries: &[PutEntry]) -> Result<Vec<PutEntry>, CacheError> {
        let mut seals = self.sealer.seals(entries.len())?;
        let can_wait = self.inner.capabilities().writes_as_it_goes;
        let entries: Vec<_> = entries.iter().map(|entry| (entry.clone(), seals.next())).collect();
        let waits = move |entry: &PutEntry| can_wait && entry.value.size_hint() <= FEW_BYTES;
        // What waits costs nothing here.
        let now = |(entry, _): &(PutEntry, Seal)| {
            if waits(entry) { 0 } else { entry.value.size_hint() }
        };
        let seal = move |(entry, seal): &(PutEntry, Seal)| {
            let PutEntry { key, value, ttl } = entry.clone();
            let (for_key, seal, size) = (key.clone(), seal.clone(), value.size_hint());
            let sealed = move || seal.seal(&Binding::Value(&for_key), value.bytes());
            let value = if waits(entry) {
                StoredValue::deferred(size + OVERHEAD_BYTES, sealed)
            } else {
                StoredValue::new(sealed())
            };
            PutEntry::new(key, value, ttl)
        };
        Ok(parallel::map(entries, now, seal).await)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl CacheBackend for EncryptedBackend {
    fn info(&self) -> BackendInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        let inner = self.inner.capabilities();
        inner
            .with_keeps_decoded(false)
            .with_max_value_bytes(inner.max_value_bytes.saturating_sub(OVERHEAD_BYTES as u64))
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        let found = self.inner.get_many(keys, options).await?;
        Ok(self.open_all(keys.iter().cloned().zip(found).collect()).await)
    }

    /// Shows nothing: opening a value takes longer than this may, and room.
    fn read_local(&self, _key: &CacheKey, _read: &mut dyn FnMut(&StoredValue)) -> bool {
        false
    }

    /// Nothing: decoded forms are plain, and the store is to have none.
    fn attach_decoded(&self, _key: &CacheKey, _value: &StoredValue) {}

    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        let sealed = self.seal_all(entries).await?;
        self.inner.put_many(&sealed, options).await
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        self.inner.remove_many(keys).await
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        self.inner.contains_many(keys).await
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
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

    async fn diagnose(&self, options: &DiagnoseOptions) -> Result<Vec<Finding>, CacheError> {
        self.inner.diagnose(options).await
    }

    async fn flush(&self) -> Result<(), CacheError> {
        self.inner.flush().await
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.inner.leases().map(|_| self as &dyn Leases)
    }

    fn counters(&self) -> Option<&dyn Counters> {
        self.inner.counters()
    }
}
