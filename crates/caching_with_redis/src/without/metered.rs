//! Without metrics. Settings that ask for them are refused when they are loaded.

use std::sync::Arc;

use cache_core::{ChatProvider, EmbeddingProvider};

use crate::{OpenedBackend, Settings};

pub(crate) fn metered_store(opened: OpenedBackend, _: &Settings) -> OpenedBackend {
    opened
}

pub(crate) fn metered_provider(
    provider: Arc<dyn EmbeddingProvider>,
    _: &Settings,
) -> Arc<dyn EmbeddingProvider> {
    provider
}

pub(crate) fn metered_chat(chat: Arc<dyn ChatProvider>, _: &Settings) -> Arc<dyn ChatProvider> {
    chat
}
