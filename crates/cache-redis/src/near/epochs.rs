//! Whether a key has changed since some moment.

use std::sync::atomic::{AtomicU64, Ordering};

use cache_core::CacheKey;

/// Counters that rise when keys change. Many keys share one, so that a change of another may count:
/// the answer errs to the safe side only, and takes the same memory whatever is read.
pub(super) struct Epochs {
    buckets: Box<[AtomicU64]>,
    all: AtomicU64,
}

/// A key's moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch {
    bucket: u64,
    all: u64,
}

const BUCKETS: usize = 4_096;

impl Epochs {
    pub(super) fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, all: AtomicU64::new(0) }
    }

    fn bucket(&self, key: &CacheKey) -> &AtomicU64 {
        let [.., high, low] = *key.hash();
        &self.buckets[usize::from(u16::from_be_bytes([high, low])) % BUCKETS]
    }

    pub(super) fn now(&self, key: &CacheKey) -> Epoch {
        let all = self.all.load(Ordering::SeqCst);
        Epoch { bucket: self.bucket(key).load(Ordering::SeqCst), all }
    }

    pub(super) fn changed(&self, key: &CacheKey) {
        self.bucket(key).fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn all_changed(&self) {
        self.all.fetch_add(1, Ordering::SeqCst);
    }
}
