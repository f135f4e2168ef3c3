//! Stores and providers that are measured, where the settings want it.

use std::sync::Arc;

use cache_core::{ChatProvider, EmbeddingProvider};
use cache_metrics::{MeteredBackend, MeteredChat, MeteredProvider};

use crate::{OpenedBackend, Settings};

pub(crate) fn metered_store(opened: OpenedBackend, settings: &Settings) -> OpenedBackend {
    match settings.metrics {
        true => OpenedBackend {
            backend: Arc::new(MeteredBackend::new(Arc::clone(&opened.backend))),
            ..opened
        },
        false => opened,
    }
}

pub(crate) fn metered_provider(
    provider: Arc<dyn EmbeddingProvider>,
    settings: &Settings,
) -> Arc<dyn EmbeddingProvider> {
    match settings.metrics {
        true => Arc::new(MeteredProvider::new(provider)),
        false => provider,
    }
}

pub(crate) fn metered_chat(
    chat: Arc<dyn ChatProvider>,
    settings: &Settings,
) -> Arc<dyn ChatProvider> {
    match settings.metrics {
        true => Arc::new(MeteredChat::new(chat)),
        false => chat,
    }
}
