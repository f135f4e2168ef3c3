//! What is known of a session without its messages.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache_core::LogHead;
use serde_json::{Map, Value};

use crate::stored::Attributes;

/// Names and values of the caller's.
pub type Metadata = Map<String, Value>;

/// A session without its messages. `Debug` shows neither title nor metadata.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// Its id: with the owner's name, what [`SessionStore::session`](crate::SessionStore::session)
    /// takes.
    pub id: String,
    /// Its title.
    pub title: Option<String>,
    /// What is kept with it.
    pub metadata: Metadata,
    /// The session that it was forked from.
    pub forked_from: Option<String>,
    /// Messages there are.
    pub len: u64,
    /// Sum of their tokens.
    pub tokens: u64,
    /// Bytes they take in the store.
    pub bytes: u64,
    /// When it was made, by the store's clock.
    pub created: SystemTime,
    /// When it was last appended to, by the store's clock.
    pub appended: SystemTime,
    /// How long it still has to live; `None` when it does not expire.
    pub expires_in: Option<Duration>,
}

impl SessionInfo {
    pub(crate) fn new(head: &LogHead, attributes: Attributes) -> Self {
        Self {
            id: attributes.id,
            title: attributes.title,
            metadata: attributes.metadata,
            forked_from: attributes.forked_from,
            len: head.len,
            tokens: head.weight,
            bytes: head.bytes,
            created: moment(head.created),
            appended: moment(head.appended),
            expires_in: head.expires_in,
        }
    }
}

/// What sessions come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionUsage {
    /// Owners who have sessions; who has some in two scopes counts twice.
    pub owners: u64,
    /// Sessions.
    pub sessions: u64,
    /// Messages in them.
    pub messages: u64,
    /// Tokens of the messages.
    pub tokens: u64,
    /// Bytes that the messages take in the store.
    pub bytes: u64,
}

/// A moment beyond the clock's range is the beginning of time.
pub(crate) fn moment(since_epoch: Duration) -> SystemTime {
    UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH)
}

impl fmt::Debug for SessionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionInfo")
            .field("len", &self.len)
            .field("tokens", &self.tokens)
            .field("bytes", &self.bytes)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}
