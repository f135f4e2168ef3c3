//! Adding the counts of this process to those of all, which the store keeps.

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Tally, Unshared};
use crate::{CacheBackend, CacheError, Namespace};

/// A service that shares its counts: what it tells of itself, and what follows from that.
pub trait SharesCounts: Send + Sync + Sized + 'static {
    /// What it counts.
    type Tally: Tally;

    /// What it has counted until now.
    fn counted(&self) -> Self::Tally;

    /// Which of that the store has not got yet.
    fn unshared(&self) -> &Unshared<Self::Tally>;

    /// The store.
    fn counting_store(&self) -> &Arc<dyn CacheBackend>;

    /// Whose counts they are.
    fn counted_for(&self) -> &Namespace;

    /// How long after an event counts are shared; `None` where only [`share`](Self::share) does it.
    fn share_every(&self) -> Option<Duration>;

    /// Arranges that the counts are shared soon. To be called after something was counted, within a
    /// Tokio runtime with time.
    fn share_later(self: &Arc<Self>) {
        if !self.unshared().becomes_dirty() {
            return;
        }
        let Some(interval) = self.share_every() else { return };
        if self.counting_store().counters().is_some() {
            let service = Arc::downgrade(self);
            tokio::spawn(async move {
                tokio::time::sleep(interval).await;
                if let Some(service) = Weak::upgrade(&service)
                    && let Err(error) = service.share().await
                {
                    not_shared(&error);
                }
            });
        }
    }

    /// Adds what is unshared to the counts of all. What the store does not take is shared next time.
    ///
    /// # Errors
    /// When the store fails.
    fn share(&self) -> impl Future<Output = Result<(), CacheError>> + Send {
        async move {
            let Some(counters) = self.counting_store().counters() else { return Ok(()) };
            let taken = self.unshared().take(|| self.counted());
            let deltas = taken.to_counters();
            if deltas.is_empty() {
                return Ok(());
            }
            let result = counters.add_counters(self.counted_for(), &deltas).await;
            if result.is_err() {
                self.unshared().give_back(&taken);
            }
            result
        }
    }

    /// A last chance for what is unshared, when the service is dropped: only where a runtime still
    /// runs, and where counts are shared at all.
    fn share_the_rest(&self) {
        let rest = self.unshared().take(|| self.counted()).to_counters();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.share_every().is_none() || rest.is_empty() {
            return;
        }
        let (store, namespace) = (Arc::clone(self.counting_store()), self.counted_for().clone());
        runtime.spawn(async move {
            if let Some(counters) = store.counters()
                && let Err(error) = counters.add_counters(&namespace, &rest).await
            {
                not_shared(&error);
            }
        });
    }
}

fn not_shared(error: &CacheError) {
    tracing::debug!(
        kind = error.kind().as_str(),
        %error,
        "the cache store failed to take statistics; going on without it"
    );
}
