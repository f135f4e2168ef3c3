//! Without the lexical provider.

use std::sync::Arc;

use cache_core::EmbeddingProvider;

use super::built_without;
use crate::settings::{ProviderChoice, SettingsError};
use crate::{Error, Settings};

pub(crate) fn lexical(settings: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    let missing = built_without("the lexical provider", "local");
    let message = match settings.provider {
        ProviderChoice::Auto => format!("no service is set up, and {missing}"),
        _ => missing,
    };
    Err(SettingsError::of("provider", message).into())
}
