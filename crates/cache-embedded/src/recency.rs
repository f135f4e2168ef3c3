//! Which entries were read, until it is written down.
//!
//! Reading does not write. A use is noted in memory and written with others, when something is
//! to be evicted or about a second later. And it is noted only if the entry's last recorded use
//! is old *for this store*: more than a sixteenth of the way back to the oldest entry. So a store
//! that turns over within seconds keeps its order to fractions of a second, and one whose entries
//! live for days writes next to nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::clock;

/// Uses beyond this many in a second are not noted.
const MOST_PENDING: usize = 16_384;
const PARTS_OF_AGE: i64 = 16;

/// Shared by all threads of a backend.
#[derive(Debug, Default)]
pub(crate) struct Recency {
    pending: Mutex<Pending>,
    /// When the least recently used entry was used, in microseconds since 1970.
    oldest: AtomicI64,
}

#[derive(Debug, Default)]
struct Pending {
    /// Keys in their stored form, with their place in the order of use.
    orders: HashMap<Vec<u8>, u64>,
    next: u64,
}

impl Recency {
    /// Uses recorded before this time, in microseconds since 1970, are to be recorded anew.
    pub(crate) fn horizon(&self) -> i64 {
        let now = clock::micros();
        now - (now - self.oldest.load(Ordering::Relaxed)).max(0) / PARTS_OF_AGE
    }

    /// Tells when the least recently used entry was used.
    pub(crate) fn set_oldest(&self, used_at: i64) {
        self.oldest.store(used_at, Ordering::Relaxed);
    }

    /// Notes the uses of these keys, in their order. True if they are the first to be written.
    pub(crate) fn note(&self, keys: Vec<Vec<u8>>) -> bool {
        if keys.is_empty() {
            return false;
        }
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let first = pending.orders.is_empty();
        for key in keys {
            if pending.orders.len() < MOST_PENDING || pending.orders.contains_key(&key) {
                pending.next += 1;
                let order = pending.next;
                pending.orders.insert(key, order);
            }
        }
        first
    }

    /// Takes what was noted, the earliest use first.
    pub(crate) fn take(&self) -> Vec<Vec<u8>> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<_> = std::mem::take(&mut pending.orders).into_iter().collect();
        drop(pending);
        keys.sort_unstable_by_key(|(_, order)| *order);
        keys.into_iter().map(|(key, _)| key).collect()
    }
}
