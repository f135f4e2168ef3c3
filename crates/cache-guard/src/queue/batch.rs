//! What is written next.

use cache_core::{CacheKey, LeaseToken, PutEntry};

/// Most entries of one write.
pub(super) const MOST_ENTRIES: usize = 512;
/// Most bytes of one write, a single larger entry aside.
pub(super) const MOST_BYTES: usize = 4 << 20;

/// A place in the order of the calls.
pub(super) type Number = u64;

/// One step of the worker. It does not leave the queue's books until it is
/// [done](super::state::State::finish).
#[derive(Debug)]
pub(super) enum Step {
    /// Entries to write, and whose leases on them end with it.
    Write { entries: Vec<PutEntry>, release: Option<LeaseToken> },
    /// Leases to give up.
    Release { keys: Vec<CacheKey>, token: LeaseToken },
}

/// What stands in the order of the calls.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Write { key: CacheKey, number: Number },
    Release { keys: Vec<CacheKey>, token: LeaseToken, number: Number },
}

impl Item {
    pub(super) fn number(&self) -> Number {
        match self {
            Self::Write { number, .. } | Self::Release { number, .. } => *number,
        }
    }
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// It is to be tried again.
    Again,
    /// The store will never take it.
    Never,
}
