#![doc = include_str!("../README.md")]

mod builder;
mod cache;
mod closures;
mod engine;
mod error;
mod lookup;
mod model;
mod normalizer;
mod profiles;
mod provider;
mod span;
mod stats;

/// The guard in front of the store, with its options.
pub use cache_guard as guard;

pub use builder::{BuildError, Builder, Coordination};
pub use cache::EmbeddingCache;
pub use cache_core::ModelChange;
pub use error::Error;
pub use lookup::{Lookup, Source};
pub use model::{Mode, ModelCache};
pub use normalizer::TextNormalizer;
pub use stats::{MissCause, Statistics};
