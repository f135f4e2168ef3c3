//! Every store there is here.

use std::sync::Arc;
use std::time::Duration;

use cache_core::vector::VectorStore;
use cache_embedded::{EmbeddedBackend, EmbeddedConfig};
use cache_redis::{RedisConfig, RedisVectors, VectorEngine, VectorOptions};
use redis_test_server::{Builder, OptionalServer, TestServer};
use tempfile::TempDir;
use vector_scan::MemoryVectors;

/// The stores, and what some of them are on.
pub(crate) struct Stores {
    pub(crate) all: Vec<Arc<dyn VectorStore>>,
    servers: Vec<TestServer>,
    folder: TempDir,
}

impl Stores {
    /// Another store is one more line. All that search in this process have the same graph, and only the
    /// first one builds it.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut stores = Self { all: Vec::new(), servers: Vec::new(), folder };
        stores.all.push(Arc::new(MemoryVectors::new(1 << 30)));
        stores.add_embedded().await;
        stores.add_redis(OptionalServer::Search.builder(), VectorEngine::Search).await;
        stores.add_redis(OptionalServer::Redis8.builder(), VectorEngine::Sets).await;
        stores.add_redis(Some(TestServer::builder()), VectorEngine::Plain).await;
        stores
    }

    async fn add_embedded(&mut self) {
        let file = self.folder.path().join("vectors.db");
        let config = EmbeddedConfig::new(file).with_approximate_above(usize::MAX);
        self.all.push(Arc::new(EmbeddedBackend::open_with(config).await.unwrap().vectors()));
    }

    async fn add_redis(&mut self, builder: Option<Builder>, engine: VectorEngine) {
        let Some(server) = builder.map(Builder::start) else { return };
        let config = RedisConfig::new(server.url()).with_response_timeout(Duration::from_secs(60));
        // Graphs are for approximate indexes; exact ones are searched without.
        let options = VectorOptions::new().with_engine(engine).with_module_graphs(true);
        let options = options.with_approximate_above(usize::MAX);
        self.all.push(Arc::new(RedisVectors::connect(&config, options).await.unwrap()));
        self.servers.push(server);
    }
}
