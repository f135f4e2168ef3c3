//! One server behind a proxy.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::CacheBackend;
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::{Proxy, TestServer};

use crate::Stage;

/// What the program takes for the server's password.
pub(crate) const PASSWORD: &str = "secret";

/// A server, the way to it, and how they are broken and healed.
pub(crate) struct OneServer {
    pub(crate) server: TestServer,
    pub(crate) proxy: Proxy,
    break_it: fn(&mut Self),
    heal: fn(&mut Self),
}

impl OneServer {
    #[expect(clippy::new_ret_no_self, reason = "nobody wants it otherwise than as a stage")]
    pub(crate) fn new(break_it: fn(&mut Self), heal: fn(&mut Self)) -> Box<dyn Stage> {
        let server = TestServer::builder().password(PASSWORD).start();
        let proxy = Proxy::start(server.port());
        Box::new(Self { server, proxy, break_it, heal })
    }
}

#[async_trait]
impl Stage for OneServer {
    async fn open(&self) -> Arc<dyn CacheBackend> {
        let url = self.proxy.url().replace("redis://", &format!("redis://:{PASSWORD}@"));
        Arc::new(RedisBackend::connect_with(&RedisConfig::new(url)).await.unwrap())
    }

    fn break_it(&mut self) {
        (self.break_it)(self);
    }

    fn heal(&mut self) {
        (self.heal)(self);
    }
}
