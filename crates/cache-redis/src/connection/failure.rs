//! Why there is no connection, to be told to everybody who waits for it.

use std::error::Error;
use std::sync::Arc;

use cache_core::{CacheError, ErrorKind};

/// An error that many callers are given.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    kind: ErrorKind,
    message: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl From<CacheError> for Failure {
    fn from(error: CacheError) -> Self {
        let (kind, message) = (error.kind(), error.to_string());
        let source = error.source().is_some().then(|| Arc::new(error) as Arc<_>);
        Self { kind, message, source }
    }
}

impl From<&Failure> for CacheError {
    fn from(failure: &Failure) -> Self {
        let error = Self::new(failure.kind, failure.message.clone());
        match &failure.source {
            Some(source) => error.with_source(Arc::clone(source)),
            None => error,
        }
    }
}
