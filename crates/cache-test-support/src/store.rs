//! The real stores.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheBackend, MemoryBackend};
use cache_embedded::EmbeddedBackend;
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::{TestCluster, TestServer};
use tempfile::TempDir;

use crate::Watched;

/// A store of its own for one test, and where other handles and processes find it.
pub struct Store {
    place: Place,
    backend: Arc<dyn CacheBackend>,
}

enum Place {
    Memory,
    File(TempDir),
    Server(TestServer),
    Cluster(TestCluster),
}

impl Store {
    pub fn memory() -> Self {
        Self { place: Place::Memory, backend: Arc::new(MemoryBackend::new(64 << 20)) }
    }

    pub async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = folder.path().join("cache.db").display().to_string();
        let backend = Self::open(&address).await;
        Self { place: Place::File(folder), backend }
    }

    pub async fn redis() -> Self {
        let server = TestServer::start();
        let backend = Self::open(&server.url()).await;
        Self { place: Place::Server(server), backend }
    }

    /// A cluster of three primaries and their replicas.
    pub async fn cluster() -> Self {
        let cluster = TestCluster::start();
        let backend = Self::open(&cluster.url()).await;
        Self { place: Place::Cluster(cluster), backend }
    }

    /// A handle of its own of the store at this address.
    pub async fn open(address: &str) -> Arc<dyn CacheBackend> {
        if address.starts_with("redis") {
            // A machine that runs many tests at once is slow, which is not what is tested.
            let config = RedisConfig::new(address)
                .with_connect_timeout(Duration::from_secs(10))
                .with_response_timeout(Duration::from_secs(10));
            Arc::new(RedisBackend::connect_with(&config).await.unwrap())
        } else {
            Arc::new(EmbeddedBackend::open(address).await.unwrap())
        }
    }

    /// Where other processes find it; memory has no address.
    pub fn address(&self) -> String {
        match &self.place {
            Place::Memory => panic!("no other process sees this one's memory"),
            Place::File(folder) => folder.path().join("cache.db").display().to_string(),
            Place::Server(server) => server.url(),
            Place::Cluster(cluster) => cluster.url(),
        }
    }

    pub fn server(&mut self) -> &mut TestServer {
        match &mut self.place {
            Place::Server(server) => server,
            Place::Memory | Place::File(_) | Place::Cluster(_) => {
                panic!("this store is no single server")
            }
        }
    }

    /// The store, watched.
    pub fn watched(&self) -> Arc<Watched> {
        Arc::new(Watched::new(Arc::clone(&self.backend)))
    }

    /// The store as another program would see it: by a handle of its own, where that is possible.
    pub async fn another(&self) -> Arc<Watched> {
        let backend = match self.place {
            Place::Memory => Arc::clone(&self.backend),
            Place::File(_) | Place::Server(_) | Place::Cluster(_) => {
                Self::open(&self.address()).await
            }
        };
        Arc::new(Watched::new(backend))
    }
}
