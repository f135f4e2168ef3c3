//! The cache itself.

use std::future::Future;
use std::sync::Arc;

use cache_core::trace::of_store;
use cache_core::{
    BackendStatus, BoxError, CacheBackend, CacheBackendExt, CacheError, EmbedOptions, Embedding,
    EmbeddingProvider, ModelIdentity, Namespace, Usage,
};
use cache_guard::{Guarded, GuardedBackend};

use crate::builder::{Builder, Config};
use crate::engine::Core;
use crate::{Error, ModelCache, Statistics, span};

/// A cache of embedding vectors over any [`CacheBackend`]. Cloning gives another handle of the same
/// cache.
///
/// The methods here have default options; [`model`](Self::model) and [`provider`](Self::provider)
/// give handles with scope, TTL, mode, maximum age and embedding options of their own, and with the
/// rest of the operations. How concurrent calls find together is told at [`ModelCache`].
#[derive(Debug, Clone)]
pub struct EmbeddingCache {
    core: Arc<Core>,
    provider: Option<ModelCache>,
    guard: Option<GuardedBackend>,
}

/// The provider's name in the keys of vectors that closures compute.
const CLOSURE: &str = "closure";

impl EmbeddingCache {
    /// Starts to set up a cache over this store.
    pub fn builder(backend: Arc<dyn CacheBackend>) -> Builder {
        Builder::new(backend)
    }

    pub(crate) fn from_parts(
        store: Guarded,
        provider: Option<Arc<dyn EmbeddingProvider>>,
        config: Config,
    ) -> Self {
        let identity = provider.as_ref().map(|provider| provider.identity());
        let core = Arc::new(Core::new(store.backend, provider, config));
        let provider = identity.map(|identity| ModelCache::new(&core, identity));
        Self { core, provider, guard: store.guard }
    }

    /// The cache as the model of this name sees it, for calls that bring closures. The name stands
    /// for everything that changes the vectors: put version and dimensions into it, or use
    /// [`model_of`](Self::model_of).
    #[must_use]
    pub fn model(&self, name: &str) -> ModelCache {
        let identity = ModelIdentity::new(CLOSURE, name);
        let profile = self.core.profiles.get_or_insert(name, || {
            self.core.profile(&self.core.config.scope, &identity, &EmbedOptions::default())
        });
        ModelCache::with_profile(&self.core, identity, profile)
    }

    /// The cache as the model of this identity sees it.
    #[must_use]
    pub fn model_of(&self, identity: ModelIdentity) -> ModelCache {
        ModelCache::new(&self.core, identity)
    }

    /// The cache as its provider sees it.
    ///
    /// # Errors
    /// [`Error::NoProvider`] when it was built without one.
    pub fn provider(&self) -> Result<&ModelCache, Error> {
        self.provider.as_ref().ok_or(Error::NoProvider)
    }

    /// The vector of a text, from the store or from the provider. See [`ModelCache::embed`].
    ///
    /// # Errors
    /// As [`ModelCache::embed`].
    pub async fn embed(&self, text: &str) -> Result<Embedding, Error> {
        self.provider()?.embed(text).await
    }

    /// The vectors of texts, in their order. See [`ModelCache::embed_batch`].
    ///
    /// # Errors
    /// As [`ModelCache::embed_batch`].
    pub async fn embed_batch<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Embedding>, Error> {
        self.provider()?.embed_batch(texts).await
    }

    /// The vector of a text by the model of this name, from the store or computed by the closure.
    /// See [`ModelCache::get_or_compute`].
    ///
    /// # Errors
    /// As [`ModelCache::get_or_compute`].
    pub async fn get_or_compute<F, Fut, E>(
        &self,
        text: &str,
        model: &str,
        compute: F,
    ) -> Result<Embedding, Error>
    where
        F: FnOnce(String) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<f32>, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.model(model).get_or_compute(text, compute).await.map(|lookup| lookup.embedding)
    }

    /// The vectors of texts by the model of this name, in their order, from the store or computed
    /// by the closure. See [`ModelCache::get_or_compute_batch`].
    ///
    /// # Errors
    /// As [`ModelCache::get_or_compute_batch`].
    pub async fn get_or_compute_batch<T, F, Fut, E>(
        &self,
        texts: &[T],
        model: &str,
        compute: F,
    ) -> Result<Vec<Embedding>, Error>
    where
        T: AsRef<str>,
        F: FnOnce(Vec<String>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Vec<f32>>, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.model(model).get_or_compute_batch(texts, compute).await
    }

    /// What this cache has done in this process.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.core.recorder.snapshot()
    }

    /// What all caches of the namespace have done on this store, this one included; `None` where
    /// the store keeps no counters. Others' counts are as recent as their
    /// [interval](Builder::share_statistics_every).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn shared_statistics(&self) -> Result<Option<Statistics>, CacheError> {
        let call = async {
            let Some(counters) = self.core.backend.counters() else { return Ok(None) };
            self.core.recorder.share().await?;
            let counters = counters.read_counters(self.namespace()).await?;
            Ok(Some(Statistics::from_counters(&counters)))
        };
        span::of_cache("shared_statistics").follow(call, of_store).await
    }

    /// How many entries the namespace has and what they take, a record of which model answers
    /// included. Not for hot paths.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn usage(&self) -> Result<Usage, CacheError> {
        span::of_cache("usage").follow(self.core.backend.usage(self.namespace()), of_store).await
    }

    /// How the store is.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn status(&self) -> Result<BackendStatus, CacheError> {
        span::of_cache("status").follow(self.core.backend.status(), of_store).await
    }

    /// Removes every entry of the namespace, its counters included; says how many entries went.
    ///
    /// # Errors
    /// When the store fails; what was removed until then stays removed.
    pub async fn clear(&self) -> Result<u64, CacheError> {
        let call = self.core.backend.clear_all(self.namespace());
        span::of_cache("clear").follow(call, of_store).await
    }

    /// Waits for background work (computations whose caller went away, refreshes, touches) and for
    /// writes that the store has queued, and shares all counts. To be called before a program ends.
    ///
    /// # Errors
    /// When queued writes were lost or take too long, or the counts cannot be shared; these are kept
    /// for another try.
    pub async fn flush(&self) -> Result<(), CacheError> {
        let call = async {
            self.core.background.wait().await;
            let written = self.core.backend.flush().await;
            self.core.recorder.share().await?;
            written
        };
        span::of_cache("flush").follow(call, of_store).await
    }

    /// The guard in front of the store, for its state and its counts; `None` when the cache was
    /// given a store with a guard of its own, or [none was wanted](Builder::unguarded).
    #[must_use]
    pub fn guard(&self) -> Option<&GuardedBackend> {
        self.guard.as_ref()
    }

    /// The store.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn CacheBackend> {
        &self.core.backend
    }

    /// The application's part of the store.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.core.config.namespace
    }
}
