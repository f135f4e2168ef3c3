//! The cache in one line.

use std::future::Future;

use cache_core::Ttl;
use embedding_cache::Builder;

use crate::{CacheStats, Error, Settings, builder, open_backend, open_url};

/// An embedding cache for the first steps: one line to open it, closures to fill it, plain
/// `Vec<f32>` out of it.
///
/// It is a thin handle of [`embedding_cache::EmbeddingCache`]; [`inner`](Self::inner) gives that
/// one, with everything it can do. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct EmbeddingCache {
    inner: embedding_cache::EmbeddingCache,
}

impl EmbeddingCache {
    /// Opens the store at this address (`redis://…`, or [another kind](open_url)); entries are
    /// fresh for `ttl_seconds`.
    ///
    /// # Errors
    /// When the store cannot be reached, or the TTL is zero.
    pub async fn new(url: &str, ttl_seconds: u64) -> Result<Self, Error> {
        let ttl = Ttl::seconds(ttl_seconds)?;
        let backend = open_url(url).await?;
        Self::from_builder(embedding_cache::EmbeddingCache::builder(backend).ttl(ttl))
    }

    /// Opens the store that the settings choose.
    ///
    /// # Errors
    /// When a setting makes no sense or the store cannot be opened.
    pub async fn from_settings(settings: &Settings) -> Result<Self, Error> {
        let opened = open_backend(settings).await?;
        Self::from_builder(builder(settings, opened.backend)?)
    }

    /// Takes a cache that is set up otherwise.
    ///
    /// # Errors
    /// When its settings contradict each other.
    pub fn from_builder(builder: Builder) -> Result<Self, Error> {
        Ok(Self { inner: builder.build()? })
    }

    /// The vector of a text by a model: from the cache, or computed by the closure, which is given
    /// the text, and then stored.
    ///
    /// # Concurrent calls of the same text
    /// One of them computes, and all get its result or its error. The closure may borrow from its
    /// surroundings; so it runs within this call and ends with it. When the call is dropped while
    /// others wait, one of these computes in its place. (With a closure that borrows nothing,
    /// [`embedding_cache::EmbeddingCache::get_or_compute`] goes on without its caller.)
    ///
    /// # Errors
    /// When the text is empty or the closure fails; the closure's error is the source. A failing
    /// store is no error: the closure computes.
    pub async fn get_or_compute<F, Fut>(
        &self,
        text: &str,
        model: &str,
        compute: F,
    ) -> Result<Vec<f32>, Error>
    where
        F: FnOnce(String) -> Fut + Send,
        Fut: Future<Output = anyhow::Result<Vec<f32>>> + Send,
    {
        let model = self.inner.model(model);
        let lookup = model.get_or_compute_borrowed(text, compute).await?;
        Ok(lookup.embedding.into())
    }

    /// The vectors of texts by a model, in their order. The closure is given the distinct texts
    /// that are missing, and gives one vector for each. One round trip to the store for the reads,
    /// one for the writes.
    ///
    /// # Errors
    /// As [`get_or_compute`](Self::get_or_compute); when the closure gives another number of
    /// vectors than texts, or vectors of different dimensions, nothing is stored.
    pub async fn get_or_compute_batch<T, F, Fut>(
        &self,
        texts: &[T],
        model: &str,
        compute: F,
    ) -> Result<Vec<Vec<f32>>, Error>
    where
        T: AsRef<str>,
        F: FnOnce(Vec<String>) -> Fut + Send,
        Fut: Future<Output = anyhow::Result<Vec<Vec<f32>>>> + Send,
    {
        let model = self.inner.model(model);
        let vectors = model.get_or_compute_batch_borrowed(texts, compute).await?;
        Ok(vectors.into_iter().map(Into::into).collect())
    }

    /// The cached vector of a text by a model. Nothing is computed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get(&self, text: &str, model: &str) -> Result<Option<Vec<f32>>, Error> {
        let lookup = self.inner.model(model).get(text).await?;
        Ok(lookup.map(|lookup| lookup.embedding.into()))
    }

    /// Caches the vector of a text by a model.
    ///
    /// # Errors
    /// When the text is empty, the vector unsound, or the store fails.
    pub async fn put(&self, text: &str, model: &str, vector: Vec<f32>) -> Result<(), Error> {
        Ok(self.inner.model(model).put(text, vector).await?)
    }

    /// Removes the vector of a text by a model; says whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(&self, text: &str, model: &str) -> Result<bool, Error> {
        Ok(self.inner.model(model).remove(text).await?)
    }

    /// Removes all entries of the namespace; says how many there were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clear(&self) -> Result<u64, Error> {
        Ok(self.inner.clear().await?)
    }

    /// How the cache is doing. A store that does not answer counts as empty;
    /// [`embedding_cache::EmbeddingCache::usage`] says why it does not.
    pub async fn get_stats(&self) -> CacheStats {
        let total_keys = match self.inner.usage().await {
            Ok(usage) => usage.entries,
            Err(error) => {
                tracing::warn!(%error, "the store did not say how many entries it has");
                0
            }
        };
        CacheStats::new(self.inner.statistics(), total_keys)
    }

    /// The cache underneath, with everything it can do.
    #[must_use]
    pub fn inner(&self) -> &embedding_cache::EmbeddingCache {
        &self.inner
    }
}
