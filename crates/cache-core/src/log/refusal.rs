//! Why a log is left as it is: what every backend says in the same words.

use crate::{CacheError, ErrorKind};

/// A log is left as it is, because of the log or of what was asked. Backends turn it into a
/// [`CacheError`]; it carries no id and no payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogRefusal {
    /// The log has another version than was expected.
    #[error("the log has changed since it was read; read it again and decide anew")]
    Version,
    /// The log has another number of records than was expected.
    #[error("the log has another length than was expected; read it again and decide anew")]
    Length,
    /// The log that was to be made is there already.
    #[error("the log that was to be made is there already; choose another id")]
    Exists,
    /// The append goes beyond a limit.
    #[error(
        "the log has reached a limit of records, bytes or weight; remove or compact its oldest part, or raise the limit"
    )]
    Full,
    /// An id is empty or too long.
    #[error("the id of a record has {0} bytes; it must have 1 to {max}", max = super::NewRecord::MAX_ID_BYTES)]
    IdLength(usize),
    /// A payload is too long.
    #[error("the payload of a record has {0} bytes; it may have {max}", max = super::NewRecord::MAX_PAYLOAD_BYTES)]
    PayloadLength(usize),
    /// Attributes are too long.
    #[error("the attributes of a log have {0} bytes; they may have {max}", max = super::LogHead::MAX_ATTRIBUTES_BYTES)]
    AttributesLength(usize),
    /// A compaction would put more records than it removes.
    #[error(
        "{given} records cannot take the place of {removed}: a compaction never makes a log longer"
    )]
    Replacements {
        /// Records that were given.
        given: u64,
        /// Records that would go.
        removed: u64,
    },
    /// A compaction's replacement has an id that the log knows.
    #[error("a replacement has an id that the log knows already; give it a new one")]
    KnownReplacement,
    /// The backend is older than the way to read that is asked for.
    #[error("this store cannot read a log in this way; use a newer version of it")]
    UnknownRead,
    /// A fork would leave the group.
    #[error("a log can be forked only within its group")]
    OtherGroup,
}

impl LogRefusal {
    /// What the caller can do about it.
    #[must_use]
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Version | Self::Length | Self::Exists => ErrorKind::Conflict,
            Self::Full => ErrorKind::Full,
            Self::UnknownRead => ErrorKind::Unsupported,
            Self::IdLength(_)
            | Self::PayloadLength(_)
            | Self::AttributesLength(_)
            | Self::Replacements { .. }
            | Self::KnownReplacement
            | Self::OtherGroup => ErrorKind::InvalidInput,
        }
    }
}

impl From<LogRefusal> for CacheError {
    fn from(refusal: LogRefusal) -> Self {
        Self::new(refusal.kind(), refusal.to_string())
    }
}
