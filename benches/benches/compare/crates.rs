//! What else there is in Rust.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cache_benches::raw::Raw;
use cached::{AsyncRedisCache, ConcurrentCachedAsync};
use futures_util::future::join_all;

use crate::contestant::{Cache, Provider};

const TTL: Duration = Duration::from_secs(3_600);

/// The `redis` crate and some lines of one's own.
pub(crate) struct RawRedis(Raw);

impl RawRedis {
    pub(crate) async fn new(url: &str) -> Self {
        Self(Raw::connect(url).await)
    }
}

fn key(text: &str) -> String {
    format!("raw:text-embedding-ada-002:{text}")
}

#[async_trait]
impl Cache for RawRedis {
    type Vector = Vec<f32>;

    async fn put_many(&self, entries: &[(String, Vec<f32>)]) {
        let entries: Vec<_> =
            entries.iter().map(|(text, vector)| (key(text), vector.clone())).collect();
        self.0.put_many(&entries, 3_600_000).await;
    }

    async fn get(&self, text: &str) -> Option<Vec<f32>> {
        self.0.get(&key(text)).await
    }

    async fn get_many(&self, texts: &[String]) -> Vec<Option<Vec<f32>>> {
        let keys: Vec<_> = texts.iter().map(|text| key(text)).collect();
        self.0.get_many(&keys).await
    }

    async fn ask_many(&self, texts: &[String], provider: &Arc<Provider>) -> Vec<Vec<f32>> {
        ask_many(self, texts, provider).await
    }
}

/// The crate `cached`, which has no batches: all are asked for at once.
pub(crate) struct CachedCrate(AsyncRedisCache<String, Vec<f32>>);

impl CachedCrate {
    pub(crate) async fn new(url: &str) -> Self {
        let cache = AsyncRedisCache::builder("cached").ttl(TTL).connection_string(url);
        Self(cache.build().await.unwrap())
    }
}

#[async_trait]
impl Cache for CachedCrate {
    type Vector = Vec<f32>;

    async fn put_many(&self, entries: &[(String, Vec<f32>)]) {
        let put =
            |(text, vector): &(String, Vec<f32>)| self.0.async_cache_set(key(text), vector.clone());
        for stored in join_all(entries.iter().map(put)).await {
            stored.unwrap();
        }
    }

    async fn get(&self, text: &str) -> Option<Vec<f32>> {
        self.0.async_cache_get(&key(text)).await.unwrap()
    }

    async fn get_many(&self, texts: &[String]) -> Vec<Option<Vec<f32>>> {
        join_all(texts.iter().map(|text| self.get(text))).await
    }

    async fn ask_many(&self, texts: &[String], provider: &Arc<Provider>) -> Vec<Vec<f32>> {
        ask_many(self, texts, provider).await
    }
}

/// What one writes where a cache has no way to compute what is missing.
async fn ask_many<C: Cache<Vector = Vec<f32>>>(
    cache: &C,
    texts: &[String],
    provider: &Arc<Provider>,
) -> Vec<Vec<f32>> {
    let mut found = cache.get_many(texts).await;
    let missing = texts.iter().zip(&found).filter(|(_, found)| found.is_none());
    let missing: Vec<_> = missing.map(|(text, _)| text.clone()).collect();
    if !missing.is_empty() {
        let computed = provider.embed_many(missing.clone()).await;
        let entries: Vec<_> = missing.into_iter().zip(computed).collect();
        cache.put_many(&entries).await;
        let mut computed = entries.into_iter();
        for place in found.iter_mut().filter(|place| place.is_none()) {
            *place = computed.next().map(|(_, vector)| vector);
        }
    }
    found.into_iter().flatten().collect()
}
