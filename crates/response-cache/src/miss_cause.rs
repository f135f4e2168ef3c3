//! Why the provider was asked.

/// Why a lookup was no hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissCause {
    /// The store has nothing under the key: never written, expired, evicted or removed.
    Absent,
    /// The entry is older than its TTL and its stale windows allow.
    Expired,
    /// The entry is older than the call's maximum age.
    TooOld,
    /// One of the entry's groups was invalidated since.
    Invalidated,
    /// The entry is of a model that the deployment no longer has.
    ModelChanged,
    /// The entry was recorded without the usage, which this call needs.
    NoUsage,
    /// The value does not verify: damaged, foreign or of another version.
    Corrupt,
    /// The store failed.
    StoreError,
    /// The call asked for a new answer.
    Refresh,
    /// The call asked to leave the cache out.
    Bypass,
    /// The policy does not cache such requests.
    NotCacheable,
}

impl MissCause {
    /// A short, stable, low-cardinality label for logs, spans and metrics: `absent` is counted in
    /// [`misses_absent`](crate::Statistics::misses_absent), and so on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Expired => "expired",
            Self::TooOld => "too_old",
            Self::Invalidated => "invalidated",
            Self::ModelChanged => "model_changed",
            Self::NoUsage => "no_usage",
            Self::Corrupt => "corrupt",
            Self::StoreError => "store_error",
            Self::Refresh => "refresh",
            Self::Bypass => "bypass",
            Self::NotCacheable => "not_cacheable",
        }
    }
}
