//! This project, on each of its stores.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use cache_benches::patient;
use cache_core::{CacheBackend, Embedding, MemoryBackend, Ttl};
use cache_embedded::EmbeddedBackend;
use cache_redis::{NearBackend, NearConfig, RedisBackend};
use embedding_cache::{EmbeddingCache, ModelCache};

use crate::contestant::{Cache, Provider};

/// Under their names; whether they are on the Redis server, and alone there.
pub(crate) async fn all(url: &str, folder: &Path) -> [(&'static str, bool, Ours); 4] {
    let redis = RedisBackend::connect(url).await.unwrap();
    let near = RedisBackend::connect(url).await.unwrap();
    let near = NearBackend::new(near, NearConfig::new(1 << 30));
    let embedded = EmbeddedBackend::open(folder.join("cache.db")).await.unwrap();
    [
        ("**ours, Redis**", true, Ours::new(Arc::new(redis), "redis")),
        ("**ours, Redis and near cache**", true, Ours::new(Arc::new(near), "near")),
        ("**ours, embedded file**", false, Ours::new(Arc::new(embedded), "embedded")),
        ("**ours, memory**", false, Ours::new(Arc::new(MemoryBackend::new(1 << 30)), "memory")),
    ]
}

pub(crate) struct Ours(ModelCache);

impl Ours {
    fn new(backend: Arc<dyn CacheBackend>, namespace: &str) -> Self {
        let cache = EmbeddingCache::builder(backend)
            .namespace(cache_core::Namespace::new(namespace).unwrap())
            .ttl(Ttl::seconds(3_600).unwrap())
            .guard(patient())
            .build()
            .unwrap();
        Self(cache.model("text-embedding-ada-002"))
    }
}

#[async_trait]
impl Cache for Ours {
    type Vector = Embedding;

    async fn put_many(&self, entries: &[(String, Vec<f32>)]) {
        let entries = entries.iter().map(|(text, vector)| (text, vector.clone()));
        self.0.put_batch(entries).await.unwrap();
    }

    async fn get(&self, text: &str) -> Option<Embedding> {
        Some(self.0.get(text).await.unwrap()?.embedding)
    }

    async fn get_many(&self, texts: &[String]) -> Vec<Option<Embedding>> {
        let found = self.0.get_batch(texts).await.unwrap();
        found.into_iter().map(|found| Some(found?.embedding)).collect()
    }

    async fn ask_many(&self, texts: &[String], provider: &Arc<Provider>) -> Vec<Embedding> {
        let provider = Arc::clone(provider);
        let compute = move |texts: Vec<String>| {
            let provider = Arc::clone(&provider);
            async move { Ok::<_, std::io::Error>(provider.embed_many(texts).await) }
        };
        self.0.get_or_compute_batch(texts, compute).await.unwrap()
    }
}
