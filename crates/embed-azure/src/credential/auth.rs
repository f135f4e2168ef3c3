//! The header that a credential becomes.

use cache_core::{BoxError, ProviderError, ProviderErrorKind};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::token_cache::TokenCache;
use super::{Credential, Kind};
use crate::build_error::BuildError;

/// How a service wants to see an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `api-key: …`.
    ApiKeyHeader,
    /// `Authorization: Bearer …`.
    Bearer,
}

/// Puts credentials on requests.
pub(crate) enum Auth {
    /// A local server that asks for none.
    None,
    /// A header that never changes.
    Fixed(HeaderName, HeaderValue),
    /// Tokens that are renewed.
    Renewed(TokenCache),
}

impl Auth {
    pub(crate) fn new(credential: Option<Credential>, scheme: Scheme) -> Result<Self, BuildError> {
        let api_key = HeaderName::from_static("api-key");
        Ok(match credential.map(|credential| credential.0) {
            None => Self::None,
            Some(Kind::ApiKey(key)) => match scheme {
                Scheme::ApiKeyHeader => Self::Fixed(api_key, header("", &key)?),
                Scheme::Bearer => Self::Fixed(AUTHORIZATION, header("Bearer ", &key)?),
            },
            Some(Kind::Token(token)) => Self::Fixed(AUTHORIZATION, header("Bearer ", &token)?),
            Some(Kind::Provider(provider)) => Self::Renewed(TokenCache::new(provider)),
        })
    }

    /// Adds the header. Answers with the number of the token used, for [`renew`](Self::renew).
    pub(crate) async fn apply(
        &self,
        headers: &mut HeaderMap,
        deadline: Instant,
    ) -> Result<u64, ProviderError> {
        match self {
            Self::None => Ok(0),
            Self::Fixed(name, value) => {
                headers.insert(name, value.clone());
                Ok(0)
            }
            Self::Renewed(cache) => {
                let (value, number) = cache.get(deadline).await?;
                headers.insert(AUTHORIZATION, value);
                Ok(number)
            }
        }
    }

    /// The service refused token `number`: forgets it. False when there is nothing to renew.
    pub(crate) fn renew(&self, number: u64) -> bool {
        match self {
            Self::Renewed(cache) => {
                cache.forget(number);
                true
            }
            Self::None | Self::Fixed(..) => false,
        }
    }
}

/// A header value that logs as `Sensitive`.
pub(super) fn header(prefix: &str, secret: &SecretString) -> Result<HeaderValue, BuildError> {
    let secret = secret.expose_secret().trim();
    if secret.is_empty() {
        return Err(BuildError::Credential);
    }
    let mut value =
        HeaderValue::from_str(&format!("{prefix}{secret}")).map_err(|_| BuildError::Credential)?;
    value.set_sensitive(true);
    Ok(value)
}

/// No token could be had.
pub(super) fn no_token(source: impl Into<BoxError>) -> ProviderError {
    ProviderError::new(
        ProviderErrorKind::Unauthorized,
        "the token provider gave no usable token: check the identity that the program runs as",
    )
    .with_source(source)
}
