//! The right to compute a missing value, across processes.

use std::fmt::{self, Debug};
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

use super::StoredValue;
use crate::{CacheError, CacheKey};

/// Short-lived exclusive rights to compute missing values.
///
/// # Contract
/// * Of any number of concurrent callers that ask for the lease of a missing key, exactly one
///   acquires it. A key that has a value gives the value and no lease.
/// * A lease ends when its time is over, when it is released with its token, or when the value is
///   put with its token ([`PutOptions::release`](crate::PutOptions)). Nobody else's token ends it.
/// * Asking again with the token that holds the lease acquires (and renews) it.
/// * One round trip per call.
#[async_trait]
pub trait Leases: Debug + Send + Sync {
    /// For each key: its value, or its lease, or word that another holds the lease.
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError>;

    /// Prolongs leases held with this token; says for each whether it is still held.
    async fn renew_leases(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<bool>, CacheError>;

    /// Gives up leases held with this token. Others' leases are left alone.
    async fn release_leases(&self, keys: &[CacheKey], token: LeaseToken) -> Result<(), CacheError>;

    /// Waits until one of the keys has a value, or nobody's lease any more. It is then worthwhile to
    /// ask for the leases again, at once; whether one is had is not said.
    ///
    /// What was so before the call counts, so that nothing is missed between asking and waiting. It
    /// may return without cause, and the end of a lease by time alone may go unnoticed
    /// ([`Held`](LeaseOutcome::Held) says when that is), so that callers bound it by a time of their
    /// own, as [`WaitPace`](crate::WaitPace) does. It can be dropped at any time.
    ///
    /// [`Wakeup::Unknown`], which is all that the default says, and at once, means that it cannot
    /// be told: pause, and ask again.
    async fn changed(&self, keys: &[CacheKey]) -> Wakeup {
        let _ = keys;
        Wakeup::Unknown
    }
}

/// Why [`Leases::changed`] returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wakeup {
    /// A key may have got a value or lost its lease.
    Changed,
    /// The store cannot tell, or not now.
    Unknown,
}

/// What a caller got of [`Leases::get_or_lease_many`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LeaseOutcome {
    /// There is a value.
    Value(StoredValue),
    /// There is none, and the caller may compute it now.
    Acquired,
    /// There is none, and another is computing it; its lease ends in at most this time.
    Held(Duration),
}

/// Which lease to take, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseRequest {
    /// Who asks.
    pub token: LeaseToken,
    /// How long the lease lives without being renewed: at least a millisecond.
    pub duration: Duration,
}

impl LeaseRequest {
    /// The duration in milliseconds, at least one.
    #[must_use]
    pub fn millis(&self) -> u64 {
        u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX).max(1)
    }
}

/// Names the holder of a lease; no two holders share one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseToken([u8; 16]);

impl LeaseToken {
    /// A token nobody else has: 128 bits from the process's random seed, its id, the clock and a
    /// counter. It need not be secret, only unique.
    #[must_use]
    pub fn unique() -> Self {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // RandomState is seeded by the operating system in every process.
        let mut random = std::hash::RandomState::new().build_hasher();
        random.write_u64(count);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&random.finish().to_le_bytes());
        hasher.update(&std::hash::RandomState::new().build_hasher().finish().to_le_bytes());
        hasher.update(&std::process::id().to_le_bytes());
        hasher.update(&now.as_nanos().to_le_bytes());
        hasher.update(&count.to_le_bytes());
        let mut token = [0u8; 16];
        hasher.finalize_xof().fill(&mut token);
        Self(token)
    }

    /// The token's bytes, as stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl Debug for LeaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

const _: Option<&dyn Leases> = None;
