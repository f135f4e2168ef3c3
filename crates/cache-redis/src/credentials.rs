//! Who we are to the servers.

use std::fmt;
use std::future::Future;

use async_trait::async_trait;
use cache_core::CacheError;
use secrecy::SecretString;

/// A user name, if there is one, and a password or token.
#[derive(Clone)]
pub struct Credentials {
    user: Option<String>,
    password: SecretString,
}

impl Credentials {
    /// Of an ACL user.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self { user: Some(user.into()), password: password.into() }
    }

    /// Of the default user.
    #[must_use]
    pub fn password(password: impl Into<SecretString>) -> Self {
        Self { user: None, password: password.into() }
    }

    /// The user's name.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Where credentials come from that change while the program runs: a vault, a file, Entra ID.
///
/// A closure that returns a future of [`Credentials`] is one:
///
/// ```
/// use cache_redis::{Credentials, RedisConfig};
///
/// let config = RedisConfig::new("rediss://cache.example.com:6380").with_credentials(|| async {
///     let password = std::env::var("CACHE_PASSWORD").unwrap_or_default();
///     Ok(Credentials::new("app", password))
/// });
/// ```
///
/// # Contract
/// [`credentials`](Self::credentials) is asked for every connection that is made, within the
/// connect timeout, and once more when a server refused what it gave. It is called from several
/// tasks at once, and its future may be dropped.
#[async_trait]
pub trait CredentialsSource: Send + Sync + 'static {
    /// What is valid now. An error ends the attempt to connect, and callers are given it.
    async fn credentials(&self) -> Result<Credentials, CacheError>;

    /// Completes when the credentials have changed: then open connections authenticate anew, so
    /// that a password that ends or a token that expires cuts nobody off. Without it, which is the
    /// default, new credentials are used when a connection is made.
    async fn changed(&self) {
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl<F, R> CredentialsSource for F
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<Credentials, CacheError>> + Send,
{
    async fn credentials(&self) -> Result<Credentials, CacheError> {
        self().await
    }
}
