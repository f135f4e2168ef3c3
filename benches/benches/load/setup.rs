//! The server, the services on it, and what is asked for.

use std::sync::Arc;

use cache_benches::load::Zipf;
use cache_core::{CacheBackend, LogLimits, WhenFull};
use cache_guard::GuardedBackend;
use cache_redis::{NearBackend, NearConfig, RedisBackend};
use embedding_cache::EmbeddingCache;
use redis_test_server::TestServer;
use response_cache::ResponseCache;
use session_store::SessionStore;

use crate::options::Options;
use crate::provider::Provider;
use crate::tally::Tally;

/// The server evicts from here on: the load has several times as much.
const SERVER_MEMORY: &str = "64mb";
const NEAR_BYTES: u64 = 8 << 20;
/// Longer conversations forget their beginnings.
pub const LONGEST_SESSION: u64 = 60;

/// Everything that the callers share.
pub struct Setup {
    pub server: Arc<TestServer>,
    pub provider: Arc<Provider>,
    pub guard: GuardedBackend,
    pub near: NearBackend,
    pub embeddings: EmbeddingCache,
    pub responses: ResponseCache,
    pub sessions: SessionStore,
    pub zipf: Arc<Zipf>,
    pub tally: Arc<Tally>,
}

impl Setup {
    pub async fn start(options: &Options) -> Self {
        let server = TestServer::builder().max_memory(SERVER_MEMORY, "allkeys-lru").start();
        let redis = RedisBackend::connect(server.url()).await.unwrap();
        let near = NearBackend::new(redis.clone(), NearConfig::new(NEAR_BYTES));
        let guard = GuardedBackend::new(Arc::new(near.clone()));
        let store: Arc<dyn CacheBackend> = Arc::new(guard.clone());
        let provider = Arc::new(Provider::default());
        let embeddings =
            EmbeddingCache::builder(Arc::clone(&store)).provider(provider.clone()).build().unwrap();
        let responses = ResponseCache::builder(store, provider.clone()).build().unwrap();
        let limits = LogLimits {
            max_records: Some(LONGEST_SESSION),
            when_full: WhenFull::DropOldest,
            ..LogLimits::default()
        };
        let sessions = SessionStore::builder(Arc::new(redis)).limits(limits).build();
        Self {
            server: Arc::new(server),
            provider,
            guard,
            near,
            embeddings,
            responses,
            sessions,
            zipf: Arc::new(Zipf::new(options.texts)),
            tally: Arc::default(),
        }
    }
}
