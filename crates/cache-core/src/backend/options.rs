//! Options, capabilities and reports of a backend.

use std::time::Duration;

use super::{Finding, LeaseToken};

/// What a backend is and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendInfo {
    /// `redis`, `embedded`, `memory`, …
    pub kind: &'static str,
    /// Address or path, without credentials. Empty where there is none.
    pub location: String,
}

impl BackendInfo {
    /// A kind and a place.
    pub fn new(kind: &'static str, location: impl Into<String>) -> Self {
        Self { kind, location: location.into() }
    }
}

/// What a backend can do, for services that adapt and for people who ask.
///
/// Leases and counters are not listed: [`CacheBackend::leases`](crate::CacheBackend::leases) and
/// [`counters`](crate::CacheBackend::counters) answer for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Other processes see the entries.
    pub shared: bool,
    /// Entries survive a restart of this process.
    pub persistent: bool,
    /// Decoded forms of values are kept and handed back, see
    /// [`StoredValue::decoded`](crate::StoredValue::decoded).
    pub keeps_decoded: bool,
    /// A write begins before all of its values are looked at, so that
    /// [deferred](crate::StoredValue::deferred) ones are made while others are under way.
    pub writes_as_it_goes: bool,
    /// No call waits for anything outside of this process, or every call ends within a time budget
    /// of the backend's own and a store that is ill is left alone. Services put a guard in front of
    /// any other backend.
    pub guarded: bool,
    /// The largest value that can be stored, in bytes.
    pub max_value_bytes: u64,
}

impl Capabilities {
    /// Private to this process, gone with it, values of up to 512 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: false,
            persistent: false,
            keeps_decoded: false,
            writes_as_it_goes: false,
            guarded: false,
            max_value_bytes: 512 * 1024 * 1024,
        }
    }

    /// Sets whether other processes see the entries.
    #[must_use]
    pub fn with_shared(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    /// Sets whether entries survive a restart of this process.
    #[must_use]
    pub fn with_persistent(mut self, persistent: bool) -> Self {
        self.persistent = persistent;
        self
    }

    /// Sets whether decoded forms are kept.
    #[must_use]
    pub fn with_keeps_decoded(mut self, keeps: bool) -> Self {
        self.keeps_decoded = keeps;
        self
    }

    /// Sets whether a write begins before all of its values are looked at.
    #[must_use]
    pub fn with_writes_as_it_goes(mut self, does: bool) -> Self {
        self.writes_as_it_goes = does;
        self
    }

    /// Sets whether calls end in time by themselves.
    #[must_use]
    pub fn with_guarded(mut self, guarded: bool) -> Self {
        self.guarded = guarded;
        self
    }

    /// Sets the largest value that can be stored.
    #[must_use]
    pub fn with_max_value_bytes(mut self, bytes: u64) -> Self {
        self.max_value_bytes = bytes;
        self
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::new()
    }
}

/// Options of a read.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GetOptions {
    /// Where a store of several parts can read only some of them, what those hold is given, and all
    /// other keys are misses. Without this, and where no part can be read, such a read is an error.
    pub partial: bool,
}

impl GetOptions {
    /// Sets whether what a part of the store holds is given when another part cannot be read.
    #[must_use]
    pub fn with_partial(mut self, partial: bool) -> Self {
        self.partial = partial;
        self
    }
}

/// Options of a write.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PutOptions {
    /// Also release the leases that this token holds on the written keys, in the same round trip.
    pub release: Option<LeaseToken>,
}

impl PutOptions {
    /// Also releases the leases that this token holds on the written keys.
    #[must_use]
    pub fn with_release(mut self, token: LeaseToken) -> Self {
        self.release = Some(token);
        self
    }
}

/// Options of [`CacheBackend::clear`](crate::CacheBackend::clear).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClearOptions {
    /// About how many entries one call looks at.
    pub step: usize,
}

impl Default for ClearOptions {
    fn default() -> Self {
        Self { step: 1_000 }
    }
}

impl ClearOptions {
    /// Sets about how many entries one call looks at; zero counts as one.
    #[must_use]
    pub fn with_step(mut self, entries: usize) -> Self {
        self.step = entries.max(1);
        self
    }
}

/// How far a clearing has come. Start with the default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClearProgress {
    /// Entries removed so far.
    pub removed: u64,
    cursor: Cursor,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Cursor {
    #[default]
    Start,
    At(String),
    End,
}

impl ClearProgress {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.cursor == Cursor::End
    }

    /// For backends: where the last step stopped; `None` at the start.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        match &self.cursor {
            Cursor::At(at) => Some(at),
            Cursor::Start | Cursor::End => None,
        }
    }

    /// For backends: `removed` more entries are gone, go on at `cursor`, or be done at `None`.
    #[must_use]
    pub fn advance(mut self, removed: u64, cursor: Option<String>) -> Self {
        self.removed += removed;
        self.cursor = cursor.map_or(Cursor::End, Cursor::At);
        self
    }
}

/// What a namespace takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Live entries, leases and counters not included.
    pub entries: u64,
    /// Bytes they take in the store, its own overhead included as far as it tells.
    pub bytes: u64,
    /// Whether `bytes` was extrapolated from a sample of the entries.
    pub estimated: bool,
}

impl Usage {
    /// Counted in full.
    #[must_use]
    pub fn new(entries: u64, bytes: u64) -> Self {
        Self { entries, bytes, estimated: false }
    }

    /// The bytes are extrapolated from a sample.
    #[must_use]
    pub fn estimated(entries: u64, bytes: u64) -> Self {
        Self { entries, bytes, estimated: true }
    }
}

/// How a store is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendStatus {
    /// The server's or library's name: `redis`, `valkey`, `sqlite`, …
    pub server: String,
    /// Its version.
    pub version: String,
    /// Memory or file space in use, in bytes, by everybody who uses the store.
    pub used_bytes: Option<u64>,
    /// The bound of that space; `None` when it is unbounded or unknown.
    pub max_bytes: Option<u64>,
    /// What happens when the bound is reached: `allkeys-lru`, `noeviction`, `lru`, …
    pub eviction_policy: Option<String>,
    /// One round trip, measured for this answer.
    pub round_trip: Duration,
    /// What a person should know, as far as this shows it. There is more in a
    /// [diagnosis](crate::CacheBackend::diagnose).
    pub findings: Vec<Finding>,
}

impl BackendStatus {
    /// Of this name and version, with no bound, no findings and no time measured.
    pub fn new(server: impl Into<String>, version: impl Into<String>) -> Self {
        Self { server: server.into(), version: version.into(), ..Self::default() }
    }
}
