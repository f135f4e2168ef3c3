//! Without Azure OpenAI and OpenAI.

use std::sync::Arc;

use cache_core::{ChatProvider, EmbeddingProvider};

use super::built_without;
use crate::settings::SettingsError;
use crate::{Error, Settings};

fn missing<T>() -> Result<T, Error> {
    let message = built_without("Azure OpenAI and OpenAI", "azure");
    Err(SettingsError::of("provider", message).into())
}

pub(crate) fn azure_embeddings(_: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    missing()
}

pub(crate) fn openai_embeddings(_: &Settings) -> Result<Arc<dyn EmbeddingProvider>, Error> {
    missing()
}

pub(crate) fn azure_chat(_: &Settings, _: &str) -> Result<Arc<dyn ChatProvider>, Error> {
    missing()
}

pub(crate) fn openai_chat(_: &Settings, _: &str) -> Result<Arc<dyn ChatProvider>, Error> {
    missing()
}
