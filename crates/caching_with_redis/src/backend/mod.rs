//! From settings to a store.

#[cfg(feature = "embedded")]
mod embedded;
mod guarded;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "encryption")]
mod sealed;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheBackend, CacheError, LogBackend, MemoryBackend, MemoryLog};
use cache_guard::GuardedBackend;
use vector_scan::MemoryVectors;

#[cfg(feature = "redis")]
pub use self::redis::redis_config;
use crate::metered::metered_store;
use crate::settings::BackendChoice;
#[cfg(not(feature = "embedded"))]
use crate::without::embedded;
#[cfg(not(feature = "redis"))]
use crate::without::redis;
#[cfg(not(feature = "encryption"))]
use crate::without::sealed;
use crate::{Error, Settings};

/// A store, and why it is this one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenedBackend {
    /// The store, for the caches.
    pub backend: Arc<dyn CacheBackend>,
    /// The same store, for conversations.
    pub logs: Arc<dyn LogBackend>,
    /// The keys that everything in it is sealed with, where it is: they can be exchanged while the
    /// program runs.
    #[cfg(feature = "encryption")]
    pub keys: Option<cache_encryption::SharedKeyring>,
    /// The Redis that it is in, where it is one: what its servers say of themselves.
    #[cfg(feature = "redis")]
    pub redis: Option<cache_redis::RedisBackend>,
    /// What is kept near of it, where that is wanted.
    #[cfg(feature = "redis")]
    pub near: Option<cache_redis::NearBackend>,
    /// The guard in front of it, which all caches on it share: one breaker and one queue of writes.
    /// `None` for a store that needs none.
    pub guard: Option<GuardedBackend>,
    /// Why it was taken.
    pub why: WhyBackend,
    /// Where its vector indexes are.
    pub(crate) place: Place,
}

/// Where a store's vector indexes are.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Memory(MemoryVectors),
    #[cfg(feature = "embedded")]
    Embedded(cache_embedded::EmbeddedVectors),
    #[cfg(feature = "redis")]
    Redis(cache_redis::RedisBackend),
}

impl OpenedBackend {
    /// The same store without its guard, for programs that are to say what the store says.
    #[must_use]
    pub fn unguarded(self) -> Self {
        match self.guard {
            Some(guard) => Self { backend: Arc::clone(guard.inner()), guard: None, ..self },
            None => self,
        }
    }

    /// Writes what is queued, for so long at most, and drops what is left: for the end of a program,
    /// after the caches were flushed.
    ///
    /// # Errors
    /// When queued writes were lost; the message says how many. Everything else that the store holds
    /// back is written all the same.
    pub async fn close(&self, deadline: Duration) -> Result<(), CacheError> {
        let drained = match &self.guard {
            Some(guard) => guard.drain(deadline).await,
            None => Ok(()),
        };
        let flushed = self.backend.flush().await;
        drained.and(flushed)
    }
}

/// Why a store was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyBackend {
    /// The settings name it.
    Chosen,
    /// An address of Redis is set.
    UrlIsSet,
    /// A Redis answers at the default address.
    FoundRedis,
    /// No Redis is named, and none could be used at the default address.
    NoRedis {
        /// What the default address said.
        reason: String,
    },
    /// No Redis is named, and this program was built without Redis.
    WithoutRedis,
}

impl fmt::Display for WhyBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen => f.write_str("chosen by the settings"),
            Self::UrlIsSet => f.write_str("REDIS_URL is set"),
            Self::FoundRedis => f.write_str("a Redis answers at the default address"),
            Self::NoRedis { .. } => {
                f.write_str("no Redis at the default address; set REDIS_URL to use one elsewhere")
            }
            Self::WithoutRedis => f.write_str("this program was built without Redis"),
        }
    }
}

/// Opens the store that the settings choose.
///
/// `auto` takes Redis when its address is set, and then fails when it cannot be reached. Without
/// an address it tries the default one for a quarter of a second, and else opens the embedded file. A
/// program that was built without Redis looks for none.
///
/// From the store outwards stand: what is kept near, the meter, encryption, the guard. The meter sees
/// what the store itself takes, values as they are stored, and no time of ciphers; what the guard
/// leaves alone does not reach it, and what the guard waits for no longer is measured to its end.
///
/// # Errors
/// When the store cannot be opened, saying which and why; when this program was built without it, saying
/// which feature has it.
pub async fn open_backend(settings: &Settings) -> Result<OpenedBackend, Error> {
    let opened = metered_store(open_plain(settings).await?, settings);
    let opened = match &settings.encryption_keys {
        Some(path) => sealed::sealed(opened, path).await?,
        None => opened,
    };
    Ok(guarded::guarded(opened, settings))
}

async fn open_plain(settings: &Settings) -> Result<OpenedBackend, Error> {
    match (settings.backend, &settings.redis_url) {
        (BackendChoice::Memory, _) => Ok(memory(settings)),
        (BackendChoice::Embedded, _) => embedded::open(settings, WhyBackend::Chosen).await,
        (BackendChoice::Redis, _) => redis::open(settings, WhyBackend::Chosen).await,
        (BackendChoice::Auto, Some(_)) => redis::open(settings, WhyBackend::UrlIsSet).await,
        (BackendChoice::Auto, None) => match redis::find(settings).await? {
            Ok(found) => Ok(found),
            Err(why) => embedded::open(settings, why).await,
        },
    }
}

fn memory(settings: &Settings) -> OpenedBackend {
    let bytes = settings.max_memory.0;
    let (entries, logs) = (MemoryBackend::new(bytes), MemoryLog::new(bytes));
    let place = Place::Memory(MemoryVectors::new(bytes));
    opened(Arc::new(entries), Arc::new(logs), WhyBackend::Chosen, place)
}

fn opened(
    backend: Arc<dyn CacheBackend>,
    logs: Arc<dyn LogBackend>,
    why: WhyBackend,
    place: Place,
) -> OpenedBackend {
    OpenedBackend {
        backend,
        logs,
        #[cfg(feature = "encryption")]
        keys: None,
        #[cfg(feature = "redis")]
        redis: None,
        #[cfg(feature = "redis")]
        near: None,
        guard: None,
        why,
        place,
    }
}

/// Opens the store at an address: `redis://…`, `rediss://…`, `unix://…`, `file:PATH` for an embedded
/// file, or `memory:`.
///
/// # Errors
/// When the address is none of these, the store cannot be opened, or this program was built without it. A
/// password in the address is not in the message.
pub async fn open_url(url: &str) -> Result<Arc<dyn CacheBackend>, Error> {
    if url == "memory:" {
        return Ok(Arc::new(MemoryBackend::new(512 << 20)));
    }
    match url.strip_prefix("file:") {
        Some(path) => embedded::open_path(path.strip_prefix("//").unwrap_or(path)).await,
        None => redis::open_url(url).await,
    }
}
