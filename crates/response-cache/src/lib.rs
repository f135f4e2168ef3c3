#![doc = include_str!("../README.md")]

mod answer;
mod assemble;
mod builder;
mod cache;
mod engine;
mod error;
mod explain;
mod group;
mod miss_cause;
mod options;
mod pace;
mod policy;
mod provider;
mod request;
pub mod semantic;
mod span;
mod split;
mod stats;
mod stored;
mod usage;

/// The guard in front of the store, with its options.
pub use cache_guard as guard;

pub use answer::{Answer, AnswerStream, Source};
pub use assemble::assemble;
pub use builder::{BuildError, Builder, Coordination, OnAbandon};
pub use cache::ResponseCache;
pub use cache_core::ModelChange;
pub use error::Error;
pub use explain::{Difference, Explanation, Part};
pub use group::Group;
pub use miss_cause::MissCause;
pub use options::{CallOptions, MAX_VARIANTS, Mode};
pub use pace::Pace;
pub use policy::Policy;
pub use split::split;
pub use stats::Statistics;
