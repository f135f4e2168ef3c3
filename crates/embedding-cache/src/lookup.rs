//! A vector and where it came from.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache_core::Embedding;
use cache_core::codec::Codec;

/// Where a vector came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The store, within its TTL.
    Hit,
    /// The store, beyond its TTL: served while it is refreshed, or because computing failed.
    Stale,
    /// Computed by this call.
    Computed,
    /// Computed by another call that was under way, in this process or in another.
    Coalesced,
}

impl Source {
    /// A short, stable, low-cardinality label for logs, spans and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Computed => "computed",
            Self::Coalesced => "coalesced",
        }
    }
}

/// A vector with its story.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Lookup {
    /// The vector.
    pub embedding: Embedding,
    /// Where it came from.
    pub source: Source,
    /// How it is stored; `None` when it is not (a bypassed or read-only cache, a store that
    /// failed).
    pub codec: Option<Codec>,
    /// Bytes of the stored value, its header included; zero when it is not stored.
    pub stored_bytes: usize,
    pub(crate) created_at_ms: u64,
}

impl Lookup {
    /// Computed by this call, just now, and not stored.
    pub(crate) fn unstored(embedding: Embedding) -> Self {
        let source = Source::Computed;
        Self { embedding, source, codec: None, stored_bytes: 0, created_at_ms: now_ms() }
    }

    /// Whether it was served from the store.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        matches!(self.source, Source::Hit | Source::Stale)
    }

    /// Time since it was computed, by the clock of the machine that computed it.
    #[must_use]
    pub fn age(&self) -> Duration {
        Duration::from_millis(now_ms().saturating_sub(self.created_at_ms))
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
