//! The in-process backend.

mod clock;
mod table;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use table::{OVERHEAD_BYTES, lock};
use tokio::sync::Notify;

pub use table::LocalTable;

use super::{
    BackendInfo, BackendStatus, CacheBackend, Capabilities, ClearOptions, ClearProgress, Counters,
    GetOptions, LeaseOutcome, LeaseRequest, LeaseToken, Leases, PutEntry, PutOptions, StoredValue,
    Usage, Wakeup,
};
use crate::{CacheError, CacheKey, ErrorKind, Namespace, Ttl};

/// Keeps entries in this process's memory, up to a number of bytes, the least recently used going
/// first (nearly: each of 32 shards keeps its own order).
///
/// It keeps decoded forms, so that a hit decodes nothing. Everything is gone with the process.
/// The bound holds whenever a write has returned; it counts values, their decoded forms and 192
/// bytes an entry. Expired entries are dropped when they are met, or evicted.
#[derive(Debug)]
pub struct MemoryBackend {
    entries: LocalTable,
    leases: Mutex<HashMap<CacheKey, (LeaseToken, Instant)>>,
    counters: Mutex<HashMap<Namespace, BTreeMap<String, i64>>>,
    /// Told whenever somebody who waits for a value or a lease may have got it.
    news: Notify,
}

impl MemoryBackend {
    /// A backend that takes at most this many bytes.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self {
            entries: LocalTable::new(max_bytes),
            leases: Mutex::default(),
            counters: Mutex::default(),
            news: Notify::new(),
        }
    }

    fn value(&self, key: &CacheKey) -> Option<StoredValue> {
        self.entries.read(key, |value, ()| Some(value.clone()))
    }

    /// Whether there is no value, and a lease.
    fn is_awaited(&self, key: &CacheKey) -> bool {
        let leased = lock(&self.leases).get(key).is_some_and(|(_, until)| *until > Instant::now());
        leased && !self.entries.contains(key)
    }

    fn refuse_oversized(&self, entries: &[PutEntry]) -> Result<(), CacheError> {
        let bound = self.entries.max_bytes();
        let largest = entries.iter().map(|e| e.value.memory_bytes() + OVERHEAD_BYTES).max();
        match largest {
            Some(bytes) if bytes as u64 > bound => Err(CacheError::new(
                ErrorKind::Full,
                format!("an entry of {bytes} bytes does not fit a memory cache of {bound} bytes"),
            )),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl CacheBackend for MemoryBackend {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("memory", "")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .with_keeps_decoded(true)
            .with_guarded(true)
            .with_max_value_bytes(self.entries.max_bytes())
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        _: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        Ok(keys.iter().map(|key| self.value(key)).collect())
    }

    fn read_local(&self, key: &CacheKey, read: &mut dyn FnMut(&StoredValue)) -> bool {
        let shown = self.entries.read(key, |value, ()| {
            read(value);
            Some(())
        });
        shown.is_some()
    }

    fn attach_decoded(&self, key: &CacheKey, value: &StoredValue) {
        self.entries.attach_decoded(key, value);
    }

    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        self.refuse_oversized(entries)?;
        for PutEntry { key, value, ttl } in entries {
            self.entries.insert(key, value.clone(), *ttl, ());
        }
        if let Some(token) = options.release {
            let mut leases = lock(&self.leases);
            entries.iter().for_each(|entry| release(&mut leases, &entry.key, token));
        }
        self.news.notify_waiters();
        Ok(())
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        Ok(keys.iter().map(|key| self.entries.remove(key)).collect())
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        Ok(keys.iter().map(|key| self.entries.contains(key)).collect())
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        Ok(keys.iter().map(|(key, ttl)| self.entries.touch(key, *ttl)).collect())
    }

    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        let mut shard: usize = progress.cursor().and_then(|at| at.parse().ok()).unwrap_or(0);
        let (mut removed, mut left) = (0, options.step);
        let of_namespace = |key: &CacheKey| key.space().namespace() == namespace;
        while let Some(keys) = self.entries.keys_of_shard(shard, left, of_namespace) {
            removed += keys.iter().filter(|key| self.entries.remove(key)).count() as u64;
            left -= keys.len();
            if left == 0 {
                return Ok(progress.advance(removed, Some(shard.to_string())));
            }
            shard += 1;
        }
        lock(&self.leases).retain(|key, _| key.space().namespace() != namespace);
        lock(&self.counters).remove(namespace);
        self.news.notify_waiters();
        Ok(progress.advance(removed, None))
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        let (mut entries, mut bytes) = (0, 0);
        self.entries.for_each(|key, taken| {
            if key.space().namespace() == namespace {
                entries += 1;
                bytes += taken;
            }
        });
        Ok(Usage::new(entries, bytes))
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        Ok(BackendStatus {
            server: "in-process memory".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            used_bytes: Some(self.entries.bytes()),
            max_bytes: Some(self.entries.max_bytes()),
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
            if let Some(value) = self.value(key) {
                return LeaseOutcome::Value(value);
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
        drop(leases);
        self.news.notify_waiters();
        Ok(())
    }

    async fn changed(&self, keys: &[CacheKey]) -> Wakeup {
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            // From here on nothing is missed, so that it can be looked whether it has come before.
            news.as_mut().enable();
            if keys.iter().any(|key| !self.is_awaited(key)) {
                return Wakeup::Changed;
            }
            news.await;
        }
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
