//! What the exporter says of servers and stores, one entry a metric.

use cache_metrics::Metric;
use cache_metrics::MetricUnit::{Bytes, Count, Microseconds, Ratio, Seconds};
use caching_with_redis::redis::{CommandFigures, ServerFigures};

/// A metric that is read off something.
pub(super) struct Reading<Of, Value> {
    /// Within its publisher.
    pub(super) name: &'static str,
    metric: Metric,
    pub(super) read: fn(&Of) -> Value,
}

const OF_A_NODE: &[&str] = &["node", "role"];
const OF_A_COMMAND: &[&str] = &["node", "command"];

macro_rules! counter {
    ($prefix:literal, $name:literal, $labels:expr, $unit:expr, $what:literal, $read:expr) => {
        Reading {
            name: $name,
            metric: Metric::counter(concat!($prefix, $name, "_total"), $unit, $labels, $what),
            read: $read,
        }
    };
}

macro_rules! of_node {
    ($name:literal, $unit:expr, $what:literal, $read:expr) => {
        counter!("cache_redis_", $name, OF_A_NODE, $unit, $what, $read)
    };
}

macro_rules! of_command {
    ($name:literal, $unit:expr, $what:literal, $read:expr) => {
        counter!("cache_redis_command_", $name, OF_A_COMMAND, $unit, $what, $read)
    };
}

macro_rules! gauge {
    ($name:literal, $unit:expr, $what:literal, $read:expr) => {
        Reading {
            name: $name,
            metric: Metric::gauge(concat!("cache_redis_", $name), $unit, OF_A_NODE, $what),
            read: $read,
        }
    };
}

pub(super) const COUNTERS: &[Reading<ServerFigures, u64>] = &[
    of_node!("commands", Count, "Commands carried out", |it| it.commands_processed),
    of_node!("keyspace_hits", Count, "Lookups of keys that were there", |it| it.keyspace_hits),
    of_node!("keyspace_misses", Count, "Lookups of keys that were not", |it| it.keyspace_misses),
    of_node!("evicted_keys", Count, "Keys dropped for want of memory", |it| it.evicted_keys),
    of_node!("expired_keys", Count, "Keys whose time was over", |it| it.expired_keys),
    of_node!("received_bytes", Bytes, "Bytes that came in", |it| it.received_bytes),
    of_node!("sent_bytes", Bytes, "Bytes that went out", |it| it.sent_bytes),
];

pub(super) const GAUGES: &[Reading<ServerFigures, Option<f64>>] = &[
    gauge!("uptime_seconds", Seconds, "Time since the start", |it| Some(it.uptime.as_secs_f64())),
    gauge!("used_bytes", Bytes, "Memory in use", |it| Some(number(it.used_bytes))),
    gauge!("max_bytes", Bytes, "Bound of the memory, where there is one", |it| {
        it.max_bytes.map(number)
    }),
    gauge!("peak_bytes", Bytes, "The most memory ever in use", |it| Some(number(it.peak_bytes))),
    gauge!("fragmentation_ratio", Ratio, "Memory taken over memory in use", |it| {
        it.fragmentation_ratio
    }),
    gauge!("clients", Count, "Connected clients", |it| Some(number(it.clients))),
    gauge!("blocked_clients", Count, "Clients in a blocking command", |it| {
        Some(number(it.blocked_clients))
    }),
    gauge!("max_clients", Count, "The most clients it takes", |it| it.max_clients.map(number)),
    gauge!("replicas", Count, "Connected replicas", |it| Some(number(it.replicas))),
    gauge!("replica_link_up", Count, "Whether a replica is connected to its primary", |it| {
        it.replica.map(|replica| f64::from(u8::from(replica.link_up)))
    }),
    gauge!("replica_behind_bytes", Bytes, "Changes that a replica lacks", |it| {
        it.replica?.behind_bytes.map(number)
    }),
];

pub(super) const COMMAND_COUNTERS: &[Reading<CommandFigures, u64>] = &[
    of_command!("calls", Count, "Calls of the command", |it| it.calls),
    of_command!("microseconds", Microseconds, "Time that the server spent in it", |it| {
        crate::figures::micros(it.time)
    }),
    of_command!("failures", Count, "Calls that failed or were rejected", |it| {
        it.failed_calls.saturating_add(it.rejected_calls)
    }),
];

/// Those that are not read off a server's figures.
const OTHERS: &[Metric] = &[
    Metric::gauge("cache_redis_up", Count, &["node"], "Whether the node answers"),
    Metric::gauge("cache_monitor_up", Count, &[], "Whether the last look at the store succeeded"),
    Metric::gauge(
        "cache_store_used_bytes",
        Bytes,
        &["store"],
        "Room in use in a store that is no Redis",
    ),
    Metric::gauge("cache_store_max_bytes", Bytes, &["store"], "Bound of that room"),
];

/// All of them. The statistics of the caches are not among them: their own lists say what they are.
pub(crate) fn metrics() -> Vec<Metric> {
    let mut all = OTHERS.to_vec();
    all.extend(GAUGES.iter().map(|it| it.metric));
    all.extend(COUNTERS.iter().map(|it| it.metric));
    all.extend(COMMAND_COUNTERS.iter().map(|it| it.metric));
    all
}

#[expect(clippy::cast_precision_loss, reason = "exporters take floating-point numbers")]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}
