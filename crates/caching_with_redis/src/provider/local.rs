//! The lexical provider.

use std::sync::Arc;

use cache_core::EmbeddingProvider;
use embed_local::Lexical;

use crate::settings::SettingsError;
use crate::{Error, Settings};

pub(super) fn lexical(settings: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    let lexical = match settings.dimensions {
        Some(dimensions) => {
            Lexical::new(dimensions).map_err(|error| SettingsError::of("dimensions", error))?
        }
        None => Lexical::default(),
    };
    Ok(Arc::new(lexical))
}
