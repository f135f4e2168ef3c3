#![doc = include_str!("../README.md")]

mod backend;
mod catalogue;
mod chat;
mod coordination;
mod operation;
mod provider;
mod provider_meter;
mod publisher;
mod record;
mod watch;

pub use backend::MeteredBackend;
pub use catalogue::{
    METRICS, Metric, MetricKind, MetricUnit, SECONDS_BUCKETS, describe, describe_all,
};
pub use chat::MeteredChat;
pub use provider::MeteredProvider;
pub use publisher::{Publisher, STATISTICS_GAUGES};
