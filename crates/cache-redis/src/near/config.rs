//! How a near cache is to be.

use std::time::Duration;

/// How much is kept near, how it is kept coherent, and how old it may get.
///
/// ```
/// use std::time::Duration;
/// use cache_redis::NearConfig;
///
/// let config = NearConfig::new(256 << 20).with_max_staleness(Duration::from_millis(500));
/// # let _ = config;
/// ```
#[derive(Debug, Clone)]
pub struct NearConfig {
    pub(crate) max_bytes: u64,
    pub(crate) max_staleness: Duration,
    pub(crate) max_age: Duration,
    pub(crate) tracking: Tracking,
    pub(crate) without_tracking: WithoutTracking,
}

/// Of which changes the server is asked to tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tracking {
    /// Of all changes of the namespaces and kinds of keys that are in use. Costs the server no
    /// memory, and each process a message for every write of anybody.
    #[default]
    Broadcast,
    /// Of changes of the keys that this process has read. Costs the server memory for each of them,
    /// and is less traffic where many write what few read.
    PerKey,
}

/// What happens where a server cannot tell what changes, or this user may not ask it to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WithoutTracking {
    /// Entries are kept near for the maximum staleness, so that the bound holds all the same.
    #[default]
    ShortLived,
    /// Nothing is kept near.
    Off,
}

impl NearConfig {
    /// 64 MiB.
    pub const DEFAULT_MAX_BYTES: u64 = 64 << 20;

    /// One second.
    pub const DEFAULT_MAX_STALENESS: Duration = Duration::from_secs(1);

    /// One minute.
    pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(60);

    /// A near cache of at most this many bytes: values, their decoded forms, and 192 bytes an entry.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self {
            max_bytes,
            max_staleness: Self::DEFAULT_MAX_STALENESS,
            max_age: Self::DEFAULT_MAX_AGE,
            tracking: Tracking::default(),
            without_tracking: WithoutTracking::default(),
        }
    }

    /// The bound on staleness: no read gives a value whose overwriting or removal was complete this
    /// long before the read began, whatever happens to the server, the network or this process. As
    /// long as all is well, changes are seen as soon as the server's message is here.
    ///
    /// The server is asked for a sign of life four times in this time. Less than 20 ms counts as
    /// 20 ms.
    #[must_use]
    pub fn with_max_staleness(mut self, staleness: Duration) -> Self {
        self.max_staleness = staleness.max(Duration::from_millis(20));
        self
    }

    /// How long an entry is served without asking the server for it again. A server that evicts goes
    /// by use, and does not see uses of what is near: this shows it which entries are in use.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Of which changes the server is asked to tell.
    #[must_use]
    pub fn with_tracking(mut self, tracking: Tracking) -> Self {
        self.tracking = tracking;
        self
    }

    /// What happens where the server cannot tell what changes.
    #[must_use]
    pub fn without_tracking(mut self, then: WithoutTracking) -> Self {
        self.without_tracking = then;
        self
    }
}

impl Default for NearConfig {
    fn default() -> Self {
        Self::new(Self::DEFAULT_MAX_BYTES)
    }
}
