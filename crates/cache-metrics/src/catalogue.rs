//! The metrics that the wrappers record.

use metrics::{SharedString, Unit};

pub(crate) const STORE_SECONDS: &str = "cache_store_seconds";
pub(crate) const STORE_KEYS: &str = "cache_store_keys_total";
pub(crate) const STORE_READ_BYTES: &str = "cache_store_read_bytes_total";
pub(crate) const STORE_WRITTEN_BYTES: &str = "cache_store_written_bytes_total";
pub(crate) const PROVIDER_SECONDS: &str = "cache_provider_seconds";
pub(crate) const PROVIDER_FIRST_CHUNK: &str = "cache_provider_first_chunk_seconds";
pub(crate) const PROVIDER_INPUTS: &str = "cache_provider_inputs_total";
pub(crate) const PROVIDER_TOKENS: &str = "cache_provider_tokens_total";
pub(crate) const PROVIDER_ERRORS: &str = "cache_provider_errors_total";

/// Buckets for the histograms, all of which are in seconds: from a hit in this machine's memory to
/// the longest answer of a chat model. An exporter has to be told of them; without, the Prometheus
/// exporter makes summaries, which cannot be added up over processes.
pub const SECONDS_BUCKETS: &[f64] = &[
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1,
    0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0,
];

/// All metrics that the wrappers record.
pub const METRICS: &[Metric] = &[
    Metric {
        name: STORE_SECONDS,
        kind: MetricKind::Histogram,
        unit: Unit::Seconds,
        labels: &["store", "operation", "outcome"],
        description: "Time of operations on the store",
    },
    Metric {
        name: STORE_KEYS,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        labels: &["store", "operation"],
        description: "Keys that operations on the store were asked for",
    },
    Metric {
        name: STORE_READ_BYTES,
        kind: MetricKind::Counter,
        unit: Unit::Bytes,
        labels: &["store"],
        description: "Bytes of values that the store gave",
    },
    Metric {
        name: STORE_WRITTEN_BYTES,
        kind: MetricKind::Counter,
        unit: Unit::Bytes,
        labels: &["store"],
        description: "Bytes of values that the store took",
    },
    Metric {
        name: PROVIDER_SECONDS,
        kind: MetricKind::Histogram,
        unit: Unit::Seconds,
        labels: &["provider", "model", "operation", "outcome"],
        description: "Time of calls of the provider, streams to their end",
    },
    Metric {
        name: PROVIDER_FIRST_CHUNK,
        kind: MetricKind::Histogram,
        unit: Unit::Seconds,
        labels: &["provider", "model"],
        description: "Time until a streamed answer began",
    },
    Metric {
        name: PROVIDER_INPUTS,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        labels: &["provider", "model", "operation"],
        description: "Texts or chats given to the provider",
    },
    Metric {
        name: PROVIDER_TOKENS,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        labels: &["provider", "model", "kind"],
        description: "Tokens billed, as far as the provider says",
    },
    Metric {
        name: PROVIDER_ERRORS,
        kind: MetricKind::Counter,
        unit: Unit::Count,
        labels: &["provider", "model", "operation", "kind"],
        description: "Failed calls, and inputs that got nothing in calls that succeeded",
    },
];

/// A metric that a wrapper records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name, as recorded.
    pub name: &'static str,
    /// What is done with it.
    pub kind: MetricKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, for people.
    pub description: &'static str,
    unit: Unit,
}

/// What is done with a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It is set.
    Gauge,
    /// It has a distribution.
    Histogram,
}

/// Tells the recorder what the metrics say and what their units are. Call it once, after the
/// recorder is installed.
pub fn describe() {
    metrics::with_recorder(|recorder| {
        for metric in METRICS {
            let (name, unit) = (metric.name.into(), Some(metric.unit));
            let description = SharedString::const_str(metric.description);
            match metric.kind {
                MetricKind::Counter => recorder.describe_counter(name, unit, description),
                MetricKind::Gauge => recorder.describe_gauge(name, unit, description),
                MetricKind::Histogram => recorder.describe_histogram(name, unit, description),
            }
        }
    });
}
