//! Every store there is here.

use std::sync::Arc;
use std::time::Duration;

use cache_core::vector::VectorStore;
use cache_redis::{RedisConfig, RedisVectors, VectorEngine, VectorOptions};
use redis_test_server::{OptionalServer, TestServer};
use vector_scan::MemoryVectors;

/// The stores, and the servers that some of them are on.
pub(crate) struct Stores {
    pub(crate) all: Vec<Arc<dyn VectorStore>>,
    servers: Vec<TestServer>,
}

impl Stores {
    /// Another store is one more line.
    pub(crate) async fn start() -> Self {
        let mut stores = Self { all: Vec::new(), servers: Vec::new() };
        stores.all.push(Arc::new(MemoryVectors::new(1 << 30)));
        stores.add_redis(OptionalServer::Search, VectorEngine::Search).await;
        stores.add_redis(OptionalServer::Redis8, VectorEngine::Sets).await;
        stores
    }

    async fn add_redis(&mut self, kind: OptionalServer, engine: VectorEngine) {
        let Some(server) = kind.builder().map(|builder| builder.start()) else { return };
        let config = RedisConfig::new(server.url()).with_response_timeout(Duration::from_secs(60));
        // Graphs are for approximate indexes; exact ones are searched without.
        let options = VectorOptions::new().with_engine(engine).with_module_graphs(true);
        self.all.push(Arc::new(RedisVectors::connect(&config, options).await.unwrap()));
        self.servers.push(server);
    }
}
