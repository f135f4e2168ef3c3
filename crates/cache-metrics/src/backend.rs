//! The wrapper of a store.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    BackendInfo, BackendStatus, CacheBackend, CacheError, CacheKey, Capabilities, ClearOptions,
    ClearProgress, Counters, DiagnoseOptions, Finding, GetOptions, Leases, Namespace, PutEntry,
    PutOptions, StoredValue, Ttl, Usage,
};
use tracing::{Instrument, Span, field};

use crate::operation::{Operation, StoreKeys};
use crate::record;
use crate::watch::{OK, Watch};

/// A store whose operations are counted and measured: any other one, wrapped.
///
/// Everything goes to the wrapped store as it is, and its answers come back as they are. The label
/// `store` is the store's kind: `redis`, `embedded`, `memory`, …
///
/// # Outcomes
/// `ok`, the stable name of the [`ErrorKind`](cache_core::ErrorKind) of an error, or `dropped` where
/// the caller went away before there was an answer: that is what a time limit around the store looks
/// like from here.
///
/// # What is not measured
/// Values that are shown by [`read_local`](CacheBackend::read_local) are counted without their time:
/// reading a clock would take as long as they do.
#[derive(Debug, Clone)]
pub struct MeteredBackend {
    pub(crate) inner: Arc<dyn CacheBackend>,
    keys: Arc<StoreKeys>,
}

impl MeteredBackend {
    /// Measures what this store does.
    #[must_use]
    pub fn new(inner: Arc<dyn CacheBackend>) -> Self {
        let keys = Arc::new(StoreKeys::new(inner.info().kind));
        Self { inner, keys }
    }

    /// Carries out an operation on so many keys.
    pub(crate) async fn measured<T>(
        &self,
        operation: Operation,
        keys: usize,
        call: impl Future<Output = Result<T, CacheError>> + Send,
    ) -> Result<T, CacheError> {
        if keys > 0 {
            record::count(self.keys.keys(operation), keys as u64);
        }
        let mut watch = Watch::new(self.span(operation, keys), |outcome, time: Duration| {
            self.keys.with_seconds(operation, outcome, |key| record::observe(key, time));
        });
        let result = call.instrument(watch.span().clone()).await;
        watch.end(result.as_ref().map_or_else(|error| error.kind().as_str(), |_| OK));
        result
    }

    fn span(&self, operation: Operation, keys: usize) -> Span {
        let (store, operation) = (self.keys.store, operation.as_str());
        tracing::debug_span!("cache_store", store, operation, keys, outcome = field::Empty)
    }

    /// Counts the bytes of values that came.
    pub(crate) fn count_read<'a>(&self, values: impl Iterator<Item = &'a StoredValue>) {
        let bytes: usize = values.map(StoredValue::size_hint).sum();
        if bytes > 0 {
            record::count(&self.keys.read_bytes, bytes as u64);
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl CacheBackend for MeteredBackend {
    fn info(&self) -> BackendInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        let call = self.inner.get_many(keys, options);
        let found = self.measured(Operation::Get, keys.len(), call).await?;
        self.count_read(found.iter().flatten());
        Ok(found)
    }

    fn read_local(&self, key: &CacheKey, read: &mut dyn FnMut(&StoredValue)) -> bool {
        let shown = self.inner.read_local(key, read);
        if shown {
            record::count(self.keys.keys(Operation::ReadLocal), 1);
        }
        shown
    }

    fn attach_decoded(&self, key: &CacheKey, value: &StoredValue) {
        self.inner.attach_decoded(key, value);
    }

    async fn flush(&self) -> Result<(), CacheError> {
        self.inner.flush().await // What is written by it is measured as it is put.
    }

    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        let call = self.inner.put_many(entries, options);
        self.measured(Operation::Put, entries.len(), call).await?;
        // Only now are values made that were deferred.
        let bytes: usize = entries.iter().map(|entry| entry.value.size_hint()).sum();
        record::count(&self.keys.written_bytes, bytes as u64);
        Ok(())
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        self.measured(Operation::Remove, keys.len(), self.inner.remove_many(keys)).await
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        self.measured(Operation::Contains, keys.len(), self.inner.contains_many(keys)).await
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        self.measured(Operation::Touch, keys.len(), self.inner.touch_many(keys)).await
    }

    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        let call = self.inner.clear(namespace, progress, options);
        self.measured(Operation::Clear, 0, call).await
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        self.measured(Operation::Usage, 0, self.inner.usage(namespace)).await
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        self.measured(Operation::Status, 0, self.inner.status()).await
    }

    async fn diagnose(&self, options: &DiagnoseOptions) -> Result<Vec<Finding>, CacheError> {
        self.measured(Operation::Diagnose, 0, self.inner.diagnose(options)).await
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.inner.leases().map(|_| self as &dyn Leases)
    }

    fn counters(&self) -> Option<&dyn Counters> {
        self.inner.counters().map(|_| self as &dyn Counters)
    }
}
