//! The services as the settings have them, to be set up further.

#[cfg(feature = "responses")]
mod responses;
#[cfg(feature = "sessions")]
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheBackend, KeySecret, Namespace, Ttl};
use embedding_cache::{Builder, EmbeddingCache};
use secrecy::ExposeSecret;

#[cfg(feature = "responses")]
pub use self::responses::response_builder;
#[cfg(feature = "sessions")]
pub use self::sessions::session_builder;
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
