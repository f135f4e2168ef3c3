//! Settings of the cache and of the program that opens it.
//!
//! Defaults are overridden by a TOML file, the file by the environment, the environment by what the
//! program sets itself. Every setting has a name in the file and one in the environment; they are
//! listed in [`VARIABLES`].

mod load;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use cache_core::codec::VectorPolicy;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{ByteSize, Span};

/// A setting's names and meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// In the environment.
    pub variable: &'static str,
    /// In the settings file.
    pub key: &'static str,
    /// What it does, with unit and default.
    pub meaning: &'static str,
}

const fn variable(variable: &'static str, key: &'static str, meaning: &'static str) -> Variable {
    Variable { variable, key, meaning }
}

/// All settings. The environment also knows `CACHE_CONFIG`, the path of the settings file.
pub const VARIABLES: &[Variable] = &[
    variable("CACHE_BACKEND", "backend", "auto, redis, embedded or memory (auto)"),
    variable(
        "REDIS_URL",
        "redis_url",
        "redis://, rediss:// or unix:// address (redis://127.0.0.1:6379)",
    ),
    variable("CACHE_TTL", "ttl", "how long an entry is fresh, in seconds or with a unit (3600)"),
    variable(
        "CACHE_TTL_JITTER",
        "ttl_jitter",
        "part of the TTL by which lives are spread, 0 to below 1 (0.1)",
    ),
    variable(
        "CACHE_STALE_WHILE_REVALIDATE",
        "stale_while_revalidate",
        "span after the TTL in which an entry is served while it is refreshed (0)",
    ),
    variable(
        "CACHE_STALE_IF_ERROR",
        "stale_if_error",
        "span after the TTL in which an entry is served when computing fails (0)",
    ),
    variable("CACHE_NAMESPACE", "namespace", "the application's part of the store (cache)"),
    variable(
        "CACHE_VECTORS",
        "vectors",
        "lossless, fast, near-lossless, compact or tiny (lossless)",
    ),
    variable(
        "CACHE_FILE",
        "file",
        "the embedded file (caching_with_redis/cache.db in the user's cache folder)",
    ),
    variable(
        "CACHE_MAX_MEMORY",
        "max_memory",
        "bound of the embedded file and of the memory backend (512mb)",
    ),
    variable(
        "REDIS_MAX_MEMORY",
        "redis_max_memory",
        "memory limit of a Redis that setup starts (512mb)",
    ),
    variable("CACHE_DIMENSIONS", "dimensions", "dimensions of the lexical provider (384)"),
    variable(
        "AZURE_OPENAI_ENDPOINT",
        "azure_openai_endpoint",
        "endpoint of the Azure OpenAI resource",
    ),
    variable("AZURE_OPENAI_API_KEY", "azure_openai_api_key", "its API key (secret)"),
    variable(
        "AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT",
        "azure_openai_embeddings_deployment",
        "deployment of an embeddings model",
    ),
    variable(
        "AZURE_OPENAI_CHAT_DEPLOYMENT",
        "azure_openai_chat_deployment",
        "deployment of a chat model",
    ),
    variable("OPENAI_API_KEY", "openai_api_key", "API key of OpenAI (secret)"),
];

/// Which store to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BackendChoice {
    /// Redis where one is named or answers at the default address, else the embedded file.
    #[default]
    Auto,
    /// Redis.
    Redis,
    /// One SQLite file.
    Embedded,
    /// This process's memory.
    Memory,
}

impl BackendChoice {
    /// As written in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Redis => "redis",
            Self::Embedded => "embedded",
            Self::Memory => "memory",
        }
    }
}

impl FromStr for BackendChoice {
    type Err = SettingsError;
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        [Self::Auto, Self::Redis, Self::Embedded, Self::Memory]
            .into_iter()
            .find(|choice| choice.as_str() == text)
            .ok_or_else(|| {
                SettingsError::new(format!(
                    "{text:?} is no backend: choose auto, redis, embedded or memory"
                ))
            })
    }
}

impl fmt::Display for BackendChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
    /// Memory limit of a Redis that `setup` starts.
    #[serde(default = "default_memory")]
    pub redis_max_memory: ByteSize,
    /// Dimensions of the lexical provider.
    #[serde(default = "default_dimensions")]
    pub dimensions: u32,
    /// Endpoint of the Azure OpenAI resource.
    pub azure_openai_endpoint: Option<String>,
    /// Its API key.
    pub azure_openai_api_key: Option<SecretString>,
    /// Deployment of an embeddings model.
    pub azure_openai_embeddings_deployment: Option<String>,
    /// Deployment of a chat model.
    pub azure_openai_chat_deployment: Option<String>,
    /// API key of OpenAI.
    pub openai_api_key: Option<SecretString>,
    /// What looks like a mistake, though it stops nothing: full sentences.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

fn default_ttl() -> Span {
    Span(Duration::from_secs(3_600))
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

fn default_dimensions() -> u32 {
    384
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
}
