//! The in-process backend.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::{
    BackendInfo, BackendStatus, CacheBackend, Capabilities, ClearOptions, ClearProgress, Counters,
    GetOptions, LeaseOutcome, LeaseRequest, LeaseToken, Leases, PutEntry, PutOptions, StoredValue,
    Usage,
};
use crate::{CacheError, CacheKey, ErrorKind, Namespace, Ttl};

/// What an entry takes beside its value: key, table slot, timers and list links.
const OVERHEAD_BYTES: usize = 256;

/// Keeps entries in this process's memory, up to a number of bytes, the least recently used going
/// first.
///
/// It keeps decoded forms, so that a hit decodes nothing. Everything is gone with the process.
/// The bound holds whenever a write has returned; it counts values, their decoded forms and 256
/// bytes an entry.
#[derive(Debug)]
pub struct MemoryBackend {
    entries: Cache<CacheKey, Slot, BuildHasherDefault<KeyHasher>>,
    max_bytes: u64,
    leases: Mutex<HashMap<CacheKey, (LeaseToken, Instant)>>,
    counters: Mutex<HashMap<Namespace, BTreeMap<String, i64>>>,
}

#[derive(Debug, Clone)]
struct Slot {
    value: StoredValue,
    expires_at: Option<Instant>,
}

impl Slot {
    fn new(value: StoredValue, ttl: Ttl) -> Self {
        // A life beyond the clock's range has no end.
        let expires_at = ttl.as_duration().and_then(|ttl| Instant::now().checked_add(ttl));
        Self { value, expires_at }
    }

    /// Moka hides expired entries from reads, but hands them out on removal.
    fn is_live(&self) -> bool {
        self.expires_at.is_none_or(|at| Instant::now() < at)
    }

    fn weight(&self) -> u64 {
        (self.value.memory_bytes() + OVERHEAD_BYTES) as u64
    }
}

impl MemoryBackend {
    /// A backend that takes at most this many bytes.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, slot: &Slot| u32::try_from(slot.weight()).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(PerEntry)
            .build_with_hasher(BuildHasherDefault::default());
        Self { entries, max_bytes, leases: Mutex::default(), counters: Mutex::default() }
    }

    fn refuse_oversized(&self, entries: &[PutEntry]) -> Result<(), CacheError> {
        let bound = self.max_bytes.min(u64::from(u32::MAX));
        let largest = entries.iter().map(|e| e.value.memory_bytes() + OVERHEAD_BYTES).max();
        match largest {
            Some(bytes) if bytes as u64 > bound => Err(CacheError::new(
                ErrorKind::Full,
                format!("an entry of {bytes} bytes does not fit a memory cache of {bound} bytes"),
            )),
            _ => Ok(()),
        }
    }

    fn of_namespace<'a>(
        &'a self,
        namespace: &'a Namespace,
    ) -> impl Iterator<Item = (std::sync::Arc<CacheKey>, Slot)> + 'a {
        self.entries.iter().filter(move |(key, _)| key.space().namespace() == namespace)
    }
}

#[async_trait]
impl CacheBackend for MemoryBackend {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("memory", "")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().with_keeps_decoded(true).with_max_value_bytes(self.max_bytes)
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        _: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        Ok(keys.iter().map(|key| self.entries.get(key).map(|slot| slot.value)).collect())
    }

    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        self.refuse_oversized(entries)?;
        for PutEntry { key, value, ttl } in entries {
            self.entries.insert(key.clone(), Slot::new(value.clone(), *ttl));
        }
        self.entries.run_pending_tasks();
        if let Some(token) = options.release {
            let mut leases = lock(&self.leases);
            entries.iter().for_each(|entry| release(&mut leases, &entry.key, token));
        }
        Ok(())
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        let remove = |key| self.entries.remove(key).is_some_and(|slot| slot.is_live());
        Ok(keys.iter().map(remove).collect())
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        Ok(keys.iter().map(|key| self.entries.contains_key(key)).collect())
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        let touch = |(key, ttl): &(CacheKey, Ttl)| {
            let result = self.entries.entry(key.clone()).and_compute_with(|entry| match entry {
                Some(entry) => {
                    let value = entry.into_value().value;
                    moka::ops::compute::Op::Put(Slot::new(value, *ttl))
                }
                None => moka::ops::compute::Op::Nop,
            });
            matches!(result, moka::ops::compute::CompResult::ReplacedWith(_))
        };
        Ok(keys.iter().map(touch).collect())
    }

    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        let keys: Vec<_> =
            self.of_namespace(namespace).take(options.step).map(|(key, _)| key).collect();
        let removed = keys.iter().filter(|key| self.entries.remove(key.as_ref()).is_some()).count();
        let more = keys.len() == options.step;
        if !more {
            lock(&self.leases).retain(|key, _| key.space().namespace() != namespace);
            lock(&self.counters).remove(namespace);
        }
        Ok(progress.advance(removed as u64, more.then(String::new)))
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        let (mut entries, mut bytes) = (0, 0);
        for (_, slot) in self.of_namespace(namespace) {
            entries += 1;
            bytes += slot.weight();
        }
        Ok(Usage::new(entries, bytes))
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        self.entries.run_pending_tasks();
        Ok(BackendStatus {
            server: "in-process memory".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            used_bytes: Some(self.entries.weighted_size()),
            max_bytes: Some(self.max_bytes),
            eviction_policy: Some("lru".to_owned()),
            ..BackendStatus::default()
        })
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    fn counters(&self) -> Option<&dyn Counters> {
        Some(self)
    }
}

#[async_trait]
impl Leases for MemoryBackend {
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        let now = Instant::now();
        let mut leases = lock(&self.leases);
        leases.retain(|_, (_, until)| *until > now);
        let until = end_of(request, now);
        let lease = |key: &CacheKey| {
            // Looked up under the lock: a value is put before its lease is released.
            if let Some(slot) = self.entries.get(key) {
                return LeaseOutcome::Value(slot.value);
            }
            match leases.get(key) {
                Some((holder, until)) if *holder != request.token => {
                    LeaseOutcome::Held(until.saturating_duration_since(now))
                }
                _ => {
                    leases.insert(key.clone(), (request.token, until));
                    LeaseOutcome::Acquired
                }
            }
        };
        Ok(keys.iter().map(lease).collect())
    }

    async fn renew_leases(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<bool>, CacheError> {
        let now = Instant::now();
        let mut leases = lock(&self.leases);
        let renew = |key: &CacheKey| match leases.get_mut(key) {
            Some((holder, until)) if *holder == request.token && *until > now => {
                *until = end_of(request, now);
                true
            }
            _ => false,
        };
        Ok(keys.iter().map(renew).collect())
    }

    async fn release_leases(&self, keys: &[CacheKey], token: LeaseToken) -> Result<(), CacheError> {
        let mut leases = lock(&self.leases);
        keys.iter().for_each(|key| release(&mut leases, key, token));
        Ok(())
    }
}

fn end_of(request: &LeaseRequest, now: Instant) -> Instant {
    let longest = Duration::from_secs(86_400);
    now + Duration::from_millis(request.millis()).min(longest)
}

fn release(
    leases: &mut HashMap<CacheKey, (LeaseToken, Instant)>,
    key: &CacheKey,
    token: LeaseToken,
) {
    if leases.get(key).is_some_and(|(holder, _)| *holder == token) {
        leases.remove(key);
    }
}

#[async_trait]
impl Counters for MemoryBackend {
    async fn add_counters(
        &self,
        namespace: &Namespace,
        deltas: &[(&str, i64)],
    ) -> Result<(), CacheError> {
        let mut counters = lock(&self.counters);
        let counters = counters.entry(namespace.clone()).or_default();
        for (name, delta) in deltas {
            let counter = counters.entry((*name).to_owned()).or_default();
            *counter = counter.wrapping_add(*delta);
        }
        Ok(())
    }

    async fn read_counters(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, i64>, CacheError> {
        Ok(lock(&self.counters).get(namespace).cloned().unwrap_or_default())
    }

    async fn reset_counters(&self, namespace: &Namespace) -> Result<(), CacheError> {
        lock(&self.counters).remove(namespace);
        Ok(())
    }
}

/// The tables are sound after any panic: every change is a single insert or remove.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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

/// Each entry expires by its own TTL, counted from its last write.
struct PerEntry;

impl moka::Expiry<CacheKey, Slot> for PerEntry {
    fn expire_after_create(&self, _: &CacheKey, slot: &Slot, now: Instant) -> Option<Duration> {
        slot.expires_at.map(|at| at.saturating_duration_since(now))
    }

    fn expire_after_update(
        &self,
        _: &CacheKey,
        slot: &Slot,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        slot.expires_at.map(|at| at.saturating_duration_since(now))
    }
}
