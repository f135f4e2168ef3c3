//! Servers of which another takes over.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::CacheBackend;
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::{TestCluster, TestSentinels, TestServer};

use crate::Stage;

async fn connect(url: String) -> Arc<dyn CacheBackend> {
    Arc::new(RedisBackend::connect_with(&RedisConfig::new(url)).await.unwrap())
}

/// A primary, its replica, and three Sentinels.
pub(crate) struct Watched {
    pub(crate) primary: TestServer,
    replica: TestServer,
    pub(crate) sentinels: TestSentinels,
    break_it: fn(&mut Self),
}

impl Watched {
    #[expect(clippy::new_ret_no_self, reason = "nobody wants it otherwise than as a stage")]
    pub(crate) fn new(break_it: fn(&mut Self)) -> Box<dyn Stage> {
        let primary = TestServer::start();
        let replica = TestServer::builder().replica_of(&primary).start();
        let sentinels = TestServer::builder().start_sentinels(&primary);
        Box::new(Self { primary, replica, sentinels, break_it })
    }
}

#[async_trait]
impl Stage for Watched {
    async fn open(&self) -> Arc<dyn CacheBackend> {
        connect(self.sentinels.url()).await
    }

    fn break_it(&mut self) {
        (self.break_it)(self);
    }

    /// Waits until the replica is the only primary.
    fn heal(&mut self) {
        self.replica.wait("it is promoted", |replica| replica.has_role("master"));
        if self.primary.runs() {
            self.primary.wait("it has become a replica", |primary| primary.has_role("slave"));
        }
    }
}

/// Three primaries, each with a replica.
pub(crate) struct Cluster(TestCluster);

impl Cluster {
    #[expect(clippy::new_ret_no_self, reason = "nobody wants it otherwise than as a stage")]
    pub(crate) fn new() -> Box<dyn Stage> {
        Box::new(Self(TestCluster::start()))
    }
}

#[async_trait]
impl Stage for Cluster {
    async fn open(&self) -> Arc<dyn CacheBackend> {
        connect(self.0.url()).await
    }

    /// Kills a primary.
    fn break_it(&mut self) {
        self.0.nodes_mut()[0].kill();
    }

    /// Waits until its replica serves its slots.
    fn heal(&mut self) {
        self.0.wait_until_primary(3);
    }
}
