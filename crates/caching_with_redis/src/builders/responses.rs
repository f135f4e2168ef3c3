//! The cache of answers as the settings have it.

use std::sync::Arc;

use cache_core::{CacheBackend, ChatProvider, Namespace, Ttl};
use response_cache::{Policy, ResponseCache};

use super::key_secret;
use crate::settings::ResponseChoice;
use crate::{Error, Prices, Settings};

/// A cache of this chat model's answers in this store.
///
/// # Errors
/// As [`builder`](crate::builder()).
pub fn response_builder(
    settings: &Settings,
    backend: Arc<dyn CacheBackend>,
    provider: Arc<dyn ChatProvider>,
) -> Result<response_cache::Builder, Error> {
    let policy = match settings.responses {
        ResponseChoice::Deterministic => Policy::deterministic(),
        ResponseChoice::All => Policy::cache_all(),
    };
    let mut builder = ResponseCache::builder(backend, provider)
        .namespace(Namespace::new(&settings.namespace)?)
        .policy(policy)
        .strict(settings.strict)
        .ttl(Ttl::new(settings.response_ttl.unwrap_or(settings.ttl).0)?)
        .ttl_jitter(settings.ttl_jitter)
        .stale_while_revalidate(settings.stale_while_revalidate.0)
        .stale_if_error(settings.stale_if_error.0)
        .prices(Prices::open(settings)?.table().clone());
    if let Some(secret) = key_secret(settings) {
        builder = builder.key_secret(secret);
    }
    Ok(builder)
}
