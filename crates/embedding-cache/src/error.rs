//! What can go wrong.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheError, ErrorKind, InvalidEmbedding, ProviderError};

/// No vector, and why.
///
/// One computation may answer many callers, so that the error is shared: cloning copies a pointer.
/// No variant carries a text or a vector.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The provider, or the caller's own computation, failed. An index in it counts the texts of
    /// the call that computed, which is another than this one where calls were coalesced.
    #[error(transparent)]
    Provider(Arc<ProviderError>),
    /// The store failed. Only in [strict](crate::Builder::strict) mode and from calls that are
    /// about the store itself; elsewhere a failing store counts as a miss.
    #[error(transparent)]
    Store(Arc<CacheError>),
    /// This text of the call is empty. Models refuse empty texts, often with the whole batch.
    #[error("text {0} is empty: there is nothing to embed")]
    EmptyText(usize),
    /// This vector of the call cannot be stored.
    #[error("vector {index}: {source}")]
    InvalidVector {
        /// Its index in the call.
        index: usize,
        /// What is wrong with it.
        source: InvalidEmbedding,
    },
    /// This vector of the call has other dimensions than its model's.
    #[error("vector {index} has {got} dimensions, its model's have {expected}")]
    WrongDimensions {
        /// Its index in the call.
        index: usize,
        /// The model's dimensions.
        expected: usize,
        /// The vector's.
        got: usize,
    },
    /// The call needs a provider and the cache was built without one.
    #[error("this cache has no provider: give it one when building it, or pass a closure")]
    NoProvider,
    /// A vector was to be stored as the provider's, and no reply has said yet which model that is.
    #[error(
        "it is not known yet which model the provider's vectors are of: embed a text first, or give \
         the provider's identity a version"
    )]
    UnknownModel,
    /// The computation panicked, or its runtime was shut down.
    #[error("the computation ended without a result: it panicked or its runtime was shut down")]
    Aborted,
    /// Another caller of this process was computing the text and gave up, and this call's own
    /// closure had already been used for its other texts. Calling again computes it.
    #[error("the caller that was computing this text gave up; call again to compute it")]
    Abandoned,
}

impl Error {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Provider(error) => error.is_retryable(),
            Self::Store(error) => error.is_retryable(),
            Self::Abandoned => true,
            _ => false,
        }
    }

    /// What a span says of it: the kind of the provider's or the store's error, or its own name.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.kind().as_str(),
            Self::Store(error) => error.kind().as_str(),
            Self::EmptyText(_) | Self::InvalidVector { .. } | Self::WrongDimensions { .. } => {
                ErrorKind::InvalidInput.as_str()
            }
            Self::NoProvider => "no_provider",
            Self::UnknownModel => "unknown_model",
            Self::Aborted => "aborted",
            Self::Abandoned => "abandoned",
        }
    }

    /// How long the provider or the store asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Provider(error) => error.retry_after(),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl From<ProviderError> for Error {
    fn from(error: ProviderError) -> Self {
        Self::Provider(Arc::new(error))
    }
}

impl From<CacheError> for Error {
    fn from(error: CacheError) -> Self {
        Self::Store(Arc::new(error))
    }
}
