//! Redis as the settings have it, and what is kept near of it.

mod config;

use std::sync::Arc;
use std::time::Duration;

use cache_core::CacheBackend;
use cache_redis::{NearBackend, NearConfig, NearStats, RedisBackend, Tracking};
use secrecy::{ExposeSecret, SecretString};

pub use self::config::redis_config;
use super::{OpenedBackend, Place, WhyBackend, opened};
use crate::settings::TrackingChoice;
use crate::{ByteSize, Error, Settings};

/// How long a Redis that nobody named may take to answer: it is probably not there.
const TRY_DEFAULT_ADDRESS: Duration = Duration::from_millis(250);

impl OpenedBackend {
    /// What the near cache did and holds; `None` where there is none.
    #[must_use]
    pub fn near_stats(&self) -> Option<NearStats> {
        self.near.as_ref().map(NearBackend::near_stats)
    }
}

pub(super) async fn open(settings: &Settings, why: WhyBackend) -> Result<OpenedBackend, Error> {
    let redis = RedisBackend::connect_with(&redis_config(settings).await?).await?;
    Ok(opened_redis(redis, settings, why))
}

/// The Redis at the default address, or why there is none.
///
/// Looks, then comes back with the usual patience: the short timeout is only for the look. What the
/// settings get wrong is wrong whether a Redis is there or not.
pub(super) async fn find(settings: &Settings) -> Result<Result<OpenedBackend, WhyBackend>, Error> {
    let config = redis_config(settings).await?;
    let look = config
        .clone()
        .with_connect_timeout(TRY_DEFAULT_ADDRESS)
        .with_response_timeout(TRY_DEFAULT_ADDRESS);
    let found = match RedisBackend::connect_with(&look).await {
        Ok(_) => RedisBackend::open(&config),
        Err(error) => Err(error),
    };
    Ok(match found {
        Ok(redis) => Ok(opened_redis(redis, settings, WhyBackend::FoundRedis)),
        Err(error) => Err(WhyBackend::NoRedis { reason: error.to_string() }),
    })
}

pub(super) async fn open_url(url: &str) -> Result<Arc<dyn CacheBackend>, Error> {
    let url = SecretString::from(url);
    Ok(Arc::new(RedisBackend::connect(url.expose_secret()).await?))
}

/// With something near in front of it, where that is wanted. Conversations are always read at the
/// server.
fn opened_redis(redis: RedisBackend, settings: &Settings, why: WhyBackend) -> OpenedBackend {
    let (entries, place) = (Arc::new(redis.clone()), Place::Redis(redis.clone()));
    let plain = opened(entries.clone(), entries, why, place);
    let plain = OpenedBackend { redis: Some(redis.clone()), ..plain };
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
