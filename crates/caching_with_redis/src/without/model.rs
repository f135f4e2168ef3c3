//! Without models in the process.

use std::sync::Arc;

use cache_core::EmbeddingProvider;

use super::built_without;
use crate::settings::SettingsError;
use crate::{Error, Settings};

pub(crate) async fn open(settings: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    let key = if settings.model_dir.is_some() { "model_dir" } else { "provider" };
    let missing = built_without("models in the process", "local-model");
    Err(SettingsError::of(key, format!("{missing}; it needs Rust 1.94")).into())
}
