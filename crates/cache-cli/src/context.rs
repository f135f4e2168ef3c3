//! From flags and settings to a cache with its provider.

use std::sync::Arc;
use std::time::Duration;

use caching_with_redis::core::{CacheBackend, EmbeddingProvider, MemoryBackend, PriceTable, Scope};
use caching_with_redis::embedding::{Builder, EmbeddingCache, ModelCache};
use caching_with_redis::response::ResponseCache;
use caching_with_redis::session::SessionStore;
use caching_with_redis::settings::{BackendChoice, SettingsError, SettingsWarning};
use caching_with_redis::{
    OpenedBackend, OpenedProvider, OpenedVectors, Prices, Settings, builder, open_backend,
    open_provider, open_vectors, response_builder, session_builder,
};

use crate::args::{Common, Whose};
use crate::chat_model::ChatModel;
use crate::failure::Failure;
use crate::language::Language;
use crate::output::Output;

/// What every verb works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) output: Output,
}

/// A cache on the store that the settings choose, with the provider that they choose.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) cache: EmbeddingCache,
    pub(crate) model: ModelCache,
    pub(crate) provider: OpenedProvider,
    pub(crate) store: OpenedBackend,
}

/// The provider's keys, on a store where they depend on one.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) model: ModelCache,
    /// Whether no reply has said yet which model they are to be of.
    pub(crate) unknown: bool,
    /// The model that replies have named.
    pub(crate) answering: Option<String>,
}

impl Context {
    pub(crate) fn new(common: &Common, output: Output) -> Result<Self, Failure> {
        Ok(Self { settings: settings(common)?, output })
    }

    pub(crate) fn language(&self) -> Language {
        self.output.language
    }

    /// Warns of what looks like a mistake, and opens the store and the provider.
    pub(crate) async fn open(&self) -> Result<Opened, Failure> {
        self.warn_of_settings();
        self.open_quietly().await
    }

    /// Opens the store and the provider.
    pub(crate) async fn open_quietly(&self) -> Result<Opened, Failure> {
        let store = self.store().await?;
        let provider = self.provider().await?;
        let cache = build(
            self.builder(Arc::clone(&store.backend))?.provider(Arc::clone(&provider.provider)),
        )?;
        let model = cache.provider()?.clone();
        Ok(Opened { cache, model, provider, store })
    }

    /// Warns of what looks like a mistake, and opens the store, for verbs that need no provider.
    pub(crate) async fn open_store(&self) -> Result<OpenedBackend, Failure> {
        self.warn_of_settings();
        self.store().await
    }

    /// The cache of embeddings in this store, without a provider.
    pub(crate) fn embeddings(&self, store: &OpenedBackend) -> Result<EmbeddingCache, Failure> {
        build(self.builder(Arc::clone(&store.backend))?)
    }

    /// The cache of a chat model's answers in this store. The store's failures are the user's
    /// business here, so that it is strict, and shares its counts when the command ends.
    pub(crate) fn responses(
        &self,
        store: &OpenedBackend,
        model: &ChatModel,
    ) -> Result<ResponseCache, Failure> {
        let backend = Arc::clone(&store.backend);
        let mut builder = response_builder(&self.settings, backend, model.provider())?
            .strict(true)
            .unguarded()
            .share_statistics_every(None);
        if model.is_bundled() {
            builder = builder.prices(PriceTable::empty()); // Nobody pays for it.
        }
        Ok(builder.build().map_err(caching_with_redis::Error::from)?)
    }

    /// The conversations in this store.
    pub(crate) fn sessions(
        &self,
        store: &OpenedBackend,
        whose: &Whose,
    ) -> Result<SessionStore, Failure> {
        let scope = whose.tenant.as_deref().map_or_else(Scope::shared, Scope::tenant);
        let builder = session_builder(&self.settings, Arc::clone(&store.logs))?;
        Ok(builder.scope(scope).build())
    }

    /// The vector indexes in this store.
    pub(crate) async fn vectors(&self, store: &OpenedBackend) -> Result<OpenedVectors, Failure> {
        let opened = open_vectors(&self.settings, store).await?;
        tracing::info!(engine = opened.engine.as_str(), why = %opened.why, "opened");
        Ok(opened)
    }

    /// The provider's keys. A store is opened only where they depend on it: where it remembers
    /// which model answers.
    pub(crate) async fn keys(&self) -> Result<Keys, Failure> {
        self.warn_of_settings();
        let provider = self.provider().await?.provider;
        let remembered = depend_on_answers(&*provider);
        let backend: Arc<dyn CacheBackend> = match remembered {
            true => self.store().await?.backend,
            false => Arc::new(MemoryBackend::new(0)),
        };
        let cache = build(self.builder(backend)?.provider(provider))?;
        let model = cache.provider()?.clone();
        let answering = model.answering_model().await?;
        Ok(Keys { unknown: remembered && answering.is_none(), model, answering })
    }

    /// What tokens cost.
    pub(crate) fn prices(&self) -> Result<Prices, Failure> {
        Ok(Prices::open(&self.settings)?)
    }

    /// What looks like a mistake in the settings, in the user's language.
    pub(crate) fn settings_warnings(&self) -> Vec<String> {
        let warnings = self.settings.warnings.iter();
        warnings.map(|warning| translated(warning, self.language())).collect()
    }

    async fn store(&self) -> Result<OpenedBackend, Failure> {
        // What the store says is the user's business here, so that no guard comes between.
        let opened = open_backend(&self.settings).await?.unguarded();
        let info = opened.backend.info();
        tracing::info!(backend = info.kind, location = info.location, why = %opened.why, "opened");
        Ok(opened)
    }

    async fn provider(&self) -> Result<OpenedProvider, Failure> {
        let opened = open_provider(&self.settings).await?;
        tracing::info!(provider = %opened.choice, why = %opened.why, "opened");
        Ok(opened)
    }

    /// The store's failures are the user's business here, so that the cache is strict.
    fn builder(&self, backend: Arc<dyn CacheBackend>) -> Result<Builder, Failure> {
        let builder = builder(&self.settings, backend)?.strict(true).unguarded();
        // A command is over before an interval is: it shares its counts when it ends.
        Ok(builder.share_statistics_every(None))
    }

    fn warn_of_settings(&self) {
        for warning in self.settings_warnings() {
            self.output.warning(&warning);
        }
    }
}

impl Opened {
    /// The model that answers, as far as it is known, else the provider's own name for it.
    pub(crate) async fn model_name(&self) -> Result<String, Failure> {
        model_name(&self.model).await
    }

    /// The key of a text; `None` as long as nobody knows which model's it is to be.
    pub(crate) async fn key(&self, text: &str) -> Result<Option<String>, Failure> {
        let unknown = self.model_is_unknown().await?;
        Ok((!unknown).then(|| self.model.key(text).to_string()))
    }

    /// Whether keys depend on which model answers, and no reply has said yet which that is.
    pub(crate) async fn model_is_unknown(&self) -> Result<bool, Failure> {
        Ok(depend_on_answers(&*self.provider.provider)
            && self.model.answering_model().await?.is_none())
    }
}

/// The model that answers, as far as it is known, else the provider's own name for it.
pub(crate) async fn model_name(model: &ModelCache) -> Result<String, Failure> {
    let answering = model.answering_model().await?.filter(|name| !name.is_empty());
    Ok(answering.unwrap_or_else(|| model.identity().model.clone()))
}

/// Whether the keys of a provider's vectors depend on which model its replies name.
fn depend_on_answers(provider: &dyn EmbeddingProvider) -> bool {
    provider.names_model() && provider.identity().version.is_none()
}

fn build(builder: Builder) -> Result<EmbeddingCache, Failure> {
    Ok(builder.build().map_err(caching_with_redis::Error::from)?)
}

fn translated(warning: &SettingsWarning, language: Language) -> String {
    match warning {
        SettingsWarning::UnknownVariable { name } => language.unknown_variable(name),
        SettingsWarning::IncompleteAzure { set, missing } => {
            language.incomplete_azure(set, missing)
        }
        other => other.to_string(),
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
    set("provider", common.provider.map(|choice| choice.to_string()));
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
