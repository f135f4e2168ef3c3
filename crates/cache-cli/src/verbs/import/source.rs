//! The Redis that holds the old cache.

use std::time::Duration;

use caching_with_redis::redis::ForeignKeys;
use caching_with_redis::{Error, Settings, redis_config};

use crate::context::Context;
use crate::failure::Failure;

/// What its settings in the environment begin with, and those of them that there are: `FROM_REDIS_URL`,
/// `FROM_REDIS_PASSWORD` and so on.
const FAMILY: &str = "FROM_";
const OF_REDIS: &str = "REDIS_";
const URL: &str = "REDIS_URL";

/// Nobody waits for a single answer, and answers are large.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects to the Redis at this address, or at that of the environment, or else to that of the
/// settings.
pub(super) async fn open(context: &Context, from: Option<&str>) -> Result<ForeignKeys, Failure> {
    let wrong = |error: &dyn ToString| {
        Failure::Settings(context.language().import_source_settings(&error.to_string()))
    };
    let environment = environment();
    let named = from.is_some() || environment.iter().any(|(name, _)| name == URL);
    let config = match named {
        false => redis_config(&context.settings).await?,
        true => {
            let overrides = from.map(|url| ("redis_url", url.to_owned()));
            let settings =
                Settings::without_file(&environment, overrides).map_err(|error| wrong(&error))?;
            redis_config(&settings).await.map_err(|error| match error {
                Error::Settings(error) => wrong(&error),
                other => other.into(),
            })?
        }
    };
    let config =
        config.with_connect_timeout(CONNECT_TIMEOUT).with_response_timeout(RESPONSE_TIMEOUT);
    Ok(ForeignKeys::connect_with(&config).await?)
}

/// The settings of the old cache's Redis, under the names that they have for this cache.
fn environment() -> Vec<(String, String)> {
    let own = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        let name = name.strip_prefix(FAMILY).filter(|name| name.starts_with(OF_REDIS))?;
        (!value.is_empty()).then(|| (name.to_owned(), value))
    };
    std::env::vars_os().filter_map(own).collect()
}
