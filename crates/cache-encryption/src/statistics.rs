//! What was sealed and opened.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::{KeyId, Unopened};

/// What a wrapper has done since it was made, in values, payloads and attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Given to the store, sealed. (A value that the store refuses without looking at it is not
    /// sealed.)
    pub sealed: u64,
    /// Found and opened.
    pub opened: u64,
    /// Found unsealed and taken as they are, where [`PlainValues::Read`](crate::PlainValues::Read)
    /// allows it.
    pub plain: u64,
    /// Found and not opened, because they are not sealed.
    pub refused_plain: u64,
    /// Found and not opened, because their key is not in the ring.
    pub unknown_key: u64,
    /// Found and not opened, because they are damaged, forged, copied from another key, or of a newer
    /// version.
    pub damaged: u64,
}

/// More keys than this are not told apart in the log: their ids come from the store.
const MOST_KEYS_TOLD: usize = 32;

/// Counts, and tells the log of each kind of trouble once.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) sealed: AtomicU64,
    pub(crate) opened: AtomicU64,
    pub(crate) plain: AtomicU64,
    refused_plain: AtomicU64,
    unknown_key: AtomicU64,
    damaged: AtomicU64,
    told_of_plain: AtomicBool,
    told_of_damage: AtomicBool,
    told_of_keys: Mutex<HashSet<KeyId>>,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Recorder {
    pub(crate) fn statistics(&self) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            sealed: read(&self.sealed),
            opened: read(&self.opened),
            plain: read(&self.plain),
            refused_plain: read(&self.refused_plain),
            unknown_key: read(&self.unknown_key),
            damaged: read(&self.damaged),
        }
    }

    pub(crate) fn unopened(&self, why: Unopened) {
        match why {
            Unopened::Plain => {
                count(&self.refused_plain);
                if !self.told_of_plain.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        "the store holds values that are not encrypted; each is a miss \
                         (not said again)"
                    );
                }
            }
            Unopened::UnknownKey(key) => {
                count(&self.unknown_key);
                if self.is_first_of(key) {
                    tracing::warn!(
                        %key,
                        "the store holds values of a key that is not in the ring; each is a miss \
                         (not said again of this key)"
                    );
                }
            }
            Unopened::Newer | Unopened::Damaged => {
                count(&self.damaged);
                if !self.told_of_damage.swap(true, Ordering::Relaxed) {
                    tracing::warn!("{why}; each such value is a miss (not said again)");
                }
            }
        }
    }

    fn is_first_of(&self, key: KeyId) -> bool {
        let mut told = self.told_of_keys.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MOST_KEYS_TOLD && told.insert(key)
    }
}
