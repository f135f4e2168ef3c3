//! What a near cache did.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a near cache did since it was made, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NearStats {
    /// Reads of a key that were answered from this process's memory.
    pub hits: u64,
    /// Reads of a key that went to the server.
    pub misses: u64,
    /// Entries at the moment, including some that have expired.
    pub entries: u64,
    /// What they take.
    pub bytes: u64,
    /// Entries that were dropped because the server told that they had changed. Those that it told
    /// about and that were not here do not count.
    pub invalidations: u64,
    /// Entries that were dropped because everything might have changed: the connection on which the
    /// server tells was lost, somebody flushed the server, or a cluster's slots have moved.
    pub dropped: u64,
    /// How often that connection was lost.
    pub disconnects: u64,
    /// What it does at the moment.
    pub state: NearState,
}

/// What a near cache does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NearState {
    /// It waits for the server, or for the first read: nothing is kept.
    Disconnected,
    /// The server tells what changes.
    Tracking,
    /// The server cannot tell what changes, so that entries live for the maximum staleness at most.
    ShortLived,
    /// The server cannot tell what changes, so that nothing is kept.
    Off,
}

#[derive(Default)]
pub(super) struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    pub(super) invalidations: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) disconnects: AtomicU64,
}

impl Counts {
    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn missed(&self, keys: usize) {
        self.misses.fetch_add(keys as u64, Ordering::Relaxed);
    }

    pub(super) fn stats(&self, state: NearState, entries: u64, bytes: u64) -> NearStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        NearStats {
            hits: count(&self.hits),
            misses: count(&self.misses),
            entries,
            bytes,
            invalidations: count(&self.invalidations),
            dropped: count(&self.dropped),
            disconnects: count(&self.disconnects),
            state,
        }
    }
}
