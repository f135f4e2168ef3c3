//! Models in this process.

use std::sync::Arc;

use cache_core::EmbeddingProvider;
use embed_local::LocalModel;

use super::needed::needed;
use crate::settings::SettingsError;
use crate::{Error, Settings};

pub(super) async fn open(settings: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    let folder = needed(settings.model_dir.as_ref(), "model_dir", "the local provider")?;
    let model = LocalModel::open(folder.clone())
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
