//! The metrics that the wrappers record.

use cache_core::trace::{DROPPED, OK};
use cache_core::{ErrorKind, ProviderErrorKind};
use metrics::{SharedString, Unit};

use crate::operation::Operation;
use crate::provider_meter::{PROVIDER_OPERATIONS, TOKEN_KINDS};

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
    Metric::seconds(
        STORE_SECONDS,
        &["store", "operation", "outcome"],
        "Time of operations on the store",
    ),
    Metric::counter(
        STORE_KEYS,
        MetricUnit::Count,
        &["store", "operation"],
        "Keys that operations on the store were asked for",
    ),
    Metric::counter(
        STORE_READ_BYTES,
        MetricUnit::Bytes,
        &["store"],
        "Bytes of values that the store gave",
    ),
    Metric::counter(
        STORE_WRITTEN_BYTES,
        MetricUnit::Bytes,
        &["store"],
        "Bytes of values that the store took",
    ),
    Metric::seconds(
        PROVIDER_SECONDS,
        &["provider", "model", "operation", "outcome"],
        "Time of calls of the provider, streams to their end",
    ),
    Metric::seconds(
        PROVIDER_FIRST_CHUNK,
        &["provider", "model"],
        "Time until a streamed answer began",
    ),
    Metric::counter(
        PROVIDER_INPUTS,
        MetricUnit::Count,
        &["provider", "model", "operation"],
        "Texts or chats given to the provider",
    ),
    Metric::counter(
        PROVIDER_TOKENS,
        MetricUnit::Count,
        &["provider", "model", "kind"],
        "Tokens billed, as far as the provider says",
    ),
    Metric::counter(
        PROVIDER_ERRORS,
        MetricUnit::Count,
        &["provider", "model", "operation", "kind"],
        "Failed calls, and inputs that got nothing in calls that succeeded",
    ),
];

/// A metric that is recorded or published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name, as recorded.
    pub name: &'static str,
    /// What is done with it.
    pub kind: MetricKind,
    /// What it is measured in.
    pub unit: MetricUnit,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, for people.
    pub description: &'static str,
}

impl Metric {
    /// One that only grows.
    #[must_use]
    pub const fn counter(
        name: &'static str,
        unit: MetricUnit,
        labels: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self { name, kind: MetricKind::Counter, unit, labels, description }
    }

    /// One that is set.
    #[must_use]
    pub const fn gauge(
        name: &'static str,
        unit: MetricUnit,
        labels: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self { name, kind: MetricKind::Gauge, unit, labels, description }
    }

    /// Times, by how many took how long.
    const fn seconds(
        name: &'static str,
        labels: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self { name, kind: MetricKind::Histogram, unit: MetricUnit::Seconds, labels, description }
    }

    /// All values that one of its labels may have; empty where they are names that the program or
    /// its provider has given.
    #[must_use]
    pub fn values(&self, label: &str) -> Vec<&'static str> {
        let of_store = self.name.starts_with("cache_store_");
        match label {
            "operation" if of_store => Operation::ALL.iter().map(|it| it.as_str()).collect(),
            "operation" => PROVIDER_OPERATIONS.to_vec(),
            "outcome" if of_store => outcomes(ErrorKind::ALL.iter().map(|it| it.as_str())),
            "outcome" => outcomes(ProviderErrorKind::ALL.iter().map(|it| it.as_str())),
            "kind" if self.name == PROVIDER_TOKENS => TOKEN_KINDS.to_vec(),
            "kind" => ProviderErrorKind::ALL.iter().map(|it| it.as_str()).collect(),
            _ => Vec::new(),
        }
    }
}

fn outcomes(kinds: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    [OK].into_iter().chain(kinds).chain([DROPPED]).collect()
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

impl MetricKind {
    /// A short, stable name: that of Prometheus' types.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// What a metric is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricUnit {
    /// It counts, or is 0 or 1.
    Count,
    /// One amount over another.
    Ratio,
    /// Seconds.
    Seconds,
    /// Millionths of a second.
    Microseconds,
    /// Bytes.
    Bytes,
    /// US dollars.
    Dollars,
}

impl MetricUnit {
    /// A short, stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Ratio => "ratio",
            Self::Seconds => "seconds",
            Self::Microseconds => "microseconds",
            Self::Bytes => "bytes",
            Self::Dollars => "dollars",
        }
    }

    pub(crate) const fn of_the_facade(self) -> Unit {
        match self {
            Self::Count | Self::Ratio | Self::Dollars => Unit::Count,
            Self::Seconds => Unit::Seconds,
            Self::Microseconds => Unit::Microseconds,
            Self::Bytes => Unit::Bytes,
        }
    }
}

/// Tells the recorder what the metrics of the wrappers say and what their units are. Call it once,
/// after the recorder is installed.
pub fn describe() {
    describe_all(METRICS);
}

/// The same of other metrics.
pub fn describe_all(of: &[Metric]) {
    metrics::with_recorder(|recorder| {
        for metric in of {
            let (name, unit) = (metric.name.into(), Some(metric.unit.of_the_facade()));
            let description = SharedString::const_str(metric.description);
            match metric.kind {
                MetricKind::Counter => recorder.describe_counter(name, unit, description),
                MetricKind::Gauge => recorder.describe_gauge(name, unit, description),
                MetricKind::Histogram => recorder.describe_histogram(name, unit, description),
            }
        }
    });
}
