//! What services, guard and near cache count, given to the program's recorder of metrics.

mod metrics;

use std::time::Duration;

use cache_guard::{BreakerState, GuardSnapshot, GuardState};
use cache_metrics::{Publisher, describe_all};
use cache_redis::{NearState, NearStats};
use embedding_cache::EmbeddingCache;
use response_cache::ResponseCache;
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
    store: OpenedBackend,
    embeddings: Option<(EmbeddingCache, Publisher)>,
    responses: Option<(ResponseCache, Publisher)>,
    guard: Publisher,
    near: Publisher,
    described: bool,
}

impl Observed {
    /// The guard and the near cache of this store.
    #[must_use]
    pub fn new(store: &OpenedBackend) -> Self {
        Self {
            store: store.clone(),
            embeddings: None,
            responses: None,
            guard: Publisher::new("guard"),
            near: Publisher::new("near"),
            described: false,
        }
    }

    /// And the statistics of this cache, as far as this process has to do with them.
    #[must_use]
    pub fn with_embeddings(mut self, cache: &EmbeddingCache) -> Self {
        self.embeddings = Some((cache.clone(), Publisher::new("process_embedding")));
        self
    }

    /// And the statistics of this one.
    #[must_use]
    pub fn with_responses(mut self, cache: &ResponseCache) -> Self {
        self.responses = Some((cache.clone(), Publisher::new("process_response")));
        self
    }

    /// Gives on how everything stands now. It asks no store and takes some microseconds.
    pub fn publish(&mut self) {
        if !std::mem::replace(&mut self.described, true) {
            describe_all(OBSERVED_METRICS);
        }
        if let Some((cache, publisher)) = &mut self.embeddings {
            publisher.statistics(&cache.statistics().to_pairs());
        }
        if let Some((cache, publisher)) = &mut self.responses {
            publisher.statistics(&cache.statistics().to_pairs());
        }
        if let Some(guard) = &self.store.guard {
            publish_guard(&mut self.guard, guard.state(), &guard.snapshot());
        }
        if let Some(near) = self.store.near_stats() {
            publish_near(&mut self.near, near);
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

fn publish_guard(publisher: &mut Publisher, state: GuardState, seen: &GuardSnapshot) {
    publisher
        .gauges(&[("store_closed", closed(state.store)), ("writes_closed", closed(state.writes))]);
    publisher.counters(&[
        ("failures", seen.failed()),
        ("left_out", seen.left_out()),
        ("opened", seen.opened),
    ]);
    if let Some(queue) = seen.queue {
        publisher.gauges(&[
            ("queue_entries", number(queue.entries as u64)),
            ("queue_bytes", number(queue.bytes as u64)),
        ]);
        publisher.counters(&[
            ("queue_written", queue.written),
            ("queue_refused", queue.refused),
            ("queue_lost", queue.lost),
        ]);
    }
}

fn publish_near(publisher: &mut Publisher, near: NearStats) {
    let coherent = near.state == NearState::Tracking;
    publisher.gauges(&[
        ("entries", number(near.entries)),
        ("bytes", number(near.bytes)),
        ("coherent", coherent.into()),
    ]);
    publisher.counters(&[
        ("hits", near.hits),
        ("misses", near.misses),
        ("invalidations", near.invalidations),
        ("dropped", near.dropped),
        ("disconnects", near.disconnects),
    ]);
}

/// 1 while the store is used, 0 while it is left alone or tried.
fn closed(breaker: BreakerState) -> f64 {
    (breaker == BreakerState::Closed).into()
}

#[expect(clippy::cast_precision_loss, reason = "exporters take floating-point numbers")]
fn number(count: u64) -> f64 {
    count as f64
}
