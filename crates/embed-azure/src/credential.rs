//! What a client proves itself with.

mod auth;
mod token_cache;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use cache_core::BoxError;
use secrecy::SecretString;

pub(crate) use auth::{Auth, Scheme};

/// The scope of tokens for Azure OpenAI (Entra ID) that its classic API has always taken.
pub const COGNITIVE_SERVICES_SCOPE: &str = "https://cognitiveservices.azure.com/.default";

/// The scope that the newer documentation of Azure AI names.
pub const AZURE_AI_SCOPE: &str = "https://ai.azure.com/.default";

/// What a client proves itself with: exactly one of an API key, a token, a source of tokens.
///
/// `Debug` shows which, and no secret.
#[derive(Clone)]
pub struct Credential(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    ApiKey(SecretString),
    Token(SecretString),
    Provider(Arc<dyn TokenProvider>),
}

impl Credential {
    /// A key of the resource: sent as `api-key` to Azure OpenAI, as `Authorization: Bearer` to
    /// OpenAI.
    pub fn api_key(key: impl Into<SecretString>) -> Self {
        Self(Kind::ApiKey(key.into()))
    }

    /// A token that the caller got and that is not renewed: sent as `Authorization: Bearer`.
    pub fn token(token: impl Into<SecretString>) -> Self {
        Self(Kind::Token(token.into()))
    }

    /// A source of tokens, asked when one is needed: sent as `Authorization: Bearer`.
    pub fn token_provider(provider: Arc<dyn TokenProvider>) -> Self {
        Self(Kind::Provider(provider))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::ApiKey(_) => "Credential::api_key(..)",
            Kind::Token(_) => "Credential::token(..)",
            Kind::Provider(_) => "Credential::token_provider(..)",
        })
    }
}

/// A source of tokens, for example Entra ID through a managed identity.
///
/// Ask for the scope [`COGNITIVE_SERVICES_SCOPE`] or [`AZURE_AI_SCOPE`], as the resource wants. The
/// client keeps a token until five minutes before it expires (or until half of its life is over,
/// when that is later), asks one call at a time, and asks once more when the service refuses a
/// token with HTTP 401. The time a token takes counts against the call's deadline.
#[async_trait]
pub trait TokenProvider: Send + Sync + 'static {
    /// A token that is valid now. Its error is kept as the source of the call's error and must
    /// carry no secret.
    async fn token(&self) -> Result<AccessToken, BoxError>;
}

/// A token and its end. `Debug` does not show the token.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AccessToken {
    /// The token.
    pub secret: SecretString,
    /// When it ceases to be valid; a token without an end is kept until the service refuses it.
    pub expires_on: Option<SystemTime>,
}

impl AccessToken {
    /// A token that is kept until the service refuses it.
    pub fn new(secret: impl Into<SecretString>) -> Self {
        Self { secret: secret.into(), expires_on: None }
    }

    /// Says when the token ceases to be valid.
    #[must_use]
    pub fn with_expiry(mut self, expires_on: SystemTime) -> Self {
        self.expires_on = Some(expires_on);
        self
    }
}
