//! How Redis is reached, as the settings have it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use cache_core::{CacheError, ErrorKind};
use cache_redis::{Credentials, CredentialsSource, RedisConfig};
use secrecy::SecretString;

use crate::settings::SettingsError;
use crate::{Error, Settings};

/// How often the file with the password is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// How to reach the Redis of the settings: `REDIS_URL` or the default address, with the user,
/// password and certificates that are set beside it. Reads the certificates' files.
///
/// A password of `REDIS_PASSWORD_FILE` is read anew for every connection, and connections under way
/// authenticate anew within seconds when the file changes: passwords rotate without a restart.
///
/// # Errors
/// When a file cannot be read, or a certificate has no key.
pub async fn redis_config(settings: &Settings) -> Result<RedisConfig, Error> {
    let url = settings.redis_url.clone();
    let mut config = RedisConfig::new(url.unwrap_or_else(|| Settings::DEFAULT_REDIS_URL.into()));
    if let Some(path) = &settings.redis_ca_file {
        config = config.with_ca_certificate(read("redis_ca_file", path).await?);
    }
    match (&settings.redis_cert_file, &settings.redis_key_file) {
        (None, None) => {}
        (Some(certificate), Some(key)) => {
            let certificate = read("redis_cert_file", certificate).await?;
            let key = SecretString::from(read("redis_key_file", key).await?);
            config = config.with_client_certificate(certificate, key);
        }
        (Some(_), None) => return Err(missing("redis_key_file", "REDIS_CERT_FILE").into()),
        (None, Some(_)) => return Err(missing("redis_cert_file", "REDIS_KEY_FILE").into()),
    }
    if let Some(name) = &settings.redis_server_name {
        config = config.with_server_name(name);
    }
    let user = settings.redis_username.clone();
    match (&settings.redis_password, &settings.redis_password_file) {
        (Some(_), Some(_)) => {
            let message = "REDIS_PASSWORD is set too, and only one can be used";
            return Err(SettingsError::of("redis_password_file", message).into());
        }
        (Some(password), None) => {
            let credentials = credentials(user, password.clone());
            config = config.with_credentials(move || {
                let credentials = credentials.clone();
                async move { Ok(credentials) }
            });
        }
        (None, Some(path)) => config = config.with_credentials(PasswordFile::new(user, path)),
        (None, None) if user.is_some() => {
            return Err(missing("redis_password", "REDIS_USERNAME").into());
        }
        (None, None) => {}
    }
    Ok(config)
}

async fn read(key: &str, path: &Path) -> Result<String, SettingsError> {
    tokio::fs::read_to_string(path)
        .await
        .map_err(|error| SettingsError::of(key, format!("{}: {error}", path.display())))
}

fn missing(key: &str, set: &str) -> SettingsError {
    SettingsError::of(key, format!("{set} is set, and this is not: both are needed"))
}

fn credentials(user: Option<String>, password: SecretString) -> Credentials {
    match user {
        Some(user) => Credentials::new(user, password),
        None => Credentials::password(password),
    }
}

/// A password in a file that somebody else writes.
struct PasswordFile {
    user: Option<String>,
    path: PathBuf,
    /// Of the file when it was read last.
    written: Mutex<Option<SystemTime>>,
}

impl PasswordFile {
    fn new(user: Option<String>, path: &Path) -> Self {
        Self { user, path: path.to_owned(), written: Mutex::default() }
    }

    async fn time(&self) -> Option<SystemTime> {
        tokio::fs::metadata(&self.path).await.ok()?.modified().ok()
    }

    fn last(&self) -> Option<SystemTime> {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CredentialsSource for PasswordFile {
    async fn credentials(&self) -> Result<Credentials, CacheError> {
        // Before it is read: what is written meanwhile counts as a change.
        let time = self.time().await;
        let password = tokio::fs::read_to_string(&self.path).await.map_err(|error| {
            let message = format!(
                "the file with the password of Redis (REDIS_PASSWORD_FILE), {}, cannot be read",
                self.path.display()
            );
            CacheError::new(ErrorKind::Unauthenticated, message).with_source(error)
        })?;
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = time;
        // Editors and shells end a file with a line feed, which is no part of the password.
        let password = password.trim_end_matches(['\r', '\n']);
        Ok(credentials(self.user.clone(), SecretString::from(password)))
    }

    async fn changed(&self) {
        loop {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            // A file that is gone for a moment is being written.
            if let Some(time) = self.time().await
                && Some(time) != self.last()
            {
                return;
            }
        }
    }
}
