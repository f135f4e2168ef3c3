//! The embedded file as the settings have it.

use std::path::PathBuf;
use std::sync::Arc;

use cache_core::{CacheBackend, CacheError, ErrorKind};
use cache_embedded::{EmbeddedBackend, EmbeddedConfig};

use super::{OpenedBackend, Place, WhyBackend, opened};
use crate::{Error, Settings};

pub(super) async fn open(settings: &Settings, why: WhyBackend) -> Result<OpenedBackend, Error> {
    let path = match &settings.file {
        Some(path) => path.clone(),
        None => default_file()?,
    };
    let mut config = EmbeddedConfig::new(path).with_max_bytes(settings.max_memory.0);
    if let Some(memory) = settings.index_memory {
        config = config.with_vector_memory_bytes(memory.0);
    }
    let file = EmbeddedBackend::open_with(config).await?;
    let place = Place::Embedded(file.vectors());
    let file = Arc::new(file);
    Ok(opened(file.clone(), file, why, place))
}

pub(super) async fn open_path(path: &str) -> Result<Arc<dyn CacheBackend>, Error> {
    Ok(Arc::new(EmbeddedBackend::open(path).await?))
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
