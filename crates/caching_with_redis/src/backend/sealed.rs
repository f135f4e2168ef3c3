//! Encryption as the settings have it.

use std::path::Path;
use std::sync::Arc;

use cache_encryption::{EncryptedBackend, EncryptedLog, Keyring, SharedKeyring};

use super::OpenedBackend;
use crate::Error;
use crate::settings::SettingsError;

/// The store with everything in it sealed with the keys of this file.
pub(super) async fn sealed(opened: OpenedBackend, path: &Path) -> Result<OpenedBackend, Error> {
    let text = tokio::fs::read_to_string(path).await;
    let text = text.map_err(|error| wrong(path, &error))?;
    let ring = Keyring::from_text(&text).map_err(|error| wrong(path, &error))?;
    let keys = SharedKeyring::new(ring);
    Ok(OpenedBackend {
        backend: Arc::new(EncryptedBackend::new(opened.backend, keys.clone())),
        logs: Arc::new(EncryptedLog::new(opened.logs, keys.clone())),
        keys: Some(keys),
        ..opened
    })
}

fn wrong(path: &Path, error: &dyn std::error::Error) -> SettingsError {
    SettingsError::of("encryption_keys", format!("{}: {error}", path.display()))
}
