//! What can go wrong.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheError, ProviderError, ProviderErrorKind};

/// No answer, and why.
///
/// One call of the provider may serve many callers, so that the error is shared: cloning copies a
/// pointer. No variant carries a text.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The provider failed, asked by this call or by one that it had joined.
    #[error(transparent)]
    Provider(Arc<ProviderError>),
    /// The store failed. Only in [strict](crate::Builder::strict) mode and from calls that are
    /// about the store itself; elsewhere a failing store counts as a miss.
    #[error(transparent)]
    Store(Arc<CacheError>),
    /// The call of the provider panicked, or its runtime was shut down.
    #[error("the call ended without a result: it panicked or its runtime was shut down")]
    Aborted,
}

impl Error {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Provider(error) => error.is_retryable(),
            Self::Store(error) => error.is_retryable(),
            Self::Aborted => false,
        }
    }

    /// What a span says of it: the kind of the provider's or the store's error, or its own name.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.kind().as_str(),
            Self::Store(error) => error.kind().as_str(),
            Self::Aborted => "aborted",
        }
    }

    /// How long the provider or the store asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Provider(error) => error.retry_after(),
            Self::Store(error) => error.retry_after(),
            Self::Aborted => None,
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

impl From<Error> for ProviderError {
    /// As a [`ChatProvider`](cache_core::ChatProvider) says it: a provider's error keeps its kind,
    /// its delay and its detail, and the shared one is its source.
    fn from(error: Error) -> Self {
        let Error::Provider(shared) = &error else {
            return Self::new(ProviderErrorKind::Failed, error.to_string()).with_source(error);
        };
        let mut same = Self::new(shared.kind(), shared.to_string());
        if let Some(delay) = shared.retry_after() {
            same = same.with_retry_after(delay);
        }
        if let Some(detail) = shared.detail() {
            same = same.with_detail(detail.clone());
        }
        same.with_source(error)
    }
}

#[cfg(test)]
mod tests {
    use cache_core::ErrorDetail;

    use super::*;

    #[test]
    fn a_shared_error_keeps_what_it_says() {
        let second = Duration::from_secs(1);
        let detail = ErrorDetail::Interrupted { chunks: 3, characters: 7 };
        let first = ProviderError::new(ProviderErrorKind::RateLimited, "too many requests")
            .with_retry_after(second)
            .with_detail(detail.clone());
        let error = Error::from(first);
        assert!(error.is_retryable());
        let again = ProviderError::from(error.clone());
        assert_eq!(again.kind(), ProviderErrorKind::RateLimited);
        assert_eq!((again.retry_after(), again.detail()), (Some(second), Some(&detail)));
        assert_eq!(again.to_string(), error.to_string());
    }
}
