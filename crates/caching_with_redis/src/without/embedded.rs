//! Without the embedded file.

use std::sync::Arc;

use cache_core::{CacheBackend, CacheError, ErrorKind};

use super::built_without;
use crate::settings::SettingsError;
use crate::{Error, OpenedBackend, Settings, WhyBackend};

fn missing() -> String {
    built_without("the embedded file", "embedded")
}

pub(crate) async fn open(_: &Settings, why: WhyBackend) -> Result<OpenedBackend, Error> {
    let message = match why {
        WhyBackend::NoRedis { reason } => format!("{reason}; and {}", missing()),
        _ => missing(),
    };
    Err(SettingsError::of("backend", message).into())
}

pub(crate) async fn open_path(_: &str) -> Result<Arc<dyn CacheBackend>, Error> {
    Err(CacheError::new(ErrorKind::Unsupported, missing()).into())
}
