//! Settings of the cache and of the program that opens it.
//!
//! Defaults are overridden by a TOML file, the file by the environment, the environment by what the
//! program sets itself. Every setting has a name in the file and one in the environment; they are
//! listed in [`VARIABLES`].

mod choice;
mod load;
mod variable;
mod warning;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cache_core::codec::VectorPolicy;
use embedding_cache::ModelChange;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{ByteSize, Span};

pub use choice::{BackendChoice, EngineChoice, ProviderChoice, ResponseChoice, TrackingChoice};
pub use variable::{VARIABLES, Variable};
pub use warning::SettingsWarning;

/// All settings, checked. `Debug` shows no secrets and no address with a password.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Which store to use.
    #[serde(default)]
    pub backend: BackendChoice,
    /// Address of Redis; `None` when nobody named one.
    pub redis_url: Option<SecretString>,
    /// User of Redis, in place of the URL's.
    pub redis_username: Option<String>,
    /// The user's password, in place of the URL's.
    pub redis_password: Option<SecretString>,
    /// A file with the password, which may change.
    pub redis_password_file: Option<PathBuf>,
    /// File with the certificates of the only authorities that may vouch for a `rediss://` server.
    pub redis_ca_file: Option<PathBuf>,
    /// File with our own certificate.
    pub redis_cert_file: Option<PathBuf>,
    /// File with its private key.
    pub redis_key_file: Option<PathBuf>,
    /// The name that the servers' certificates must be valid for, in place of their hosts.
    pub redis_server_name: Option<String>,
    /// File with the keys that everything in the store is encrypted with.
    pub encryption_keys: Option<PathBuf>,
    /// A secret that the keys of entries depend on, so that nobody who reads them can test guesses.
    pub key_secret: Option<SecretString>,
    /// How long an entry is fresh.
    #[serde(default = "default_ttl")]
    pub ttl: Span,
    /// Part of the TTL by which lives are spread.
    #[serde(default = "default_jitter")]
    pub ttl_jitter: f64,
    /// Span after the TTL in which an entry is served while it is refreshed.
    #[serde(default = "no_time")]
    pub stale_while_revalidate: Span,
    /// Span after the TTL in which an entry is served when computing fails.
    #[serde(default = "no_time")]
    pub stale_if_error: Span,
    /// The application's part of the store.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// How vectors are stored.
    #[serde(default, deserialize_with = "policy")]
    pub vectors: VectorPolicy,
    /// The embedded file; `None` for the one in the user's cache folder.
    pub file: Option<PathBuf>,
    /// Bound of the embedded file and of the memory backend.
    #[serde(default = "default_memory")]
    pub max_memory: ByteSize,
    /// Bytes of this process's memory in which entries of Redis are kept near; `None` for none.
    pub near_memory: Option<ByteSize>,
    /// The oldest that something near may be, whatever happens; `None` for the near cache's own bound.
    pub near_staleness: Option<Span>,
    /// Of which changes Redis is asked to tell the near cache.
    #[serde(default)]
    pub near_tracking: TrackingChoice,
    /// What of Redis searches vector indexes.
    #[serde(default)]
    pub index_engine: EngineChoice,
    /// Into how many vector sets an index on Redis is divided.
    #[serde(default = "default_parts")]
    pub index_parts: usize,
    /// The most that an index takes on a plain Redis; `None`, here and below, for the engine's own
    /// bound.
    pub index_size: Option<ByteSize>,
    /// The most memory of this process that an index on a plain Redis takes, or all indexes of the
    /// embedded file together.
    pub index_memory: Option<ByteSize>,
    /// How long a read may take; `None`, here and of the other budgets, for the guard's own.
    pub read_budget: Option<Span>,
    /// How long taking, prolonging and giving up a lease may take.
    pub lease_budget: Option<Span>,
    /// How long a write may take.
    pub write_budget: Option<Span>,
    /// Whether a failing store is an error to callers.
    #[serde(default)]
    pub strict: bool,
    /// Whether writes are queued rather than waited for.
    #[serde(default)]
    pub write_behind: bool,
    /// Most entries in the queue; `None` for the guard's own bound.
    pub write_behind_entries: Option<usize>,
    /// Most memory that the queue takes; `None` for the guard's own bound.
    pub write_behind_memory: Option<ByteSize>,
    /// Whether stores and providers are measured, which needs the feature `metrics`.
    #[serde(default)]
    pub metrics: bool,
    /// Memory limit of a Redis that `setup` starts.
    #[serde(default = "default_memory")]
    pub redis_max_memory: ByteSize,
    /// Who embeds, and who answers chats.
    #[serde(default)]
    pub provider: ProviderChoice,
    /// Longest time of one call of a service, retries and waiting included; `None` for the client's
    /// own.
    pub provider_timeout: Option<Span>,
    /// Dimensions to ask the model for; `None` for its own.
    pub dimensions: Option<u32>,
    /// Which chat requests' answers are cached.
    #[serde(default)]
    pub responses: ResponseChoice,
    /// How long an answer is fresh; `None` for as long as other entries.
    pub response_ttl: Option<Span>,
    /// How long a conversation lives after its last message.
    #[serde(default = "default_session_ttl")]
    pub session_ttl: Span,
    /// Folder of a sentence-transformers model.
    pub model_dir: Option<PathBuf>,
    /// What is done when a deployment gets another model.
    #[serde(default, deserialize_with = "choice::model_change")]
    pub model_change: ModelChange,
    /// A file with prices; see [`Prices`](crate::Prices).
    pub prices: Option<PathBuf>,
    /// Endpoint of the Azure OpenAI resource.
    pub azure_openai_endpoint: Option<String>,
    /// Its API key.
    pub azure_openai_api_key: Option<SecretString>,
    /// A token of Entra ID in place of the key.
    pub azure_openai_ad_token: Option<SecretString>,
    /// Dated version of the classic API, or `v1`; `None` for what the endpoint says.
    pub azure_openai_api_version: Option<String>,
    /// Deployment of an embeddings model.
    pub azure_openai_embeddings_deployment: Option<String>,
    /// Deployment of a chat model.
    pub azure_openai_chat_deployment: Option<String>,
    /// API key of OpenAI.
    pub openai_api_key: Option<SecretString>,
    /// Address of a server that speaks OpenAI's API; `None` for OpenAI's own.
    pub openai_base_url: Option<String>,
    /// Embeddings model of OpenAI.
    #[serde(default = "default_openai_model")]
    pub openai_embeddings_model: String,
    /// Chat model of OpenAI.
    pub openai_chat_model: Option<String>,
    /// What looks like a mistake, though it stops nothing.
    #[serde(skip)]
    pub warnings: Vec<SettingsWarning>,
}

fn default_ttl() -> Span {
    Span(Duration::from_secs(3_600))
}

fn default_session_ttl() -> Span {
    Span(Duration::from_secs(30 * 24 * 60 * 60))
}

fn default_jitter() -> f64 {
    0.1
}

fn no_time() -> Span {
    Span(Duration::ZERO)
}

fn default_namespace() -> String {
    cache_core::Namespace::DEFAULT.to_owned()
}

fn default_memory() -> ByteSize {
    ByteSize(512 << 20)
}

fn default_parts() -> usize {
    1
}

fn default_openai_model() -> String {
    "text-embedding-3-small".to_owned()
}

fn policy<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<VectorPolicy, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(serde::de::Error::custom)
}

impl Settings {
    /// Where Redis is looked for when nobody names an address.
    pub const DEFAULT_REDIS_URL: &'static str = "redis://127.0.0.1:6379";

    /// Defaults, the settings file (that of `CACHE_CONFIG`, else `cache.toml` in the working
    /// folder if there is one) and the environment.
    ///
    /// # Errors
    /// When the file cannot be read, holds an unknown name, or a value makes no sense. Secrets are
    /// not in the message.
    pub fn load() -> Result<Self, SettingsError> {
        Self::load_with([])
    }

    /// As [`load`](Self::load), overridden by pairs of file keys and values.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_with(
        overrides: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Self, SettingsError> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::from_sources(None, &environment, overrides)
    }

    /// From a given file and environment, for programs that keep their settings elsewhere. Without
    /// a file, the environment's `CACHE_CONFIG` or `cache.toml` counts.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_sources(
        file: Option<&Path>,
        environment: &[(String, String)],
        overrides: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Self, SettingsError> {
        load::load(file, environment, overrides)
    }

    /// As [`from_sources`](Self::from_sources), and no file is read, not even `cache.toml`: for a second
    /// store, to which nothing that is meant for the first may go.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn without_file(
        environment: &[(String, String)],
        overrides: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Self, SettingsError> {
        load::load_with(None, environment, overrides)
    }
}

impl Default for Settings {
    fn default() -> Self {
        load::load(None, &[], []).unwrap_or_else(|_| load::defaults())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("backend", &self.backend)
            .field("redis_url", &self.redis_url)
            .field("ttl", &self.ttl)
            .field("namespace", &self.namespace)
            .field("vectors", &self.vectors)
            .field("file", &self.file)
            .field("max_memory", &self.max_memory)
            .field("provider", &self.provider)
            .field("model_dir", &self.model_dir)
            .field("azure_openai_endpoint", &self.azure_openai_endpoint)
            .finish_non_exhaustive()
    }
}

/// A setting is unknown or makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SettingsError {
    message: String,
}

impl SettingsError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// What is wrong with the setting of this key in the file.
    pub(crate) fn of(key: &str, message: impl fmt::Display) -> Self {
        match variable::variable_of(key) {
            Some(variable) => Self::new(format!("setting {key} ({variable}): {message}")),
            None => Self::new(format!("setting {key}: {message}")),
        }
    }
}
