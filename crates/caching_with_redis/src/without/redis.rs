//! Without Redis.

use std::sync::Arc;

use cache_core::{CacheBackend, CacheError, ErrorKind};

use super::built_without;
use crate::settings::SettingsError;
use crate::{Error, OpenedBackend, Settings, WhyBackend};

fn missing() -> String {
    built_without("Redis", "redis")
}

pub(crate) async fn open(_: &Settings, why: WhyBackend) -> Result<OpenedBackend, Error> {
    let key = if why == WhyBackend::UrlIsSet { "redis_url" } else { "backend" };
    Err(SettingsError::of(key, missing()).into())
}

pub(crate) async fn find(_: &Settings) -> Result<Result<OpenedBackend, WhyBackend>, Error> {
    Ok(Err(WhyBackend::WithoutRedis))
}

pub(crate) async fn open_url(_: &str) -> Result<Arc<dyn CacheBackend>, Error> {
    Err(CacheError::new(ErrorKind::Unsupported, missing()).into())
}
