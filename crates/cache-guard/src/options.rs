//! How a guard is set up.

use std::time::Duration;

/// Options of a [`GuardedBackend`](crate::GuardedBackend).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GuardOptions {
    /// How long calls may take.
    pub budgets: Budgets,
    /// When the store is left alone, and for how long.
    pub breaker: BreakerOptions,
    /// Whether, and within which bounds, writes are queued rather than waited for. Default: no.
    pub write_behind: Option<WriteBehind>,
    /// Whether every call goes to the store and comes back with what the store says: the breaker
    /// only watches, and nothing is queued. Budgets hold all the same. Default: no.
    pub strict: bool,
}

impl GuardOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long calls may take.
    #[must_use]
    pub fn with_budgets(mut self, budgets: Budgets) -> Self {
        self.budgets = budgets;
        self
    }

    /// Sets when the store is left alone.
    #[must_use]
    pub fn with_breaker(mut self, breaker: BreakerOptions) -> Self {
        self.breaker = breaker;
        self
    }

    /// Queues writes within these bounds.
    #[must_use]
    pub fn with_write_behind(mut self, queue: WriteBehind) -> Self {
        self.write_behind = Some(queue);
        self
    }

    /// Sets whether everything surfaces.
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }
}

/// How long calls may take. One that takes longer gives
/// [`Timeout`](cache_core::ErrorKind::Timeout).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budgets {
    /// Reading. Default: 50 ms.
    pub read: Duration,
    /// Taking, prolonging and giving up leases. Default: 50 ms.
    pub lease: Duration,
    /// Writing and touching. Default: 100 ms.
    pub write: Duration,
    /// What comes on top of these for each further begun hundred keys, or MiB of a write.
    /// Default: 10 ms.
    pub extra: Duration,
    /// Everything about the store itself, and counters, which nobody waits for. Default: 10 s.
    pub admin: Duration,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            read: Duration::from_millis(50),
            lease: Duration::from_millis(50),
            write: Duration::from_millis(100),
            extra: Duration::from_millis(10),
            admin: Duration::from_secs(10),
        }
    }
}

impl Budgets {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the budget of reads.
    #[must_use]
    pub fn with_read(mut self, budget: Duration) -> Self {
        self.read = budget;
        self
    }

    /// Sets the budget of leases.
    #[must_use]
    pub fn with_lease(mut self, budget: Duration) -> Self {
        self.lease = budget;
        self
    }

    /// Sets the budget of writes.
    #[must_use]
    pub fn with_write(mut self, budget: Duration) -> Self {
        self.write = budget;
        self
    }

    /// Sets what comes on top for large calls.
    #[must_use]
    pub fn with_extra(mut self, budget: Duration) -> Self {
        self.extra = budget;
        self
    }

    /// Sets the budget of what is about the store itself.
    #[must_use]
    pub fn with_admin(mut self, budget: Duration) -> Self {
        self.admin = budget;
        self
    }

    /// The budget of a call over so many keys and bytes, from that of a small one.
    pub(crate) fn grown(&self, base: Duration, keys: usize, bytes: usize) -> Duration {
        let further = (keys.saturating_sub(1) / 100).max(bytes >> 20);
        base.saturating_add(self.extra.saturating_mul(u32::try_from(further).unwrap_or(u32::MAX)))
    }
}

/// When a store is taken for ill, and how long it is then left alone.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BreakerOptions {
    /// So many failures in a row open the breaker. Default: 5.
    pub consecutive: u32,
    /// So large a part of failures among the calls of ten seconds opens it, from
    /// [`at_least`](Self::at_least) calls on. Default: 0.5.
    pub ratio: f64,
    /// Default: 20.
    pub at_least: u32,
    /// The first pause before a call is let through to try. Default: 100 ms.
    pub first_pause: Duration,
    /// Each pause is twice the one before, up to this. Default: 500 ms. A pause is between half of
    /// its length and all of it, so that processes do not try in step.
    pub longest_pause: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self {
            consecutive: 5,
            ratio: 0.5,
            at_least: 20,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_millis(500),
        }
    }
}

impl BreakerOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many failures in a row open it; zero counts as one.
    #[must_use]
    pub fn with_consecutive(mut self, failures: u32) -> Self {
        self.consecutive = failures.max(1);
        self
    }

    /// Sets which part of failures opens it, and among how many calls at least.
    #[must_use]
    pub fn with_ratio(mut self, ratio: f64, at_least: u32) -> Self {
        (self.ratio, self.at_least) = (ratio, at_least.max(1));
        self
    }

    /// Sets the first and the longest pause.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_pause, self.longest_pause) = (first, longest.max(first));
        self
    }
}

/// The queue of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteBehind {
    /// Most entries in it. Default: 10,000.
    pub max_entries: usize,
    /// Most bytes in it, of values in this process's memory. Default: 64 MiB.
    pub max_bytes: usize,
    /// A write that could not be made for so long is dropped. Default: 30 s.
    pub keep: Duration,
    /// How long [`flush`](cache_core::CacheBackend::flush) waits. Default: 5 s.
    pub flush: Duration,
}

impl Default for WriteBehind {
    fn default() -> Self {
        Self {
            max_entries: 10_000,
            max_bytes: 64 << 20,
            keep: Duration::from_secs(30),
            flush: Duration::from_secs(5),
        }
    }
}

impl WriteBehind {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many entries and bytes may wait.
    #[must_use]
    pub fn with_bounds(mut self, entries: usize, bytes: usize) -> Self {
        (self.max_entries, self.max_bytes) = (entries, bytes);
        self
    }

    /// Sets for how long a write that cannot be made is kept.
    #[must_use]
    pub fn with_keep(mut self, time: Duration) -> Self {
        self.keep = time;
        self
    }

    /// Sets how long a flush waits.
    #[must_use]
    pub fn with_flush(mut self, time: Duration) -> Self {
        self.flush = time;
        self
    }
}
