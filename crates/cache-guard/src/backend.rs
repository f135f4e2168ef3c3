//! The guarded backend.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    BackendInfo, BackendStatus, CacheBackend, CacheError, CacheKey, Capabilities, ClearOptions,
    ClearProgress, Counters, DiagnoseOptions, ErrorKind, Finding, GetOptions, Leases, Namespace,
    PutEntry, PutOptions, StoredValue, Ttl, Usage,
};
use tokio::sync::watch;

use crate::call::{Call, Late, Shared};
use crate::counts::Counts;
use crate::gate::Gate;
use crate::queue::{Found, Queue};
use crate::{GuardOptions, GuardSnapshot, GuardState, Operation, queue};

/// Any backend, made harmless: see the crate's description. Clones share budgets, breakers and
/// queue.
///
/// # Errors
/// Those of the backend behind it. A call that is over its budget gives
/// [`Timeout`](cache_core::ErrorKind::Timeout). While the store is left alone, calls give
/// [`Unavailable`](cache_core::ErrorKind::Unavailable) at once, and writes and leases
/// [`Full`](cache_core::ErrorKind::Full) or [`ReadOnly`](cache_core::ErrorKind::ReadOnly) where that
/// is why.
///
/// # Cancellation
/// As the backend's behind it. A call over its budget is no longer waited for and goes on for five
/// seconds at most; additions to counters are dropped.
///
/// All methods must be called within a Tokio runtime with time.
#[derive(Debug, Clone)]
pub struct GuardedBackend {
    pub(crate) shared: Arc<Shared>,
}

/// A backend, and the guard that was put in front of it.
#[derive(Debug, Clone)]
pub struct Guarded {
    /// The backend to use.
    pub backend: Arc<dyn CacheBackend>,
    /// The guard in it, if one was put there.
    pub guard: Option<GuardedBackend>,
}

/// Puts a guard in front of a backend, where one is wanted and the backend is not
/// [guarded](cache_core::Capabilities::guarded) already. For the builders of services.
#[must_use]
pub fn guard(backend: Arc<dyn CacheBackend>, options: Option<GuardOptions>) -> Guarded {
    match options.filter(|_| !backend.capabilities().guarded) {
        None => Guarded { backend, guard: None },
        Some(options) => {
            let guard = GuardedBackend::with_options(backend, options);
            Guarded { backend: Arc::new(guard.clone()), guard: Some(guard) }
        }
    }
}

impl GuardedBackend {
    /// A guard with the default options in front of this backend.
    #[must_use]
    pub fn new(backend: Arc<dyn CacheBackend>) -> Self {
        Self::with_options(backend, GuardOptions::default())
    }

    /// A guard in front of this backend.
    #[must_use]
    pub fn with_options(backend: Arc<dyn CacheBackend>, options: GuardOptions) -> Self {
        let counts = Arc::new(Counts::default());
        let gate = Arc::new(Gate::new(&options, Arc::clone(&counts)));
        let queue = options.write_behind.filter(|_| !options.strict).map(Queue::new);
        Self { shared: Arc::new(Shared { inner: backend, options, counts, gate, queue }) }
    }

    /// Where the breakers stand. They move with the calls: one that is open stays so until a call
    /// comes after its pause and succeeds.
    #[must_use]
    pub fn state(&self) -> GuardState {
        self.shared.gate.state()
    }

    /// Shows each change of [`state`](Self::state), the latest first.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<GuardState> {
        self.shared.gate.watch()
    }

    /// What has failed, by operation and cause, and how the queue is.
    #[must_use]
    pub fn snapshot(&self) -> GuardSnapshot {
        self.shared.counts.snapshot(self.shared.queue.as_ref().map(Queue::snapshot))
    }

    /// The backend behind the guard.
    #[must_use]
    pub fn inner(&self) -> &Arc<dyn CacheBackend> {
        &self.shared.inner
    }

    /// Waits until the queue is written, for so long at most, and drops what is left: for the end of
    /// a program.
    ///
    /// # Errors
    /// When writes were lost, then or before that in this call; the message says how many.
    pub async fn drain(&self, deadline: Duration) -> Result<(), CacheError> {
        let Some(queue) = &self.shared.queue else { return Ok(()) };
        queue.drain(deadline).await
    }

    /// What the queue knows of each key, in another form; `None` when it knows nothing.
    pub(crate) fn queued<T>(
        &self,
        keys: &[CacheKey],
        form: impl Fn(Found) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        let known = self.shared.queue.as_ref()?.look_up(keys)?;
        Some(known.into_iter().map(|found| found.and_then(&form)).collect())
    }

    /// One result for each key: what is known of it, or else what the store says.
    pub(crate) async fn complete<K: Clone, T, F: Future<Output = Result<Vec<T>, CacheError>>>(
        &self,
        keys: &[K],
        known: Option<Vec<Option<T>>>,
        ask: impl FnOnce(Vec<K>) -> F,
    ) -> Result<Vec<T>, CacheError> {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let Some(known) = known else { return ask(keys.to_vec()).await };
        let rest = keys.iter().zip(&known).filter(|(_, known)| known.is_none());
        let rest: Vec<_> = rest.map(|(key, _)| key.clone()).collect();
        let asked = if rest.is_empty() { vec![] } else { ask(rest).await? };
        let mut asked = asked.into_iter();
        let result = |known: Option<T>| known.or_else(|| asked.next()).ok_or_else(too_few);
        known.into_iter().map(result).collect()
    }

    /// For what is about everything that was put: as far as the store takes it now.
    async fn flush_first(&self) {
        if let Some(queue) = &self.shared.queue
            && let Err(error) = queue.flush().await
        {
            tracing::debug!(%error, "going on without what is queued");
        }
    }

    /// A call about the store itself: never left out.
    async fn admin<T: Send + 'static>(&self, call: Call<T>) -> Result<T, CacheError> {
        let budget = self.shared.options.budgets.admin;
        self.shared.call(Operation::Admin, budget, Late::GoOn, |_| false, call).await
    }

    /// Takes writes of these keys out of the queue, and waits for those under way. Says for each
    /// whether the queue had it.
    async fn settle(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        let Some(queue) = &self.shared.queue else { return Ok(vec![false; keys.len()]) };
        let settled = queue.settle(keys, self.shared.options.budgets.admin).await?;
        for (key, token) in settled.leases {
            // One that could not be given up ends by itself; the failure is counted.
            let _ = self.shared.release(vec![key], token).await;
        }
        Ok(settled.had)
    }
}

#[async_trait]
impl CacheBackend for GuardedBackend {
    fn info(&self) -> BackendInfo {
        self.shared.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        let inner = self.shared.inner.capabilities();
        // The queue holds bytes, so that its bound is one.
        let as_it_goes = inner.writes_as_it_goes && self.shared.queue.is_none();
        inner.with_guarded(true).with_writes_as_it_goes(as_it_goes)
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        let queued = self.queued(keys, Some);
        self.complete(keys, queued, |rest| self.shared.get(rest, options.clone())).await
    }

    fn read_local(&self, key: &CacheKey, read: &mut dyn FnMut(&StoredValue)) -> bool {
        match self.shared.queue.as_ref().and_then(|queue| queue.value(key)) {
            Some(Some(value)) => {
                read(&value);
                true
            }
            Some(None) => false,
            None => self.shared.inner.read_local(key, read),
        }
    }

    fn attach_decoded(&self, key: &CacheKey, value: &StoredValue) {
        // What is queued is newer than what the value was read from.
        if self.shared.queue.as_ref().and_then(|queue| queue.value(key)).is_none() {
            self.shared.inner.attach_decoded(key, value);
        }
    }

    /// With a queue: returns as soon as the entries are in it. Their TTL counts from now.
    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        if entries.is_empty() {
            return Ok(());
        }
        let Some(queue) = &self.shared.queue else {
            return self.shared.put(entries.to_vec(), options.clone()).await;
        };
        if let Some(refused) = self.shared.gate.refused_write() {
            self.shared.counts.refused(Operation::Put);
            return Err(refused);
        }
        if queue.can_never_hold(entries) {
            let keys: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
            self.settle(&keys).await?;
            return self.shared.put(entries.to_vec(), options.clone()).await;
        }
        if self.shared.is_too_large(entries) {
            let message = "a value is larger than the store takes: do not cache it";
            return Err(CacheError::new(ErrorKind::InvalidInput, message));
        }
        queue.push(entries, options)?;
        queue::work(&self.shared);
        Ok(())
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        let queued = self.settle(keys).await?;
        let (inner, keys) = (Arc::clone(&self.shared.inner), keys.to_vec());
        let removed = self.admin(Box::pin(async move { inner.remove_many(&keys).await })).await?;
        Ok(queued.into_iter().zip(removed).map(|(queued, removed)| queued || removed).collect())
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        let queued = self.queued(keys, |found| Some(found.is_some()));
        self.complete(keys, queued, |rest| self.shared.contains(rest)).await
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        let queued = match &self.shared.queue {
            Some(queue) => Some(queue.touch(keys, self.shared.options.budgets.admin).await?),
            None => None,
        };
        self.complete(keys, queued, |rest| self.shared.touch(rest)).await
    }

    /// What is queued is written first: what could not be is dropped, so that it does not come back.
    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        if let Some(queue) = &self.shared.queue {
            self.flush_first().await;
            queue.settle_namespace(namespace, self.shared.options.budgets.admin).await?;
        }
        let inner = Arc::clone(&self.shared.inner);
        let (namespace, options) = (namespace.clone(), options.clone());
        self.admin(Box::pin(async move { inner.clear(&namespace, progress, &options).await })).await
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        self.flush_first().await;
        let (inner, namespace) = (Arc::clone(&self.shared.inner), namespace.clone());
        self.admin(Box::pin(async move { inner.usage(&namespace).await })).await
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        let inner = Arc::clone(&self.shared.inner);
        self.admin(Box::pin(async move { inner.status().await })).await
    }

    async fn diagnose(&self, options: &DiagnoseOptions) -> Result<Vec<Finding>, CacheError> {
        let (inner, options) = (Arc::clone(&self.shared.inner), options.clone());
        self.admin(Box::pin(async move { inner.diagnose(&options).await })).await
    }

    /// Waits for the queue, for [`WriteBehind::flush`](crate::WriteBehind::flush) at most. What is
    /// left then is still written.
    async fn flush(&self) -> Result<(), CacheError> {
        if let Some(queue) = &self.shared.queue {
            queue.flush().await?;
        }
        self.shared.inner.flush().await
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.shared.inner.leases().map(|_| self as &dyn Leases)
    }

    fn counters(&self) -> Option<&dyn Counters> {
        self.shared.inner.counters().map(|_| self as &dyn Counters)
    }
}

impl Shared {
    fn is_too_large(&self, entries: &[PutEntry]) -> bool {
        let most = self.inner.capabilities().max_value_bytes;
        entries.iter().any(|entry| entry.value.size_hint() as u64 > most)
    }

    async fn get(
        &self,
        keys: Vec<CacheKey>,
        options: GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        let budget = self.options.budgets.grown(self.options.budgets.read, keys.len(), 0);
        let inner = Arc::clone(&self.inner);
        let call = Box::pin(async move { inner.get_many(&keys, &options).await });
        self.call(Operation::Get, budget, Late::GoOn, |_| false, call).await
    }

    async fn put(&self, entries: Vec<PutEntry>, options: PutOptions) -> Result<(), CacheError> {
        let bytes = entries.iter().map(|entry| entry.value.size_hint()).sum();
        let budget = self.options.budgets.grown(self.options.budgets.write, entries.len(), bytes);
        let inner = Arc::clone(&self.inner);
        let call = Box::pin(async move { inner.put_many(&entries, &options).await });
        self.call(Operation::Put, budget, Late::GoOn, |()| true, call).await
    }

    async fn contains(&self, keys: Vec<CacheKey>) -> Result<Vec<bool>, CacheError> {
        let budget = self.options.budgets.grown(self.options.budgets.read, keys.len(), 0);
        let inner = Arc::clone(&self.inner);
        let call = Box::pin(async move { inner.contains_many(&keys).await });
        self.call(Operation::Contains, budget, Late::GoOn, |_| false, call).await
    }

    async fn touch(&self, keys: Vec<(CacheKey, Ttl)>) -> Result<Vec<bool>, CacheError> {
        let budget = self.options.budgets.grown(self.options.budgets.write, keys.len(), 0);
        let inner = Arc::clone(&self.inner);
        let call = Box::pin(async move { inner.touch_many(&keys).await });
        self.call(Operation::Touch, budget, Late::GoOn, |_| false, call).await
    }
}

fn too_few() -> CacheError {
    CacheError::new(ErrorKind::Other, "the store answered for fewer keys than it was asked for")
}
