//! A table of values in least-recently-used order, in shards, bounded in bytes.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lru::LruCache;

use crate::{CacheKey, StoredValue, Ttl};

/// Enough that cores seldom meet at one lock.
const SHARDS: usize = 32;

/// What an entry takes beside its value: key, table slot and list links.
pub(super) const OVERHEAD_BYTES: usize = 192;

type Shard = LruCache<CacheKey, Slot, BuildHasherDefault<KeyHasher>>;

#[derive(Debug)]
pub(super) struct Slot {
    value: StoredValue,
    expires_at: Option<Instant>,
}

impl Slot {
    pub(super) fn new(value: StoredValue, ttl: Ttl) -> Self {
        Self { value, expires_at: end_of(ttl) }
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.value.memory_bytes() + OVERHEAD_BYTES) as u64
    }

    fn is_live(&self) -> bool {
        self.expires_at.is_none_or(|at| Instant::now() < at)
    }
}

/// A life beyond the clock's range has no end.
fn end_of(ttl: Ttl) -> Option<Instant> {
    ttl.as_duration().and_then(|ttl| Instant::now().checked_add(ttl))
}

/// All entries. Every method holds one lock at a time, for a short time.
#[derive(Debug)]
pub(super) struct Shards {
    shards: Vec<Mutex<Shard>>,
    bytes: AtomicU64,
    max_bytes: u64,
}

impl Shards {
    pub(super) fn new(max_bytes: u64) -> Self {
        let shard = || Mutex::new(LruCache::unbounded_with_hasher(BuildHasherDefault::default()));
        let shards = (0..SHARDS).map(|_| shard()).collect();
        Self { shards, bytes: AtomicU64::new(0), max_bytes }
    }

    pub(super) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn index(key: &CacheKey) -> usize {
        // The last byte: the tables use the first ones.
        usize::from(key.hash()[31]) % SHARDS
    }

    fn shard(&self, key: &CacheKey) -> MutexGuard<'_, Shard> {
        lock(&self.shards[Self::index(key)])
    }

    fn forget(&self, slot: &Slot) {
        self.bytes.fetch_sub(slot.bytes(), Ordering::Relaxed);
    }

    /// The value, which is now the most recently used one.
    pub(super) fn get(&self, key: &CacheKey) -> Option<StoredValue> {
        self.read(key, StoredValue::clone)
    }

    /// What `read` makes of the value, under the shard's lock; the value is now the most recently
    /// used one.
    pub(super) fn read<T>(
        &self,
        key: &CacheKey,
        read: impl FnOnce(&StoredValue) -> T,
    ) -> Option<T> {
        let mut shard = self.shard(key);
        let slot = shard.get(key)?;
        if slot.is_live() {
            return Some(read(&slot.value));
        }
        if let Some(dead) = shard.pop(key) {
            self.forget(&dead);
        }
        None
    }

    /// Whether there is a live value; not a use.
    pub(super) fn contains(&self, key: &CacheKey) -> bool {
        self.shard(key).peek(key).is_some_and(Slot::is_live)
    }

    /// Inserts or replaces, then evicts until the bound holds again.
    pub(super) fn insert(&self, key: &CacheKey, slot: Slot) {
        self.bytes.fetch_add(slot.bytes(), Ordering::Relaxed);
        if let Some(old) = self.shard(key).put(key.clone(), slot) {
            self.forget(&old);
        }
        self.evict(Self::index(key));
    }

    /// Evicts until the bound holds: from the shard that has just grown, so that shards keep their
    /// share of the space, and from the next ones when it holds only the entry that has just come.
    fn evict(&self, grown: usize) {
        let (mut turn, mut spared) = (grown, 1);
        while self.bytes() > self.max_bytes {
            let mut shard = lock(&self.shards[turn]);
            if shard.len() > spared
                && let Some((_, slot)) = shard.pop_lru()
            {
                self.forget(&slot);
            } else {
                (turn, spared) = ((turn + 1) % SHARDS, 0);
            }
        }
    }

    /// Removes; says whether there was a live value.
    pub(super) fn remove(&self, key: &CacheKey) -> bool {
        let removed = self.shard(key).pop(key);
        removed.is_some_and(|slot| {
            self.forget(&slot);
            slot.is_live()
        })
    }

    /// Gives a live value a new life; says whether there was one.
    pub(super) fn touch(&self, key: &CacheKey, ttl: Ttl) -> bool {
        match self.shard(key).get_mut(key) {
            Some(slot) if slot.is_live() => {
                slot.expires_at = end_of(ttl);
                true
            }
            _ => false,
        }
    }

    /// Calls `each` with every live entry.
    pub(super) fn for_each(&self, mut each: impl FnMut(&CacheKey, &Slot)) {
        for shard in &self.shards {
            lock(shard).iter().filter(|(_, slot)| slot.is_live()).for_each(|(k, s)| each(k, s));
        }
    }

    /// Up to `most` keys of one shard that `wanted` takes; `None` when there is no such shard.
    pub(super) fn keys_of_shard(
        &self,
        shard: usize,
        most: usize,
        wanted: impl Fn(&CacheKey) -> bool,
    ) -> Option<Vec<CacheKey>> {
        let shard = lock(self.shards.get(shard)?);
        let keys = shard.iter().map(|(key, _)| key).filter(|key| wanted(key));
        Some(keys.take(most).cloned().collect())
    }
}

/// The tables are sound after any panic: nothing that can panic runs between two changes.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keys are BLAKE3 hashes: their first 64 bits need no further hashing.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // CacheKey calls only write_u64; right for anything else, if slow.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
