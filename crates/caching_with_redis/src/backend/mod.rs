//! From settings to a store.

mod guarded;
mod redis;
mod sealed;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheBackend, CacheError, ErrorKind, LogBackend, MemoryBackend, MemoryLog};
use cache_embedded::{EmbeddedBackend, EmbeddedConfig, EmbeddedVectors};
use cache_encryption::SharedKeyring;
use cache_guard::GuardedBackend;
use cache_redis::{NearBackend, NearConfig, NearStats, RedisBackend, Tracking};
use secrecy::{ExposeSecret, SecretString};
use vector_scan::MemoryVectors;

pub use self::redis::redis_config;
use crate::settings::{BackendChoice, TrackingChoice};
use crate::{ByteSize, Error, Settings};

/// How long a Redis that nobody named may take to answer: it is probably not there.
const TRY_DEFAULT_ADDRESS: Duration = Duration::from_millis(250);

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
    pub keys: Option<SharedKeyring>,
    /// The Redis that it is in, where it is one: what its servers say of themselves.
    pub redis: Option<RedisBackend>,
    /// What is kept near of it, where that is wanted.
    pub near: Option<NearBackend>,
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
    Embedded(EmbeddedVectors),
    Redis(RedisBackend),
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

    /// What the near cache did and holds; `None` where there is none.
    #[must_use]
    pub fn near_stats(&self) -> Option<NearStats> {
        self.near.as_ref().map(NearBackend::near_stats)
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
        }
    }
}

/// Opens the store that the settings choose.
///
/// `auto` takes Redis when its address is set, and then fails when it cannot be reached. Without
/// an address it tries the default one for a quarter of a second, and else opens the embedded file.
///
/// From the store outwards stand: what is kept near, the meter, encryption, the guard. The meter sees
/// what the store itself takes, values as they are stored, and no time of ciphers; what the guard
/// leaves alone does not reach it, and what the guard waits for no longer is measured to its end.
///
/// # Errors
/// When the store cannot be opened, saying which and why.
pub async fn open_backend(settings: &Settings) -> Result<OpenedBackend, Error> {
    let opened = metered(open_plain(settings).await?, settings);
    let opened = match &settings.encryption_keys {
        Some(path) => sealed::sealed(opened, path).await?,
        None => opened,
    };
    Ok(guarded::guarded(opened, settings))
}

#[cfg(feature = "metrics")]
fn metered(opened: OpenedBackend, settings: &Settings) -> OpenedBackend {
    if !settings.metrics {
        return opened;
    }
    let meter = cache_metrics::MeteredBackend::new(Arc::clone(&opened.backend));
    OpenedBackend { backend: Arc::new(meter), ..opened }
}

#[cfg(not(feature = "metrics"))]
fn metered(opened: OpenedBackend, _: &Settings) -> OpenedBackend {
    opened
}

async fn open_plain(settings: &Settings) -> Result<OpenedBackend, Error> {
    match (settings.backend, &settings.redis_url) {
        (BackendChoice::Memory, _) => Ok(memory(settings)),
        (BackendChoice::Embedded, _) => {
            Ok(opened_file(embedded(settings).await?, WhyBackend::Chosen))
        }
        (BackendChoice::Redis, _) => {
            Ok(opened_redis(connect(settings).await?, settings, WhyBackend::Chosen))
        }
        (BackendChoice::Auto, Some(_)) => {
            Ok(opened_redis(connect(settings).await?, settings, WhyBackend::UrlIsSet))
        }
        (BackendChoice::Auto, None) => match try_default_redis(settings).await? {
            Ok(redis) => Ok(opened_redis(redis, settings, WhyBackend::FoundRedis)),
            Err(error) => {
                let reason = error.to_string();
                Ok(opened_file(embedded(settings).await?, WhyBackend::NoRedis { reason }))
            }
        },
    }
}

/// A store that keeps both entries and logs.
fn opened(store: impl CacheBackend + LogBackend, why: WhyBackend, place: Place) -> OpenedBackend {
    let store = Arc::new(store);
    plain(store.clone(), store, why, place)
}

fn plain(
    backend: Arc<dyn CacheBackend>,
    logs: Arc<dyn LogBackend>,
    why: WhyBackend,
    place: Place,
) -> OpenedBackend {
    OpenedBackend { backend, logs, keys: None, redis: None, near: None, guard: None, why, place }
}

fn opened_file(file: EmbeddedBackend, why: WhyBackend) -> OpenedBackend {
    let place = Place::Embedded(file.vectors());
    opened(file, why, place)
}

/// With something near in front of it, where that is wanted. Conversations are always read at the
/// server.
fn opened_redis(redis: RedisBackend, settings: &Settings, why: WhyBackend) -> OpenedBackend {
    let place = Place::Redis(redis.clone());
    let plain = OpenedBackend { redis: Some(redis.clone()), ..opened(redis.clone(), why, place) };
    match settings.near_memory {
        None | Some(ByteSize(0)) => plain,
        Some(ByteSize(bytes)) => {
            let near = NearBackend::new(redis, near_config(bytes, settings));
            OpenedBackend { backend: Arc::new(near.clone()), near: Some(near), ..plain }
        }
    }
}

fn near_config(bytes: u64, settings: &Settings) -> NearConfig {
    let tracking = match settings.near_tracking {
        TrackingChoice::Broadcast => Tracking::Broadcast,
        TrackingChoice::PerKey => Tracking::PerKey,
    };
    let config = NearConfig::new(bytes).with_tracking(tracking);
    match settings.near_staleness {
        Some(staleness) => config.with_max_staleness(staleness.0),
        None => config,
    }
}

async fn connect(settings: &Settings) -> Result<RedisBackend, Error> {
    Ok(RedisBackend::connect_with(&redis_config(settings).await?).await?)
}

/// Looks, then comes back with the usual patience: the short timeout is only for the look. What the
/// settings get wrong is wrong whether a Redis is there or not.
async fn try_default_redis(settings: &Settings) -> Result<Result<RedisBackend, CacheError>, Error> {
    let config = redis_config(settings).await?;
    let look = config
        .clone()
        .with_connect_timeout(TRY_DEFAULT_ADDRESS)
        .with_response_timeout(TRY_DEFAULT_ADDRESS);
    match RedisBackend::connect_with(&look).await {
        Ok(_) => Ok(RedisBackend::open(&config)),
        Err(error) => Ok(Err(error)),
    }
}

fn memory(settings: &Settings) -> OpenedBackend {
    let bytes = settings.max_memory.0;
    let (entries, logs) = (MemoryBackend::new(bytes), MemoryLog::new(bytes));
    let place = Place::Memory(MemoryVectors::new(bytes));
    plain(Arc::new(entries), Arc::new(logs), WhyBackend::Chosen, place)
}

async fn embedded(settings: &Settings) -> Result<EmbeddedBackend, Error> {
    let path = match &settings.file {
        Some(path) => path.clone(),
        None => default_file()?,
    };
    let mut config = EmbeddedConfig::new(path).with_max_bytes(settings.max_memory.0);
    if let Some(memory) = settings.index_memory {
        config = config.with_vector_memory_bytes(memory.0);
    }
    Ok(EmbeddedBackend::open_with(config).await?)
}

/// The embedded file in the user's cache folder.
fn default_file() -> Result<PathBuf, CacheError> {
    use etcetera::BaseStrategy;
    let folders = etcetera::choose_base_strategy().map_err(|error| {
        CacheError::new(
            ErrorKind::InvalidInput,
            "this user has no home folder: say where the embedded file is to be (CACHE_FILE)",
        )
        .with_source(error)
    })?;
    Ok(folders.cache_dir().join("caching_with_redis").join("cache.db"))
}

/// Opens the store at an address: `redis://…`, `rediss://…`, `unix://…`, `file:PATH` for an embedded
/// file, or `memory:`.
///
/// # Errors
/// When the address is none of these, or the store cannot be opened. A password in the address is
/// not in the message.
pub async fn open_url(url: &str) -> Result<Arc<dyn CacheBackend>, Error> {
    if let Some(path) = url.strip_prefix("file:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return Ok(Arc::new(EmbeddedBackend::open(path).await?));
    }
    if url == "memory:" {
        return Ok(Arc::new(MemoryBackend::new(512 << 20)));
    }
    let url = SecretString::from(url);
    Ok(Arc::new(RedisBackend::connect(url.expose_secret()).await?))
}
