#![doc = include_str!("../README.md")]

mod backend;
mod builders;
mod cache;
mod compressed;
mod error;
#[cfg(feature = "metrics")]
mod observed;
mod prices;
mod provider;
mod semantic;
pub mod settings;
mod stats;
mod units;
mod vectors;

pub use backend::{OpenedBackend, WhyBackend, open_backend, open_url, redis_config};
pub use builders::{builder, response_builder, session_builder};
pub use cache::EmbeddingCache;
pub use compressed::CompressedEmbeddingCache;
pub use error::Error;
#[cfg(feature = "metrics")]
pub use observed::Observed;
pub use prices::{Prices, Quote};
pub use provider::{OpenedProvider, WhyProvider, open_chat, open_provider};
pub use semantic::{open_responses, open_semantic, semantic_stage};
pub use settings::Settings;
pub use stats::{CacheStats, CompressionStats};
pub use units::{ByteSize, ParseUnitError, Span};
pub use vectors::{OpenedVectors, SearchEngine, WhyEngine, open_vectors};

// The crates underneath, for everything beyond the first steps.
pub use cache_core as core;
pub use cache_core::{ChatProvider, ChatProviderExt, ChatRequest, ChatResponse};
pub use cache_embedded as embedded;
pub use cache_encryption as encryption;
pub use cache_guard as guard;
#[cfg(feature = "metrics")]
pub use cache_metrics as metrics;
pub use cache_redis as redis;
#[cfg(feature = "azure")]
pub use embed_azure as azure;
pub use embed_local as local;
pub use embedding_cache as embedding;
pub use response_cache as response;
pub use session_store as session;
pub use vector_scan as scan;
