//! Counts that all processes share.

use cache_core::{CacheBackend, CacheError, Namespace};

use super::Core;
use crate::stats::Statistics;

impl Core {
    /// Arranges that the counts are shared soon. Called after something was counted.
    pub(crate) fn share_later(&self) {
        if let Some(interval) = self.config.share_statistics_every
            && let Some(due) = self.recorder.due()
        {
            tokio::spawn(async move {
                tokio::time::sleep(interval).await;
                Self::shared(due.await);
            });
        }
    }

    fn shared(outcome: Result<(), CacheError>) {
        if let Err(error) = outcome {
            Self::store_failed("share statistics", &error);
        }
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
        if self.config.share_statistics_every.is_some()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
            && let Some(rest) = self.recorder.rest()
        {
            runtime.spawn(async move { Self::shared(rest.await) });
        }
    }
}
