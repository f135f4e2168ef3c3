//! From flags and settings to a cache with its provider.

use std::sync::Arc;
use std::time::Duration;

use caching_with_redis::core::{EmbeddingProvider, MemoryBackend};
use caching_with_redis::embedding::{EmbeddingCache, ModelCache};
use caching_with_redis::local::Lexical;
use caching_with_redis::settings::{BackendChoice, SettingsError};
use caching_with_redis::{Settings, WhyBackend, builder, open_backend};

use crate::args::Common;
use crate::failure::Failure;
use crate::language::Language;
use crate::output::Output;

/// What every verb works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) output: Output,
}

/// A cache on the store that the settings choose.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) cache: EmbeddingCache,
    pub(crate) model: ModelCache,
    pub(crate) provider: Arc<dyn EmbeddingProvider>,
    pub(crate) why: WhyBackend,
}

impl Context {
    pub(crate) fn new(common: &Common, output: Output) -> Result<Self, Failure> {
        Ok(Self { settings: settings(common)?, output })
    }

    pub(crate) fn language(&self) -> Language {
        self.output.language
    }

    /// Warns of what looks like a mistake, and opens the store.
    pub(crate) async fn open(&self) -> Result<Opened, Failure> {
        self.warn_of_settings();
        self.open_quietly().await
    }

    /// Opens the store. Its failures are the user's business here, so that the cache is strict.
    pub(crate) async fn open_quietly(&self) -> Result<Opened, Failure> {
        let opened = open_backend(&self.settings).await?;
        let info = opened.backend.info();
        tracing::info!(backend = info.kind, location = info.location, why = %opened.why, "opened");
        let provider = self.provider()?;
        let cache = builder(&self.settings, opened.backend)?
            .provider(Arc::clone(&provider))
            .strict(true)
            // A command is over before an interval is: it shares its counts when it ends.
            .share_statistics_every(None)
            .build()
            .map_err(caching_with_redis::Error::from)?;
        let model = cache.provider()?.clone();
        Ok(Opened { cache, model, provider, why: opened.why })
    }

    /// A cache without a store, for what does not depend on one.
    pub(crate) fn detached(&self) -> Result<ModelCache, Failure> {
        self.warn_of_settings();
        let cache = builder(&self.settings, Arc::new(MemoryBackend::new(0)))?
            .provider(self.provider()?)
            .build()
            .map_err(caching_with_redis::Error::from)?;
        Ok(cache.provider()?.clone())
    }

    /// The provider that the texts are embedded with.
    pub(crate) fn provider(&self) -> Result<Arc<dyn EmbeddingProvider>, Failure> {
        let lexical = Lexical::new(self.settings.dimensions).map_err(|error| {
            Failure::Settings(format!("setting dimensions (CACHE_DIMENSIONS): {error}"))
        })?;
        Ok(Arc::new(lexical))
    }

    /// What looks like a mistake in the settings, in the user's language.
    pub(crate) fn settings_warnings(&self) -> Vec<String> {
        let warnings = self.settings.warnings.iter();
        warnings.map(|warning| translated(warning, self.language())).collect()
    }

    /// Whether a provider is configured that this program does not embed with.
    pub(crate) fn ignores_a_provider(&self) -> bool {
        self.settings.azure_openai_endpoint.is_some() || self.settings.openai_api_key.is_some()
    }

    fn warn_of_settings(&self) {
        for warning in self.settings_warnings() {
            self.output.warning(&warning);
        }
    }
}

/// The library's sentence in the user's language: it names the variable and says nothing else.
fn translated(warning: &str, language: Language) -> String {
    let name = |word: &&str| word.starts_with("CACHE_");
    match warning.split_whitespace().find(name) {
        Some(name) => language.unknown_variable(name),
        None => warning.to_owned(),
    }
}

/// Flags override what environment and file say.
fn settings(common: &Common) -> Result<Settings, SettingsError> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let mut overrides: Vec<(&'static str, String)> = Vec::new();
    let mut set = |key, value: Option<String>| overrides.extend(value.map(|value| (key, value)));
    set("backend", backend(common).map(|choice| choice.to_string()));
    set("redis_url", common.redis_url.clone());
    set("namespace", common.namespace.clone());
    set("ttl", common.ttl.map(|span| in_milliseconds(span.0)));
    set("file", common.file.as_ref().map(|path| path.display().to_string()));
    Settings::from_sources(common.config.as_deref(), &environment, overrides)
}

/// A flag that names a store also chooses it.
fn backend(common: &Common) -> Option<BackendChoice> {
    let named_by_place = match (&common.redis_url, &common.file) {
        (Some(_), _) => Some(BackendChoice::Auto),
        (_, Some(_)) => Some(BackendChoice::Embedded),
        _ => None,
    };
    common.backend.or(named_by_place)
}

fn in_milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}
