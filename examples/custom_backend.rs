//! A store of your own, the suite that says whether it keeps the contract, and a cache on it.
//!
//! `cargo run --example custom_backend`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use cache_core::conformance;
use caching_with_redis::EmbeddingCache;
use caching_with_redis::core::*;
use caching_with_redis::embedding::EmbeddingCache as Cache;

/// Each value with the moment at which it ends, if it does.
type Entries = HashMap<CacheKey, (StoredValue, Option<Instant>)>;

#[derive(Debug, Default)]
struct Map(Mutex<Entries>);

impl Map {
    /// What has not ended.
    fn alive(&self) -> MutexGuard<'_, Entries> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, (_, end)| end.is_none_or(|end| end > Instant::now()));
        entries
    }
}

fn end(ttl: Ttl) -> Option<Instant> {
    ttl.as_duration().and_then(|life| Instant::now().checked_add(life))
}

// Leases and counters are left out: one process needs none.
#[async_trait]
impl CacheBackend for Map {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("map", "this process")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        _: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        let entries = self.alive();
        Ok(keys.iter().map(|key| entries.get(key).map(|(value, _)| value.clone())).collect())
    }

    async fn put_many(&self, puts: &[PutEntry], _: &PutOptions) -> Result<(), CacheError> {
        let mut entries = self.alive();
        for put in puts {
            entries.insert(put.key.clone(), (put.value.clone(), end(put.ttl)));
        }
        Ok(())
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        let mut entries = self.alive();
        Ok(keys.iter().map(|key| entries.remove(key).is_some()).collect())
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        let entries = self.alive();
        Ok(keys.iter().map(|key| entries.contains_key(key)).collect())
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        let mut entries = self.alive();
        let touch = |(key, ttl): &(CacheKey, Ttl)| {
            entries.get_mut(key).map(|(_, old)| *old = end(*ttl)).is_some()
        };
        Ok(keys.iter().map(touch).collect())
    }

    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        let mut entries = self.alive();
        let of_it = entries.extract_if(|key, _| key.space().namespace() == namespace);
        let removed = of_it.take(options.step).count();
        let more = (removed == options.step).then(|| "more".to_owned());
        Ok(progress.advance(removed as u64, more))
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        let entries = self.alive();
        let of_it = entries.iter().filter(|(key, _)| key.space().namespace() == namespace);
        let (count, bytes) = of_it.fold((0, 0), |(count, bytes), (_, (value, _))| {
            (count + 1, bytes + value.memory_bytes() as u64)
        });
        Ok(Usage::new(count, bytes))
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        Ok(BackendStatus::new("map", "1"))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    conformance::backend::run(Arc::new(Map::default())).await; // panics with what is broken
    let cache = EmbeddingCache::from_builder(Cache::builder(Arc::new(Map::default())))?;
    cache.put("hello", "demo", vec![0.5, 0.25]).await?;
    println!("the map keeps the contract, and {:?}", cache.get("hello", "demo").await?);
    Ok(())
}
