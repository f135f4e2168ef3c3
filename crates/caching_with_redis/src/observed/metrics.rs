//! The metrics of the guard and of the near cache.

use cache_metrics::Metric;
use cache_metrics::MetricUnit::{Bytes, Count};

/// What [`Observed`](super::Observed) publishes besides the statistics of caches. Those of the queue
/// are there where writes are queued, those of the near cache where there is one.
pub const OBSERVED_METRICS: &[Metric] = &[
    Metric::gauge(
        "cache_guard_store_closed",
        Count,
        &[],
        "Whether reads and leases go to the store: 1 while the breaker is closed",
    ),
    Metric::gauge(
        "cache_guard_writes_closed",
        Count,
        &[],
        "Whether writes go to the store: 1 while their breaker is closed",
    ),
    Metric::counter(
        "cache_guard_failures_total",
        Count,
        &[],
        "Operations on the store that failed or took too long",
    ),
    Metric::counter(
        "cache_guard_left_out_total",
        Count,
        &[],
        "Operations that were left out while the breaker was open",
    ),
    Metric::counter("cache_guard_opened_total", Count, &[], "How often a breaker has opened"),
    Metric::gauge("cache_guard_queue_entries", Count, &[], "Writes that wait in the queue"),
    Metric::gauge("cache_guard_queue_bytes", Bytes, &[], "Bytes of them"),
    Metric::counter(
        "cache_guard_queue_written_total",
        Count,
        &[],
        "Writes that the store has taken from the queue",
    ),
    Metric::counter(
        "cache_guard_queue_refused_total",
        Count,
        &[],
        "Writes for which the queue had no room",
    ),
    Metric::counter(
        "cache_guard_queue_lost_total",
        Count,
        &[],
        "Writes of the queue that the store did not take",
    ),
    Metric::gauge("cache_near_entries", Count, &[], "Entries that are kept near"),
    Metric::gauge("cache_near_bytes", Bytes, &[], "Memory that they take"),
    Metric::gauge(
        "cache_near_coherent",
        Count,
        &[],
        "Whether the server tells of changes: 1 while it does",
    ),
    Metric::counter("cache_near_hits_total", Count, &[], "Reads that were answered near"),
    Metric::counter("cache_near_misses_total", Count, &[], "Reads that went to the server"),
    Metric::counter(
        "cache_near_invalidations_total",
        Count,
        &[],
        "Entries dropped since the server told of a change",
    ),
    Metric::counter(
        "cache_near_dropped_total",
        Count,
        &[],
        "Entries dropped since everything might have changed",
    ),
    Metric::counter(
        "cache_near_disconnects_total",
        Count,
        &[],
        "How often the connection that tells of changes was lost",
    ),
];
