//! Counts that all processes of a namespace share.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Tally;
use crate::{CacheBackend, CacheError, Namespace};

/// The live counters of a service.
pub trait Live: Send + Sync + 'static {
    /// Their counts at one moment.
    type Tally: Tally;

    /// The counts now.
    fn snapshot(&self) -> Self::Tally;
}

/// The live counters of a service, whose counts it adds to those that the store keeps for all
/// processes.
///
/// Counting goes on without a lock; only those who share take turns. Each count is added at most
/// once: those that the store refused are added the next time, those of a call that was dropped half
/// way are not. Nothing here runs by itself, as it has no runtime: the service awaits what it is
/// given.
#[derive(Debug)]
pub struct SharedCounts<C: Live> {
    live: C,
    backend: Arc<dyn CacheBackend>,
    namespace: Namespace,
    /// What the store has got of this process.
    shared: Mutex<C::Tally>,
    /// Whether a sharing is under way or arranged: set by the first event after the last one.
    dirty: AtomicBool,
}

impl<C: Live> Deref for SharedCounts<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.live
    }
}

impl<C: Live> SharedCounts<C> {
    /// Counts that are shared in this namespace of this store, if it has counters.
    pub fn new(live: C, backend: Arc<dyn CacheBackend>, namespace: Namespace) -> Self {
        let (shared, dirty) = (Mutex::default(), AtomicBool::new(false));
        Self { live, backend, namespace, shared, dirty }
    }

    /// The counts of this process now.
    pub fn snapshot(&self) -> C::Tally {
        self.live.snapshot()
    }

    /// To be called after something was counted: what is to be awaited after a while, or dropped. It
    /// holds nothing alive. There is one after the first event since the last sharing.
    pub fn due(
        self: &Arc<Self>,
    ) -> Option<impl Future<Output = Result<(), CacheError>> + Send + use<C>> {
        let due = !self.dirty.load(Ordering::Relaxed)
            && !self.dirty.swap(true, Ordering::Relaxed)
            && self.backend.counters().is_some();
        due.then(|| {
            let counts = Arc::downgrade(self);
            async move {
                match counts.upgrade() {
                    Some(counts) => counts.share().await,
                    None => Ok(()),
                }
            }
        })
    }

    /// Adds what this process has counted since the last time to the counts of all.
    ///
    /// # Errors
    /// When the store fails; the counts are kept for another try.
    pub async fn share(&self) -> Result<(), CacheError> {
        let Some(counters) = self.backend.counters() else { return Ok(()) };
        let unshared = self.take();
        let deltas = unshared.to_counters();
        if deltas.is_empty() {
            return Ok(());
        }
        let added = counters.add_counters(&self.namespace, &deltas).await;
        if added.is_err() {
            self.give_back(&unshared);
        }
        added
    }

    /// To be called when the service goes: what adds the rest, if there is any. It fails when the
    /// store fails, and the rest is lost then.
    pub fn rest(&self) -> Option<impl Future<Output = Result<(), CacheError>> + Send + use<C>> {
        let deltas = self.take().to_counters();
        if deltas.is_empty() {
            return None;
        }
        let (backend, namespace) = (Arc::clone(&self.backend), self.namespace.clone());
        Some(async move {
            match backend.counters() {
                Some(counters) => counters.add_counters(&namespace, &deltas).await,
                None => Ok(()),
            }
        })
    }

    fn shared(&self) -> MutexGuard<'_, C::Tally> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has not been shared yet. It counts as shared from now on, unless it is given back.
    pub(super) fn take(&self) -> C::Tally {
        self.dirty.store(false, Ordering::Relaxed);
        let mut shared = self.shared();
        // Read under the lock: an older snapshot than another caller's would turn `shared` back.
        let now = self.live.snapshot();
        let unshared = now.since(&shared);
        *shared = now;
        unshared
    }

    /// The store did not take them: they are shared the next time.
    pub(super) fn give_back(&self, unshared: &C::Tally) {
        let mut shared = self.shared();
        *shared = shared.since(unshared);
    }
}
