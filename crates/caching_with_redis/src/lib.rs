#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
mod builders;
mod cache;
mod compressed;
mod error;
#[cfg(feature = "metrics")]
mod metered;
#[cfg(feature = "metrics")]
mod observed;
mod prices;
mod provider;
pub mod settings;
mod stats;
mod units;
mod vectors;
mod without;

#[cfg(feature = "redis")]
pub use backend::redis_config;
pub use backend::{OpenedBackend, WhyBackend, open_backend, open_url};
pub use builders::builder;
#[cfg(feature = "responses")]
pub use builders::response_builder;
#[cfg(feature = "sessions")]
pub use builders::session_builder;
pub use cache::EmbeddingCache;
pub use compressed::CompressedEmbeddingCache;
pub use error::Error;
#[cfg(feature = "metrics")]
pub use observed::{OBSERVED_METRICS, Observed};
pub use prices::{Prices, Quote};
pub use provider::{OpenedProvider, WhyProvider, open_chat, open_provider};
pub use settings::Settings;
pub use stats::{CacheStats, CompressionStats};
pub use units::{ByteSize, ParseUnitError, Span};
pub use vectors::{OpenedVectors, SearchEngine, WhyEngine, open_vectors};
#[cfg(not(feature = "metrics"))]
use without::metered;

// The crates underneath, for everything beyond the first steps.
pub use cache_core as core;
pub use cache_core::{ChatProvider, ChatProviderExt, ChatRequest, ChatResponse};
#[cfg(feature = "embedded")]
pub use cache_embedded as embedded;
#[cfg(feature = "encryption")]
pub use cache_encryption as encryption;
pub use cache_guard as guard;
#[cfg(feature = "metrics")]
pub use cache_metrics as metrics;
#[cfg(feature = "redis")]
pub use cache_redis as redis;
#[cfg(feature = "azure")]
pub use embed_azure as azure;
#[cfg(feature = "local")]
pub use embed_local as local;
pub use embedding_cache as embedding;
#[cfg(feature = "responses")]
pub use response_cache as response;
#[cfg(feature = "sessions")]
pub use session_store as session;
pub use vector_scan as scan;
