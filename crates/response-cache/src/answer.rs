//! What a call gives.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache_core::{CacheKey, ChatResponse, ChatStream};

use crate::semantic::SemanticHit;

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The store, within its TTL.
    Hit,
    /// The store, beyond its TTL: while it is asked for anew, or because that failed.
    Stale,
    /// The store, where it is the answer to a question that means the same; the `semantic` field says
    /// which.
    Semantic,
    /// The provider, asked by this call.
    Computed,
    /// The provider, asked by another call, in this process or another, that this one has joined.
    Coalesced,
}

impl Source {
    /// A short, stable, low-cardinality label for logs, spans and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Semantic => "semantic",
            Self::Computed => "computed",
            Self::Coalesced => "coalesced",
        }
    }

    fn is_store(self) -> bool {
        matches!(self, Self::Hit | Self::Stale | Self::Semantic)
    }
}

/// A whole answer, and where it came from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The answer.
    pub response: ChatResponse,
    /// Where it came from.
    pub source: Source,
    /// The request's key; with [variants](crate::CallOptions::with_variants), that of this one.
    pub key: CacheKey,
    /// Whose answer it is, where it is that of a question that means the same.
    pub semantic: Option<SemanticHit>,
    pub(crate) created_at_ms: u64,
}

impl Answer {
    /// Whether the store gave it.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.source.is_store()
    }

    /// Time since the provider gave it, by the clock of the machine that asked.
    #[must_use]
    pub fn age(&self) -> Duration {
        age_of(self.created_at_ms)
    }
}

/// An answer in chunks, and where it comes from.
#[non_exhaustive]
pub struct AnswerStream {
    /// The chunks. An error is the last item, and only a stream without one is complete; see
    /// [`ChatProvider`](cache_core::ChatProvider).
    pub chunks: ChatStream,
    /// Where it comes from.
    pub source: Source,
    /// The request's key; with [variants](crate::CallOptions::with_variants), that of this one.
    pub key: CacheKey,
    /// Whose answer it is, where it is that of a question that means the same.
    pub semantic: Option<SemanticHit>,
    /// Time since the provider gave it; zero for one that is under way.
    pub age: Duration,
}

impl AnswerStream {
    /// Whether the store gave it.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.source.is_store()
    }
}

impl fmt::Debug for AnswerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerStream")
            .field("source", &self.source)
            .field("key", &self.key)
            .field("semantic", &self.semantic)
            .field("age", &self.age)
            .finish_non_exhaustive()
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn age_of(created_at_ms: u64) -> Duration {
    Duration::from_millis(now_ms().saturating_sub(created_at_ms))
}
