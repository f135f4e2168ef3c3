//! The backend itself.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::{
    BackendInfo, BackendStatus, CacheBackend, CacheError, CacheKey, Capabilities, ClearOptions,
    ClearProgress, Counters, DiagnoseOptions, Finding, GetOptions, Leases, Namespace, PutEntry,
    PutOptions, StoredValue, Ttl, Usage,
};
use secrecy::SecretString;

use crate::link::{Access, Link};
use crate::watch::Watch;
use crate::{RedisConfig, ServerReport, diagnosis, entries, keyspace, servers, status};

/// A cache backend on one Redis or Valkey server, and a [`LogBackend`](cache_core::LogBackend).
///
/// Clones share one connection, which is made on the first call, and again when it was lost.
///
/// # Concurrency
/// Calls of any number of tasks travel over the one connection side by side. Dropping a call's
/// future loses its answer and disturbs no other call.
///
/// # Errors
/// While the server is down, calls fail with [`Unavailable`](cache_core::ErrorKind::Unavailable)
/// within the connect timeout, most of them at once, and about a second after it is back they
/// succeed. A server that is there and silent gives [`Timeout`](cache_core::ErrorKind::Timeout)
/// after the response timeout. A call whose connection broke is sent once more over a new one,
/// except for counting, and for compacting, forking and re-attributing a log, where twice is not as
/// good as once.
///
/// # Expiry
/// Values carry their expiry from the `SET` that writes them, in milliseconds by the server's
/// clock.
///
/// All methods must be called within a Tokio runtime with I/O and time.
#[derive(Debug, Clone)]
pub struct RedisBackend {
    pub(crate) link: Link,
    pub(crate) watch: Arc<Watch>,
}

impl RedisBackend {
    /// Connects to the server at this URL, in a form of [`RedisConfig::new`].
    ///
    /// # Errors
    /// As [`connect_with`](Self::connect_with).
    pub async fn connect(url: impl Into<SecretString>) -> Result<Self, CacheError> {
        Self::connect_with(&RedisConfig::new(url)).await
    }

    /// Connects, and finds out whether the server answers.
    ///
    /// # Errors
    /// [`InvalidInput`](cache_core::ErrorKind::InvalidInput) for a URL or CA that cannot be used,
    /// [`Unavailable`](cache_core::ErrorKind::Unavailable) within the connect timeout where no
    /// server is, [`Unauthenticated`](cache_core::ErrorKind::Unauthenticated) for a wrong or
    /// missing password.
    pub async fn connect_with(config: &RedisConfig) -> Result<Self, CacheError> {
        let backend = Self::open(config)?;
        status::ping(&backend.link).await?;
        Ok(backend)
    }

    /// Checks the configuration and connects on the first call, so that a service can start while
    /// its cache is down.
    ///
    /// # Errors
    /// [`InvalidInput`](cache_core::ErrorKind::InvalidInput) for a URL or CA that cannot be used.
    pub fn open(config: &RedisConfig) -> Result<Self, CacheError> {
        let link = Link::open(config)?;
        let watch = Arc::new(Watch::new(link.clone()));
        Ok(Self { link, watch })
    }

    /// Asks every server how it is, primaries first: the one server, the primary of the Sentinels, the
    /// nodes of a cluster, and all of their replicas, those included that nobody configured.
    ///
    /// All are asked at the same time, for one `INFO` each. Replicas that only their primary knows
    /// are connected to for this one question, at the address that they give there; where that
    /// cannot be reached from here, their report says so.
    ///
    /// # Errors
    /// When no primary is known, since nothing answers. A server that fails while others answer is
    /// an error in its own report.
    pub async fn servers(&self) -> Result<Vec<ServerReport>, CacheError> {
        servers::look(&self.link).await
    }
}

#[async_trait]
impl CacheBackend for RedisBackend {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("redis", self.link.location())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .with_shared(true)
            .with_persistent(true)
            .with_writes_as_it_goes(true)
            .with_max_value_bytes(entries::MAX_VALUE_BYTES as u64)
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        entries::get(&self.link, keys, Access::Read, options).await
    }

    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        entries::put(&self.link, entries, options).await
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        entries::remove(&self.link, keys).await
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        entries::contains(&self.link, keys).await
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        entries::touch(&self.link, keys).await
    }

    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        keyspace::clear(&self.link, namespace, progress, options).await
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        keyspace::usage(&self.link, namespace).await
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        status::status(&self.link).await
    }

    async fn diagnose(&self, options: &DiagnoseOptions) -> Result<Vec<Finding>, CacheError> {
        diagnosis::diagnose(&self.link, options).await
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    fn counters(&self) -> Option<&dyn Counters> {
        Some(self)
    }
}
