//! The three services as the settings have them, to be set up further.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheBackend, ChatProvider, KeySecret, LogBackend, Namespace, Ttl};
use embedding_cache::{Builder, EmbeddingCache};
use response_cache::{Policy, ResponseCache};
use secrecy::ExposeSecret;
use session_store::SessionStore;

use crate::settings::ResponseChoice;
use crate::{Error, Prices, Settings};

/// A cache of embeddings in this store, to be set up further: with a provider, say. Of
/// files it reads that with the prices.
///
/// # Errors
/// When TTL, namespace or the file with the prices make no sense.
pub fn builder(settings: &Settings, backend: Arc<dyn CacheBackend>) -> Result<Builder, Error> {
    let windows = [settings.stale_while_revalidate.0, settings.stale_if_error.0];
    let mut builder = EmbeddingCache::builder(backend)
        .namespace(Namespace::new(&settings.namespace)?)
        .ttl(Ttl::new(settings.ttl.0)?)
        .ttl_jitter(settings.ttl_jitter)
        .vectors(settings.vectors)
        .model_change(settings.model_change)
        .strict(settings.strict)
        .prices(Prices::open(settings)?.table().clone());
    if windows.iter().any(|window| *window > Duration::ZERO) {
        builder = builder.stale_while_revalidate(windows[0]).stale_if_error(windows[1]);
    }
    if let Some(secret) = key_secret(settings) {
        builder = builder.key_secret(secret);
    }
    Ok(builder)
}

fn key_secret(settings: &Settings) -> Option<KeySecret> {
    let secret = settings.key_secret.as_ref()?;
    Some(KeySecret::new(secret.expose_secret().as_bytes()))
}

/// A cache of this chat model's answers in this store.
///
/// # Errors
/// As [`builder`].
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

/// Conversations in this store.
///
/// # Errors
/// When time to live or namespace make no sense.
pub fn session_builder(
    settings: &Settings,
    logs: Arc<dyn LogBackend>,
) -> Result<session_store::Builder, Error> {
    let mut builder = SessionStore::builder(logs)
        .namespace(Namespace::new(&settings.namespace)?)
        .ttl(Ttl::new(settings.session_ttl.0)?);
    if let Some(secret) = key_secret(settings) {
        builder = builder.key_secret(secret);
    }
    Ok(builder)
}
