//! What can go wrong in a store and in a provider, named by what the caller can do about it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Any error of somebody else's code.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// One name, one variant: none is forgotten in the list of all.
macro_rules! names {
    ($kind:ident { $($variant:ident $name:literal,)* }) => {
        impl $kind {
            /// All of them, in the order of their definition.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// A short, stable, low-cardinality label for logs and metrics.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

/// Why an operation on a store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing answers there, or the connection broke.
    Unavailable,
    /// The store did not answer within the operation's time.
    Timeout,
    /// Wrong or missing user name or password.
    Unauthenticated,
    /// The user is known but may not do this.
    PermissionDenied,
    /// The store is full and does not evict (Redis `noeviction`, a full disk).
    Full,
    /// The store takes no writes at the moment (a replica, a read-only file).
    ReadOnly,
    /// Somebody else's value, or a value of another type, is where ours should be.
    WrongType,
    /// The store's own files are damaged.
    Corrupt,
    /// What the caller expected of the stored value no longer holds: read again and decide anew.
    Conflict,
    /// The caller's arguments cannot work; the same call will never succeed.
    InvalidInput,
    /// The store cannot do this at all.
    Unsupported,
    /// Anything else.
    Other,
}

names! { ErrorKind {
    Unavailable "unavailable",
    Timeout "timeout",
    Unauthenticated "unauthenticated",
    PermissionDenied "permission_denied",
    Full "full",
    ReadOnly "read_only",
    WrongType "wrong_type",
    Corrupt "corrupt",
    Conflict "conflict",
    InvalidInput "invalid_input",
    Unsupported "unsupported",
    Other "other",
} }

/// An operation on a store failed.
///
/// `Display` says what happened, to what, and where known what to do. It never carries a key's
/// text, a value, a user's prompt or a password; backends must keep it so.
#[derive(Debug)]
#[non_exhaustive]
pub struct CacheError {
    kind: ErrorKind,
    message: String,
    of_a_part: bool,
    source: Option<BoxError>,
}

impl CacheError {
    /// An error of this kind; `message` is a full sentence fragment that a user can act on.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), of_a_part: false, source: None }
    }

    /// Says that only a part of the store failed, at once, such as one node of several.
    #[must_use]
    pub fn of_a_part(mut self) -> Self {
        self.of_a_part = true;
        self
    }

    /// Whether only a part of the store failed, and at once: it says nothing of other keys, and costs
    /// no time to find out again.
    #[must_use]
    pub fn is_of_a_part(&self) -> bool {
        self.of_a_part
    }

    /// Keeps the error underneath, reachable through [`Error::source`].
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::Timeout)
    }

    /// How long the store asked us to wait. Stores seldom say.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        None
    }
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CacheError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|e| e.as_ref() as &(dyn Error + 'static))
    }
}

/// Why a provider gave no vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProviderErrorKind {
    /// Wrong or missing credentials.
    Unauthorized,
    /// The credentials are known but may not do this.
    Forbidden,
    /// The deployment or model does not exist.
    NotFound,
    /// The model exists but cannot do this (a chat model asked for embeddings, or dimensions it
    /// does not offer).
    WrongModel,
    /// Too many requests or tokens; see [`ProviderError::retry_after`].
    RateLimited,
    /// The service's content filter refused the input.
    ContentFiltered,
    /// The input is longer than the model takes.
    InputTooLong,
    /// The input cannot be embedded (empty, for instance).
    InvalidInput,
    /// The reply is not what the contract promises: a wrong count, other dimensions, numbers that
    /// are not finite, an unreadable body.
    BadReply,
    /// No answer within the deadline.
    Timeout,
    /// The service could not be reached, or the connection broke.
    Unreachable,
    /// The service was reached and failed or is overloaded (HTTP 5xx).
    Unavailable,
    /// The caller's own computation failed.
    Failed,
}

names! { ProviderErrorKind {
    Unauthorized "unauthorized",
    Forbidden "forbidden",
    NotFound "not_found",
    WrongModel "wrong_model",
    RateLimited "rate_limited",
    ContentFiltered "content_filtered",
    InputTooLong "input_too_long",
    InvalidInput "invalid_input",
    BadReply "bad_reply",
    Timeout "timeout",
    Unreachable "unreachable",
    Unavailable "unavailable",
    Failed "failed",
} }

/// A provider, or a caller's own computation, failed.
///
/// `Display` never carries an input text, a vector or a secret; implementers must keep it so.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderError {
    kind: ProviderErrorKind,
    message: String,
    input: Option<usize>,
    retry_after: Option<Duration>,
    detail: Option<ErrorDetail>,
    source: Option<BoxError>,
}

/// What is known of a provider's error beyond its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorDetail {
    /// Which of the content filter's categories refused the input: `hate`, `violence`, …
    ContentFilter {
        /// The categories, as the service names them; empty when it does not say.
        categories: Vec<String>,
    },
    /// The input does not fit into the model.
    ContextLength {
        /// Most tokens the model takes.
        limit: u64,
        /// Tokens it was asked to take, when the service says.
        asked: Option<u64>,
    },
    /// A streamed answer broke off.
    Interrupted {
        /// Chunks that had arrived.
        chunks: u64,
        /// Characters of content that had arrived, of all choices.
        characters: u64,
    },
}

impl ProviderError {
    /// An error of this kind.
    pub fn new(kind: ProviderErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            input: None,
            retry_after: None,
            detail: None,
            source: None,
        }
    }

    /// Wraps the error of a caller's own computation.
    pub fn failed(source: impl Into<BoxError>) -> Self {
        Self::new(ProviderErrorKind::Failed, "computing the embedding failed").with_source(source)
    }

    /// Keeps the error underneath, reachable through [`Error::source`].
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Names the input at fault by its index in the call.
    #[must_use]
    pub fn with_input(mut self, index: usize) -> Self {
        self.input = Some(index);
        self
    }

    /// How long the service asked us to wait.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Says more than the kind does.
    #[must_use]
    pub fn with_detail(mut self, detail: ErrorDetail) -> Self {
        self.detail = Some(detail);
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ProviderErrorKind {
        self.kind
    }

    /// The index of the input at fault in the slice given to the provider, where one is to blame.
    #[must_use]
    pub fn input(&self) -> Option<usize> {
        self.input
    }

    /// What is known beyond the kind.
    #[must_use]
    pub fn detail(&self) -> Option<&ErrorDetail> {
        self.detail.as_ref()
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ProviderErrorKind::RateLimited
                | ProviderErrorKind::Timeout
                | ProviderErrorKind::Unreachable
                | ProviderErrorKind::Unavailable
        )
    }

    /// How long the service asked us to wait before trying again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.input {
            Some(index) => write!(f, "input {index}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Error for ProviderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|e| e.as_ref() as &(dyn Error + 'static))
    }
}
