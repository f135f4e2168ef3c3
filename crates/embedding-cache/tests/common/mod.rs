//! What the tests share: real stores, a store that is watched, a provider that counts, vectors.
#![allow(dead_code, unused_imports, unreachable_pub, clippy::unwrap_used)]

mod provider;
mod vectors;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{CacheBackend, EmbeddingProvider, Ttl};
use embedding_cache::{Builder, Coordination, EmbeddingCache};

pub use cache_test_support::{Calls, Operation, Store, Watched};
pub use provider::{Reply, TestProvider};
pub use vectors::{DIMENSIONS, bits, on_grid, texts, vector};

/// A cache over this store and provider: no jitter, no statistics behind the test's back, and no
/// hurry: a machine that runs many tests at once is slow.
pub fn builder(backend: &Arc<impl CacheBackend>, provider: &Arc<TestProvider>) -> Builder {
    let backend: Arc<dyn CacheBackend> = backend.clone();
    let provider: Arc<dyn EmbeddingProvider> = provider.clone();
    EmbeddingCache::builder(backend)
        .provider(provider)
        .ttl_jitter(0.0)
        .share_statistics_every(None)
        .unguarded()
}

pub fn cache(backend: &Arc<impl CacheBackend>, provider: &Arc<TestProvider>) -> EmbeddingCache {
    builder(backend, provider).build().unwrap()
}

/// A cache without a provider, for closures.
pub fn closures(backend: &Arc<impl CacheBackend>) -> EmbeddingCache {
    let backend: Arc<dyn CacheBackend> = backend.clone();
    EmbeddingCache::builder(backend)
        .ttl_jitter(0.0)
        .share_statistics_every(None)
        .unguarded()
        .build()
        .unwrap()
}

/// Waits until this is so; panics after ten seconds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < Duration::from_secs(10), "it never came about that {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn ttl(ms: u64) -> Ttl {
    Ttl::new(millis(ms)).unwrap()
}

/// Leases that no loaded machine lets lapse.
pub fn long_leases() -> Coordination {
    Coordination::CrossProcess {
        lease: Duration::from_secs(20),
        longest_wait: Duration::from_secs(60),
    }
}
