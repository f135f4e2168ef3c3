//! Counts that all processes share.

use std::sync::Arc;
use std::time::Duration;

use cache_core::stats::{SharesCounts, Unshared};
use cache_core::{CacheBackend, CacheError, Namespace};

use super::Core;
use crate::stats::Statistics;

impl SharesCounts for Core {
    type Tally = Statistics;

    fn counted(&self) -> Statistics {
        self.recorder.snapshot()
    }

    fn unshared(&self) -> &Unshared<Statistics> {
        self.recorder.unshared()
    }

    fn counting_store(&self) -> &Arc<dyn CacheBackend> {
        &self.backend
    }

    fn counted_for(&self) -> &Namespace {
        &self.config.namespace
    }

    fn share_every(&self) -> Option<Duration> {
        self.config.share_statistics_every
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
    fn drop(&mut self) {
        self.share_the_rest();
    }
}
