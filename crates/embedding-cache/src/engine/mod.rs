//! How a lookup goes: read, join the flights of what is missing, compute, store, publish.

mod answering;
mod compute;
mod encode;
mod job;
mod learn;
mod lease;
mod local;
mod plan;
mod read;
mod write;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use cache_core::codec::Codec;
use cache_core::stats::SharedCounts;
use cache_core::{
    CacheBackend, CacheError, CacheKey, EmbedOptions, Embedding, EmbeddingProvider, Flights,
    KeyProfile, LeaseToken, ModelIdentity, Scope, Ttl,
};
use tokio_util::task::TaskTracker;

pub(crate) use answering::Answering;
pub(crate) use compute::{Compute, Once};
pub(crate) use learn::Learned;
pub(crate) use write::NewEntry;

use crate::builder::Config;
use crate::profiles::Profiles;
use crate::stats::Recorder;
use crate::{Error, Lookup, Mode};

/// What all handles of one cache share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) backend: Arc<dyn CacheBackend>,
    pub(crate) provider: Option<Arc<dyn EmbeddingProvider>>,
    pub(crate) config: Config,
    pub(crate) profiles: Profiles,
    pub(crate) recorder: Arc<SharedCounts<Recorder>>,
    /// Which model the provider's calls reach, where its replies say so.
    pub(crate) answering: Option<Answering>,
    /// Computations, refreshes and touches that no caller waits for.
    pub(crate) background: TaskTracker,
    flights: Flights<Outcome>,
    token: LeaseToken,
    space: Arc<cache_core::KeySpace>,
    keeps_decoded: bool,
    writes_as_it_goes: bool,
}

/// What one call asks for, apart from its texts.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) profile: Arc<KeyProfile>,
    /// The model that must answer, where the keys depend on it.
    pub(crate) answering: Option<Arc<str>>,
    /// What a token costs, in picodollars; zero when unknown.
    pub(crate) token_price: u64,
    /// A vector that the call has computed beforehand, and its key.
    pub(crate) given: Option<Arc<(CacheKey, Lookup)>>,
    /// What the vectors must have, when known.
    pub(crate) dimensions: Option<usize>,
    pub(crate) embed: EmbedOptions,
    pub(crate) ttl: Option<Ttl>,
    pub(crate) mode: Mode,
    pub(crate) max_age: Option<Duration>,
}

/// What a flight gives to everybody who waits for it.
type Outcome = Result<Computed, Error>;

#[derive(Debug, Clone)]
struct Computed {
    embedding: Embedding,
    created_at_ms: u64,
    codec: Option<Codec>,
    stored_bytes: usize,
    /// Another process computed it.
    elsewhere: bool,
}

impl Computed {
    /// Found in the store by a call that had set out to compute it.
    fn elsewhere(entry: read::Entry) -> Self {
        Self {
            embedding: entry.embedding,
            created_at_ms: entry.meta.created_at_ms,
            codec: Some(entry.codec),
            stored_bytes: entry.stored_bytes,
            elsewhere: true,
        }
    }
}

impl Core {
    pub(crate) fn new(
        backend: Arc<dyn CacheBackend>,
        provider: Option<Arc<dyn EmbeddingProvider>>,
        config: Config,
    ) -> Self {
        let space = cache_core::KeySpace::new(
            config.namespace.clone(),
            cache_core::KeyKind::Embedding,
            config.generation,
        );
        let answering = provider.as_ref().and_then(|provider| Answering::of(&**provider, &config));
        let capabilities = backend.capabilities();
        let (store, namespace) = (Arc::clone(&backend), config.namespace.clone());
        let recorder = Arc::new(SharedCounts::new(Recorder::default(), store, namespace));
        let background = TaskTracker::new();
        background.close(); // It takes tasks all the same; waiting ends only on a closed one.
        Self {
            keeps_decoded: capabilities.keeps_decoded,
            writes_as_it_goes: capabilities.writes_as_it_goes,
            backend,
            provider,
            answering,
            config,
            profiles: Profiles::default(),
            recorder,
            background,
            flights: Flights::new(),
            token: LeaseToken::unique(),
            space,
        }
    }

    pub(crate) fn profile(
        &self,
        scope: &Scope,
        model: &ModelIdentity,
        options: &EmbedOptions,
    ) -> KeyProfile {
        KeyProfile::embedding(
            Arc::clone(&self.space),
            scope,
            model,
            options,
            self.config.normalizer.map(|n| n.name()),
            (!self.config.vectors.is_exact()).then(|| self.config.vectors.name()),
            self.config.secret.as_ref(),
        )
    }

    /// What a token read by this model costs, in picodollars; zero when unknown.
    pub(crate) fn token_price(&self, model: &ModelIdentity) -> u64 {
        let names = [model.version.as_deref().unwrap_or_default(), &model.model];
        let price = self.config.prices.price(model.deployment.as_deref(), &names);
        price.map_or(0, |price| price.input)
    }

    /// The text that is hashed and embedded in place of this one.
    pub(crate) fn normalized<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.config.normalizer.map_or(Cow::Borrowed(text), |normalizer| normalizer.apply(text))
    }

    /// Says that a store operation failed and what became of it. The guard has said it louder, once:
    /// while a store is down, every call comes by here.
    fn store_failed(operation: &'static str, error: &CacheError) {
        tracing::debug!(
            operation,
            kind = error.kind().as_str(),
            %error,
            "the cache store failed; going on without it"
        );
    }

    /// Arranges that the counts are shared soon. Called after something was counted.
    pub(crate) fn share_later(&self) {
        if let Some(interval) = self.config.share_statistics_every
            && let Some(due) = self.recorder.due()
        {
            tokio::spawn(async move {
                tokio::time::sleep(interval).await;
                Self::shared(due.await);
            });
        }
    }

    fn shared(outcome: Result<(), CacheError>) {
        if let Err(error) = outcome {
            Self::store_failed("share statistics", &error);
        }
    }
}

impl Drop for Core {
    /// A last chance for counts that have not been shared: only where a runtime still runs.
    fn drop(&mut self) {
        if self.config.share_statistics_every.is_some()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
            && let Some(rest) = self.recorder.rest()
        {
            runtime.spawn(async move { Self::shared(rest.await) });
        }
    }
}
