//! Providers of this process.

use std::sync::Arc;

use cache_core::EmbeddingProvider;
use embed_local::Lexical;

use super::needed;
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

#[cfg(feature = "local-model")]
pub(super) async fn model(settings: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    let folder = needed(settings.model_dir.as_ref(), "model_dir", "the local provider")?;
    let model = embed_local::LocalModel::open(folder.clone())
        .await
        .map_err(|error| SettingsError::of("model_dir", error))?;
    match settings.dimensions.map(|asked| asked as usize) {
        Some(asked) if asked != model.dimensions() => {
            let own = model.dimensions();
            let message = format!("the model gives {own} dimensions and no others: leave it out");
            Err(SettingsError::of("dimensions", message).into())
        }
        _ => Ok(Arc::new(model)),
    }
}

#[cfg(not(feature = "local-model"))]
#[expect(clippy::unused_async, reason = "opening a model takes its time")]
pub(super) async fn model(settings: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    needed(settings.model_dir.as_ref(), "model_dir", "the local provider")?;
    let message = "this program was built without local models: build it with the feature \
                   `local-model`, which needs Rust 1.94";
    Err(SettingsError::of("model_dir", message).into())
}
