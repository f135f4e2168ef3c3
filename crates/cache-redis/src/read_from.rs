//! Which servers answer readings.

use std::str::FromStr;

use cache_core::CacheError;

use crate::address::invalid;

/// Which server answers a reading of entries, where a primary has replicas. Everything that writes,
/// leases, counters and logs go to the primary whatever this says.
///
/// A replica is a moment behind: it may miss an entry that was just written, or give one that was
/// just removed. One that is down, loading, or that lost its primary is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ReadFrom {
    /// The primary.
    #[default]
    Primary,
    /// A replica, one after the other; the primary where there is none.
    PreferReplica,
    /// The primary and its replicas, one after the other.
    Any,
}

impl FromStr for ReadFrom {
    type Err = CacheError;

    /// `primary`, `prefer-replica` or `any`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "primary" => Ok(Self::Primary),
            "prefer-replica" => Ok(Self::PreferReplica),
            "any" => Ok(Self::Any),
            _ => Err(invalid("read_from is primary, prefer-replica or any")),
        }
    }
}
