//! Counts that all processes share.

use std::sync::{Arc, Weak};

use cache_core::{CacheBackend, CacheError, Namespace};

use super::Core;
use crate::stats::Statistics;

impl Core {
    /// Arranges that the counts are shared soon. Called after something was counted.
    pub(crate) fn share_later(self: &Arc<Self>) {
        if !self.recorder.becomes_dirty() {
            return;
        }
        let Some(interval) = self.config.share_statistics_every else { return };
        if self.backend.counters().is_some() {
            let core = Arc::downgrade(self);
            tokio::spawn(async move {
                tokio::time::sleep(interval).await;
                if let Some(core) = Weak::upgrade(&core)
                    && let Err(error) = core.share_statistics().await
                {
                    Self::store_failed("share statistics", &error);
                }
            });
        }
    }

    /// Adds the counts of this process to those of all.
    pub(crate) async fn share_statistics(&self) -> Result<(), CacheError> {
        let Some(counters) = self.backend.counters() else { return Ok(()) };
        let unshared = self.recorder.take_unshared();
        let deltas = unshared.to_counters();
        if deltas.is_empty() {
            return Ok(());
        }
        let result = counters.add_counters(&self.config.namespace, &deltas).await;
        if result.is_err() {
            self.recorder.give_back(&unshared);
        }
        result
    }
}

impl Statistics {
    /// What the response caches of all processes have done in a namespace of this store; `None` when
    /// it has no counters.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn shared(
        backend: &dyn CacheBackend,
        namespace: &Namespace,
    ) -> Result<Option<Self>, CacheError> {
        let Some(counters) = backend.counters() else { return Ok(None) };
        Ok(Some(Self::from_counters(&counters.read_counters(namespace).await?)))
    }
}

impl Drop for Core {
    /// A last chance for counts that have not been shared: only where a runtime still runs.
    fn drop(&mut self) {
        let unshared = self.recorder.take_unshared();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.config.share_statistics_every.is_none() || unshared == Statistics::default() {
            return;
        }
        let (backend, namespace) = (Arc::clone(&self.backend), self.config.namespace.clone());
        runtime.spawn(async move {
            if let Some(counters) = backend.counters()
                && let Err(error) = counters.add_counters(&namespace, &unshared.to_counters()).await
            {
                Self::store_failed("share statistics", &error);
            }
        });
    }
}
