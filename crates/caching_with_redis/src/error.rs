//! What can go wrong.

use cache_core::{CacheError, InvalidNamespace, InvalidTtl};
use embedding_cache::BuildError;

use crate::settings::SettingsError;

/// Why a cache could not be opened, or a call gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store could not be opened or failed.
    #[error(transparent)]
    Store(#[from] CacheError),
    /// A lookup failed: the computation did, or the texts cannot be embedded.
    #[error(transparent)]
    Embedding(#[from] embedding_cache::Error),
    /// A conversation could not be read or written.
    #[cfg(feature = "sessions")]
    #[error(transparent)]
    Session(#[from] session_store::Error),
    /// A chat model's answer could not be had.
    #[cfg(feature = "responses")]
    #[error(transparent)]
    Response(#[from] response_cache::Error),
    /// A setting is missing, unknown or makes no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Not a TTL.
    #[error(transparent)]
    Ttl(#[from] InvalidTtl),
    /// Not a namespace.
    #[error(transparent)]
    Namespace(#[from] InvalidNamespace),
    /// Settings contradict each other.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Settings of the response cache contradict each other.
    #[cfg(feature = "responses")]
    #[error(transparent)]
    BuildResponses(#[from] response_cache::BuildError),
    /// The provider cannot be set up like this.
    #[error(transparent)]
    Provider(#[from] cache_core::ProviderError),
}
