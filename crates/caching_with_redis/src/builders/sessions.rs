//! The store of conversations as the settings have it.

use std::sync::Arc;

use cache_core::{LogBackend, Namespace, Ttl};
use session_store::SessionStore;

use super::key_secret;
use crate::{Error, Settings};

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
