//! One look at everything.

use std::sync::Arc;
use std::time::Instant;

use caching_with_redis::OpenedBackend;
use caching_with_redis::core::{BackendStatus, CacheBackend};
use caching_with_redis::embedding::{self, EmbeddingCache};
use caching_with_redis::redis::{RedisBackend, ServerReport};
use caching_with_redis::response;

use crate::context::Context;
use crate::failure::Failure;

/// What is looked at.
pub(super) struct Watched {
    pub(super) backend: Arc<dyn CacheBackend>,
    redis: Option<RedisBackend>,
    cache: EmbeddingCache,
}

/// What was seen. A store that is no Redis has no nodes, and tells its state as a whole.
pub(super) struct Look {
    pub(super) at: Instant,
    pub(super) nodes: Vec<ServerReport>,
    pub(super) store: Option<BackendStatus>,
    pub(super) embeddings: embedding::Statistics,
    pub(super) responses: response::Statistics,
}

impl Watched {
    pub(super) fn new(context: &Context, store: OpenedBackend) -> Result<Self, Failure> {
        let cache = context.embeddings(&store)?;
        Ok(Self { backend: store.backend, redis: store.redis, cache })
    }

    pub(super) fn namespace(&self) -> String {
        self.cache.namespace().to_string()
    }

    pub(super) async fn look(&self) -> Result<Look, Failure> {
        let (nodes, store) = match &self.redis {
            Some(redis) => (redis.servers().await?, None),
            None => (Vec::new(), Some(self.backend.status().await?)),
        };
        let at = Instant::now();
        // A store without counters is one of this process, which has done nothing.
        let embeddings = self.cache.shared_statistics().await?.unwrap_or_default();
        let responses = response::Statistics::shared(&*self.backend, self.cache.namespace());
        let responses = responses.await?.unwrap_or_default();
        Ok(Look { at, nodes, store, embeddings, responses })
    }
}
