//! What can go wrong.

use std::io;
use std::time::Duration;

use cache_core::{BoxError, CacheError, ErrorKind};

use crate::InvalidMessage;

/// Why a call failed. No variant carries a text, an id, a title or metadata.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed, or refused: a limit ([`ErrorKind::Full`]), an expected length
    /// ([`ErrorKind::Conflict`]), an id of a length it does not take
    /// ([`ErrorKind::InvalidInput`]).
    #[error(transparent)]
    Store(#[from] CacheError),
    /// What was given is no chat message.
    #[error(transparent)]
    InvalidMessage(#[from] InvalidMessage),
    /// A message is too long to be stored.
    #[error("the message has {0} bytes, more than a session can keep of one")]
    TooLong(usize),
    /// A stored message does not verify: it was damaged, or written by a newer version.
    #[error(
        "message {seq} of the session is damaged or of a newer version; remove it by its id, or update"
    )]
    Unreadable {
        /// Its number.
        seq: u64,
    },
    /// The stored title and metadata do not verify.
    #[error(
        "the session's title and metadata are damaged or of a newer version; delete it, or update"
    )]
    UnreadableInfo,
    /// The caller's closure made no summary. Nothing has changed.
    #[error("no summary was made, and the session is as it was")]
    Summary(#[source] BoxError),
    /// A line of an import is no message. The lines before it may have been imported.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        problem: LineProblem,
    },
    /// Reading or writing lines failed.
    #[error("reading or writing the lines failed")]
    Io(#[from] io::Error),
}

/// What is wrong with a line of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// It is not JSON.
    #[error("this is not JSON (column {column}); a line holds one JSON object")]
    NotJson {
        /// Where reading it failed, in bytes from 1.
        column: usize,
    },
    /// It is neither a session nor a message.
    #[error(
        "this is neither `{{\"session\": …}}`, in the first line, nor `{{\"message\": …}}` with an `id` and a `chat` that has a role"
    )]
    NotOurs,
    /// It was written by a newer version.
    #[error("this export is of a newer version; update to import it")]
    NewerVersion,
}

impl Error {
    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::InvalidMessage(_) | Self::TooLong(_) | Self::Line { .. } => {
                ErrorKind::InvalidInput
            }
            Self::Unreadable { .. } | Self::UnreadableInfo => ErrorKind::Corrupt,
            Self::Summary(_) | Self::Io(_) => ErrorKind::Other,
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }

    /// How long the store asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
