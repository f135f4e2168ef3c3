//! A table of values in least-recently-used order, in shards, bounded in bytes.

use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lru::LruCache;

use super::clock::Moment;
use crate::{CacheKey, StoredValue, Ttl};

/// Enough that cores seldom meet at one lock.
const SHARDS: usize = 32;

/// What an entry takes beside its value: key, table slot and list links.
pub(super) const OVERHEAD_BYTES: usize = 192;

type Shard<T> = LruCache<CacheKey, Slot<T>, BuildHasherDefault<KeyHasher>>;

struct Slot<T> {
    value: StoredValue,
    ends: Option<Moment>,
    tag: T,
}

impl<T> Slot<T> {
    fn bytes(&self) -> u64 {
        bytes_of(&self.value)
    }

    fn is_live(&self) -> bool {
        self.ends.is_none_or(|moment| !moment.has_come())
    }
}

fn bytes_of(value: &StoredValue) -> u64 {
    (value.memory_bytes() + OVERHEAD_BYTES) as u64
}

/// A life beyond the clock's range has no end.
fn end_of(ttl: Ttl) -> Option<Moment> {
    ttl.as_duration().and_then(Moment::after)
}

/// Values in this process's memory, in least-recently-used order or nearly so (each of 32 shards
/// keeps its own), bounded in bytes: what [`MemoryBackend`](crate::MemoryBackend) is made of, and
/// what other backends may keep near. Each entry carries a tag of its owner's.
///
/// # Bound
/// Values, their decoded forms and 192 bytes an entry count. The bound holds whenever a call has
/// returned. A value that is larger than the bound is evicted at once.
///
/// # Expiry
/// A value is not read after its end, or up to 10 ms after it where the system has a cheap clock that
/// moves in ticks.
///
/// # Concurrency
/// Every method holds one lock at a time, for a short time. Closures run under that lock and must
/// not call the table.
pub struct LocalTable<T = ()> {
    shards: Vec<Mutex<Shard<T>>>,
    bytes: AtomicU64,
    max_bytes: u64,
}

impl<T> LocalTable<T> {
    /// An empty table that takes at most this many bytes.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        let shard = || Mutex::new(LruCache::unbounded_with_hasher(BuildHasherDefault::default()));
        let shards = (0..SHARDS).map(|_| shard()).collect();
        Self { shards, bytes: AtomicU64::new(0), max_bytes }
    }

    /// The bound.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// What all entries take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many entries there are, expired ones that nobody has met included.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).len() as u64).sum()
    }

    fn index(key: &CacheKey) -> usize {
        // The last byte: the tables use the first ones.
        usize::from(key.hash()[31]) % SHARDS
    }

    fn shard(&self, key: &CacheKey) -> MutexGuard<'_, Shard<T>> {
        lock(&self.shards[Self::index(key)])
    }

    fn forget(&self, slot: &Slot<T>) {
        self.bytes.fetch_sub(slot.bytes(), Ordering::Relaxed);
    }

    /// What `read` makes of a live value and its tag; the value is now the most recently used one.
    pub fn read<R>(
        &self,
        key: &CacheKey,
        read: impl FnOnce(&StoredValue, &T) -> Option<R>,
    ) -> Option<R> {
        let mut shard = self.shard(key);
        let slot = shard.get(key)?;
        if slot.is_live() {
            return read(&slot.value, &slot.tag);
        }
        if let Some(dead) = shard.pop(key) {
            self.forget(&dead);
        }
        None
    }

    /// Whether there is a live value; not a use.
    #[must_use]
    pub fn contains(&self, key: &CacheKey) -> bool {
        self.shard(key).peek(key).is_some_and(Slot::is_live)
    }

    /// Inserts or replaces, for as long as `ttl`, then evicts until the bound holds again.
    pub fn insert(&self, key: &CacheKey, value: StoredValue, ttl: Ttl, tag: T) {
        self.put(key, Slot { value, ends: end_of(ttl), tag }, || true);
    }

    /// Inserts or replaces, until an instant or without an end, if `wanted` says so; says whether
    /// it did. Who removes the key after `wanted` was asked removes this value.
    pub fn insert_if(
        &self,
        key: &CacheKey,
        value: StoredValue,
        expires_at: Option<Instant>,
        tag: T,
        wanted: impl FnOnce() -> bool,
    ) -> bool {
        self.put(key, Slot { value, ends: expires_at.and_then(Moment::at), tag }, wanted)
    }

    fn put(&self, key: &CacheKey, slot: Slot<T>, wanted: impl FnOnce() -> bool) -> bool {
        let mut shard = self.shard(key);
        if !wanted() {
            return false;
        }
        self.bytes.fetch_add(slot.bytes(), Ordering::Relaxed);
        if let Some(old) = shard.put(key.clone(), slot) {
            self.forget(&old);
        }
        drop(shard);
        self.evict(Self::index(key));
        true
    }

    /// Puts `value` in the place of one with the very same bytes, not a copy of them: so does a
    /// value that was read get its decoded form. Not a use.
    pub fn attach_decoded(&self, key: &CacheKey, value: &StoredValue) {
        let mut shard = self.shard(key);
        let Some(slot) = shard.peek_mut(key) else { return };
        let (old, new) = (slot.value.bytes(), value.bytes());
        if old.as_ptr() != new.as_ptr() || old.len() != new.len() {
            return;
        }
        self.bytes.fetch_add(bytes_of(value), Ordering::Relaxed);
        self.forget(slot);
        slot.value = value.clone();
        drop(shard);
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
    pub fn remove(&self, key: &CacheKey) -> bool {
        let removed = self.shard(key).pop(key);
        removed.is_some_and(|slot| {
            self.forget(&slot);
            slot.is_live()
        })
    }

    /// Removes the entries of which `unwanted` says so; says how many.
    pub fn remove_where(&self, unwanted: impl Fn(&CacheKey, &T) -> bool) -> u64 {
        let mut removed = 0;
        for shard in &self.shards {
            let mut shard = lock(shard);
            let those = shard.iter().filter(|(key, slot)| unwanted(key, &slot.tag));
            let keys: Vec<CacheKey> = those.map(|(key, _)| key.clone()).collect();
            for slot in keys.iter().filter_map(|key| shard.pop(key)) {
                self.forget(&slot);
                removed += 1;
            }
        }
        removed
    }

    /// Gives a live value a new life; says whether there was one.
    pub fn touch(&self, key: &CacheKey, ttl: Ttl) -> bool {
        match self.shard(key).get_mut(key) {
            Some(slot) if slot.is_live() => {
                slot.ends = end_of(ttl);
                true
            }
            _ => false,
        }
    }

    /// Calls `each` with every live entry's key and what it takes.
    pub(super) fn for_each(&self, mut each: impl FnMut(&CacheKey, u64)) {
        for shard in &self.shards {
            let shard = lock(shard);
            shard.iter().filter(|(_, slot)| slot.is_live()).for_each(|(k, s)| each(k, s.bytes()));
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

impl<T> fmt::Debug for LocalTable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTable")
            .field("entries", &self.entries())
            .field("bytes", &self.bytes())
            .field("max_bytes", &self.max_bytes)
            .finish()
    }
}

/// The tables are sound after any panic: nothing that can panic runs between two changes.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keys are BLAKE3 hashes: their first 64 bits need no further hashing.
#[derive(Default)]
struct KeyHasher(u64);

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
