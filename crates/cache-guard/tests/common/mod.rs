//! A store in memory that is slow, fails, or stops, when a test wants it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    BackendInfo, BackendStatus, CacheBackend, CacheError, CacheKey, Capabilities, ClearOptions,
    ClearProgress, ErrorKind, GetOptions, KeyFields, KeyKind, KeyProfile, KeySpace, LeaseOutcome,
    LeaseRequest, LeaseToken, Leases, MemoryBackend, Namespace, PutEntry, PutOptions, StoredValue,
    Ttl, Usage,
};

/// What the store does with a call.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mood {
    /// It begins after this time.
    pub delay: Duration,
    /// It fails, all of it or what writes.
    pub fails: Option<ErrorKind>,
    /// It is a part of the store that fails.
    pub of_a_part: bool,
    pub writes_fail: Option<ErrorKind>,
}

#[derive(Debug)]
pub struct Moody {
    pub inner: MemoryBackend,
    mood: Mutex<Mood>,
    calls: Mutex<u64>,
}

impl Moody {
    pub fn new() -> Self {
        Self {
            inner: MemoryBackend::new(64 << 20),
            mood: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn calls(&self) -> u64 {
        *self.calls.lock().unwrap()
    }

    async fn enter(&self, writes: bool) -> Result<(), CacheError> {
        *self.calls.lock().unwrap() += 1;
        let mood = *self.mood.lock().unwrap();
        if !mood.delay.is_zero() {
            tokio::time::sleep(mood.delay).await;
        }
        match mood.fails.or(mood.writes_fail.filter(|_| writes)) {
            Some(kind) => {
                let error = CacheError::new(kind, "as the test has it");
                Err(if mood.of_a_part { error.of_a_part() } else { error })
            }
            None => Ok(()),
        }
    }
}

#[async_trait]
impl CacheBackend for Moody {
    fn info(&self) -> BackendInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities().with_guarded(false)
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        self.enter(false).await?;
        self.inner.get_many(keys, options).await
    }

    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        self.enter(true).await?;
        self.inner.put_many(entries, options).await
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        self.enter(false).await?;
        self.inner.remove_many(keys).await
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        self.enter(false).await?;
        self.inner.contains_many(keys).await
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        self.enter(true).await?;
        self.inner.touch_many(keys).await
    }

    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        self.enter(false).await?;
        self.inner.clear(namespace, progress, options).await
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        self.enter(false).await?;
        self.inner.usage(namespace).await
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        self.enter(false).await?;
        self.inner.status().await
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }
}

#[async_trait]
impl Leases for Moody {
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        self.enter(true).await?;
        self.inner.leases().unwrap().get_or_lease_many(keys, request).await
    }

    async fn renew_leases(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<bool>, CacheError> {
        self.enter(false).await?;
        self.inner.leases().unwrap().renew_leases(keys, request).await
    }

    async fn release_leases(&self, keys: &[CacheKey], token: LeaseToken) -> Result<(), CacheError> {
        self.enter(false).await?;
        self.inner.leases().unwrap().release_leases(keys, token).await
    }
}

pub fn keys(count: usize) -> Vec<CacheKey> {
    let space = KeySpace::new(Namespace::default(), KeyKind::Embedding, 0);
    let profile = KeyProfile::new(space, KeyFields::new(KeyKind::Embedding), None);
    (0..count).map(|n| profile.key(&n.to_string())).collect()
}

pub fn entry(key: &CacheKey, value: &'static str) -> PutEntry {
    PutEntry::new(key.clone(), StoredValue::new(value), Ttl::FOREVER)
}

pub fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
