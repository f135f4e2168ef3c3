//! Dropping the oldest messages.

use cache_core::{CacheError, Compaction, ErrorKind, LogHead, LogRefusal};

use super::Session;
use super::compact::{ATTEMPTS, window};
use crate::Error;
use crate::span::{Told, traced};

/// What a trim did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trimmed {
    /// Messages that went.
    pub removed: u64,
    /// Messages that the session has now, pinned ones included.
    pub len: u64,
    /// Their tokens.
    pub tokens: u64,
}

/// What stays, pinned messages not counted.
#[derive(Clone, Copy)]
enum Keep {
    Messages(usize),
    Tokens(u64),
}

/// Both drop the oldest messages for good, at once or not at all. Pinned messages stay and do not
/// count. Results of a tool whose call goes, go with it, so that a little less may stay. The session
/// keeps its time to live. Nothing happens to a session that is not there.
impl Session {
    /// Drops all but the last messages, at most so many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn trim_to_messages(&self, most: usize) -> Result<Trimmed, Error> {
        self.trim(Keep::Messages(most)).await
    }

    /// Drops all but the last messages that together have at most so many tokens.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn trim_to_tokens(&self, most: u64) -> Result<Trimmed, Error> {
        self.trim(Keep::Tokens(most)).await
    }

    async fn trim(&self, keep: Keep) -> Result<Trimmed, Error> {
        traced("trim", self.drop_oldest(keep), |done| Told::counted(done.removed)).await
    }

    /// Again from the start when somebody changed the session meanwhile.
    async fn drop_oldest(&self, keep: Keep) -> Result<Trimmed, Error> {
        for _ in 0..ATTEMPTS {
            let boundary = match keep {
                Keep::Messages(most) => self.boundary(window(u64::MAX, most)).await?,
                Keep::Tokens(most) => self.boundary_by_tokens(most).await?,
            };
            let Some((before, until)) = boundary else { return Ok(Trimmed::default()) };
            let expected_version = before.version;
            let compaction = Compaction { until, replacement: Vec::new(), expected_version };
            match self.store.backend().compact(&self.log, &compaction).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error.into()),
                Ok(None) => return Ok(Trimmed::default()),
                Ok(Some(LogHead { len, weight: tokens, .. })) => {
                    return Ok(Trimmed { removed: before.len.saturating_sub(len), len, tokens });
                }
            }
        }
        Err(CacheError::from(LogRefusal::Version).into())
    }
}
