//! What services, guard and near cache count, given to the program's recorder of metrics.

mod guard;
mod metrics;
#[cfg(feature = "redis")]
mod near;
#[cfg(feature = "responses")]
mod responses;

use std::fmt::Debug;
use std::time::Duration;

use cache_metrics::{Publisher, describe_all};
use embedding_cache::EmbeddingCache;
use tokio::task::JoinHandle;

use crate::OpenedBackend;
pub use metrics::OBSERVED_METRICS;

/// Gives on what a store and the caches on it count in this process, as counters and gauges of the
/// [`metrics`](cache_metrics) facade.
///
/// Call [`publish`](Self::publish) before each scrape, or let [`every`](Self::every) do it on a
/// timer; of either only one, and after the program has installed its recorder. The names are
/// `cache_process_embedding_…`, `cache_process_response_…`, `cache_guard_…` and `cache_near_…`: those
/// that `cache-cli monitor` has for the counts of all processes are others, so that nothing is counted
/// twice. The times of the store and the provider are measured as they happen, with `CACHE_METRICS`.
#[derive(Debug)]
pub struct Observed {
    sources: Vec<Box<dyn Source>>,
    described: bool,
}

/// Something that counts.
trait Source: Debug + Send + Sync {
    /// Gives on what it has counted.
    fn publish(&mut self);
}

#[derive(Debug)]
struct Embeddings(EmbeddingCache, Publisher);

impl Source for Embeddings {
    fn publish(&mut self) {
        self.1.statistics(&self.0.statistics().to_pairs());
    }
}

impl Observed {
    /// The guard and the near cache of this store.
    #[must_use]
    pub fn new(store: &OpenedBackend) -> Self {
        let mut sources = Vec::new();
        sources.extend(guard::of(store));
        #[cfg(feature = "redis")]
        sources.extend(near::of(store));
        Self { sources, described: false }
    }

    /// And the statistics of this cache, as far as this process has to do with them. Those of
    /// several caches add up.
    #[must_use]
    pub fn with_embeddings(mut self, cache: &EmbeddingCache) -> Self {
        self.sources.push(Box::new(Embeddings(cache.clone(), Publisher::new("process_embedding"))));
        self
    }

    /// Gives on how everything stands now. It asks no store and takes some microseconds.
    pub fn publish(&mut self) {
        if !std::mem::replace(&mut self.described, true) {
            describe_all(OBSERVED_METRICS);
        }
        for source in &mut self.sources {
            source.publish();
        }
    }

    /// Publishes at this interval, in a task that ends when the handle is aborted, or with the
    /// runtime. Must be called within a Tokio runtime with time.
    ///
    /// # Panics
    /// When the interval is zero.
    #[must_use = "the handle ends the task"]
    pub fn every(mut self, interval: Duration) -> JoinHandle<()> {
        let mut ticks = tokio::time::interval(interval);
        tokio::spawn(async move {
            loop {
                ticks.tick().await;
                self.publish();
            }
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "exporters take floating-point numbers")]
fn number(count: u64) -> f64 {
    count as f64
}
