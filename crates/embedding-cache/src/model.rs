//! The cache as one model and one kind of call see it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cache_core::{
    BoxError, CacheKey, EmbedOptions, Embedding, InvalidEmbedding, KeyExplanation, ModelIdentity,
    PutOptions, Scope, Ttl,
};

use crate::closures::{many, one};
use crate::engine::{Call, Compute, Core, NewEntry};
use crate::{Error, Lookup};

/// What a call does with the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Reads, computes what is missing, writes it.
    #[default]
    ReadWrite,
    /// Reads and computes what is missing, writes nothing. (Where another call of this process
    /// computes the same text at the same time, that call's mode decides.)
    ReadOnly,
    /// Computes everything anew and writes it.
    Refresh,
    /// Computes everything, and touches neither the store nor other calls' computations.
    Bypass,
}

/// The cache as one model sees it, with the options of its calls. Cheap to clone; keep one for a
/// model in frequent use.
///
/// It comes from [`EmbeddingCache::model`](crate::EmbeddingCache::model), for closures, or
/// [`EmbeddingCache::provider`](crate::EmbeddingCache::provider).
///
/// # Concurrent calls of the same text
///
/// For one text, one computation runs at a time: in this process always, and among all processes
/// that share the store as the cache's [`Coordination`](crate::Coordination) says. Every caller gets
/// its result, or its error; an error is not stored, and the next call computes again. A computation
/// runs in a task of its own and goes on when its caller goes away, except in the methods that end
/// in `_borrowed`.
#[derive(Debug, Clone)]
pub struct ModelCache {
    core: Arc<Core>,
    identity: ModelIdentity,
    scope: Scope,
    call: Call,
}

impl ModelCache {
    pub(crate) fn new(core: &Arc<Core>, identity: ModelIdentity) -> Self {
        let scope = core.config.scope.clone();
        let options = EmbedOptions::default();
        let profile = Arc::new(core.profile(&scope, &identity, &options));
        Self::with_profile(core, identity, profile)
    }

    pub(crate) fn with_profile(
        core: &Arc<Core>,
        identity: ModelIdentity,
        profile: Arc<cache_core::KeyProfile>,
    ) -> Self {
        let call = Call {
            profile,
            dimensions: identity.dimensions.map(|d| d as usize),
            embed: EmbedOptions::default(),
            ttl: None,
            mode: Mode::default(),
            max_age: None,
        };
        Self { core: Arc::clone(core), scope: core.config.scope.clone(), identity, call }
    }

    /// Entries of this scope in place of the cache's.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self.renew_profile()
    }

    /// Input kind and dimensions of the vectors. They are part of the key.
    #[must_use]
    pub fn with_options(mut self, options: EmbedOptions) -> Self {
        let dimensions = options.dimensions.or(self.identity.dimensions);
        self.call.dimensions = dimensions.map(|d| d as usize);
        self.call.embed = options;
        self.renew_profile()
    }

    /// TTL of what these calls write.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Ttl) -> Self {
        self.call.ttl = Some(ttl);
        self
    }

    /// What these calls do with the store.
    #[must_use]
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.call.mode = mode;
        self
    }

    /// These calls take entries of at most this age, whatever their TTL; older ones are computed
    /// anew.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.call.max_age = Some(max_age);
        self
    }

    fn renew_profile(mut self) -> Self {
        let profile = self.core.profile(&self.scope, &self.identity, &self.call.embed);
        self.call.profile = Arc::new(profile);
        self
    }

    /// The vector of a text, from the store or from the cache's provider.
    ///
    /// # Errors
    /// [`Error::NoProvider`], [`Error::EmptyText`], or what the provider says.
    pub async fn embed(&self, text: &str) -> Result<Embedding, Error> {
        self.look_up(text).await.map(|lookup| lookup.embedding)
    }

    /// As [`embed`](Self::embed), with the vector's story.
    ///
    /// # Errors
    /// As [`embed`](Self::embed).
    pub async fn look_up(&self, text: &str) -> Result<Lookup, Error> {
        let provider = self.own_provider()?;
        if let Some(lookup) = self.core.local_hit(&self.call, text) {
            return Ok(lookup);
        }
        only(self.core.detached(&self.call, &[text], provider).await)
    }

    /// The vectors of texts, in their order, from the store or from the cache's provider.
    ///
    /// The store is read in one round trip and written in one (one a second, when the provider
    /// takes longer). Each distinct missing text is computed once, split by the provider's limits.
    ///
    /// # Errors
    /// The first text's that has no vector; what was computed for the others is stored.
    pub async fn embed_batch<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Embedding>, Error> {
        all(self.embed_each(texts).await?)
    }

    /// As [`embed_batch`](Self::embed_batch), with a result and a story for each text.
    ///
    /// # Errors
    /// [`Error::NoProvider`].
    pub async fn embed_each<T: AsRef<str>>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Result<Lookup, Error>>, Error> {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        Ok(self.core.detached(&self.call, &texts, self.own_provider()?).await)
    }

    fn own_provider(&self) -> Result<Compute<'static>, Error> {
        self.core.provider.clone().map(Compute::Provider).ok_or(Error::NoProvider)
    }

    /// The vector of a text, from the store or computed by the closure, which is given the text.
    ///
    /// # Errors
    /// [`Error::EmptyText`], or [`Error::Provider`] with the closure's error as its source.
    pub async fn get_or_compute<F, Fut, E>(&self, text: &str, compute: F) -> Result<Lookup, Error>
    where
        F: FnOnce(String) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<f32>, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        if let Some(lookup) = self.core.local_hit(&self.call, text) {
            return Ok(lookup);
        }
        only(self.core.detached(&self.call, &[text], Compute::Once(one(compute))).await)
    }

    /// As [`get_or_compute`](Self::get_or_compute), for a closure that borrows from its
    /// surroundings. It runs within this call, rests while this future is not polled, and ends with
    /// it: when the future is dropped while others wait for its result, one of them computes in its
    /// place. A stale entry is refreshed before this returns.
    ///
    /// # Errors
    /// As [`get_or_compute`](Self::get_or_compute).
    pub async fn get_or_compute_borrowed<F, Fut, E>(
        &self,
        text: &str,
        compute: F,
    ) -> Result<Lookup, Error>
    where
        F: FnOnce(String) -> Fut + Send,
        Fut: Future<Output = Result<Vec<f32>, E>> + Send,
        E: Into<BoxError>,
    {
        if let Some(lookup) = self.core.local_hit(&self.call, text) {
            return Ok(lookup);
        }
        only(self.core.inline(&self.call, &[text], Compute::Once(one(compute))).await)
    }

    /// The vectors of texts, in their order, from the store or computed by the closure, which is
    /// called at most once, with the distinct missing texts in the order of their first
    /// occurrence, and must give one vector for each.
    ///
    /// # Errors
    /// The first text's that has no vector.
    pub async fn get_or_compute_batch<T, F, Fut, E>(
        &self,
        texts: &[T],
        compute: F,
    ) -> Result<Vec<Embedding>, Error>
    where
        T: AsRef<str>,
        F: FnOnce(Vec<String>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Vec<f32>>, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        all(self.get_or_compute_each(texts, compute).await)
    }

    /// As [`get_or_compute_batch`](Self::get_or_compute_batch), with a result and a story for each
    /// text.
    pub async fn get_or_compute_each<T, F, Fut, E>(
        &self,
        texts: &[T],
        compute: F,
    ) -> Vec<Result<Lookup, Error>>
    where
        T: AsRef<str>,
        F: FnOnce(Vec<String>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Vec<f32>>, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        self.core.detached(&self.call, &texts, Compute::Once(many(compute))).await
    }

    /// As [`get_or_compute_batch`](Self::get_or_compute_batch), for a closure that borrows; see
    /// [`get_or_compute_borrowed`](Self::get_or_compute_borrowed).
    ///
    /// # Errors
    /// As [`get_or_compute_batch`](Self::get_or_compute_batch).
    pub async fn get_or_compute_batch_borrowed<T, F, Fut, E>(
        &self,
        texts: &[T],
        compute: F,
    ) -> Result<Vec<Embedding>, Error>
    where
        T: AsRef<str>,
        F: FnOnce(Vec<String>) -> Fut + Send,
        Fut: Future<Output = Result<Vec<Vec<f32>>, E>> + Send,
        E: Into<BoxError>,
    {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        all(self.core.inline(&self.call, &texts, Compute::Once(many(compute))).await)
    }

    /// The stored vector of a text, if there is a fresh or stale one. Nothing is computed.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails, strict or not: the call is about the store.
    pub async fn get(&self, text: &str) -> Result<Option<Lookup>, Error> {
        Ok(self.get_batch(&[text]).await?.pop().flatten())
    }

    /// The stored vectors of texts, in their order. One round trip.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_batch<T: AsRef<str>>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Option<Lookup>>, Error> {
        self.core.peek(&self.call, &self.keys(texts)).await
    }

    /// Stores the vector of a text: a `Vec<f32>`, a slice or an [`Embedding`].
    ///
    /// # Errors
    /// [`Error::EmptyText`], [`Error::InvalidVector`], [`Error::WrongDimensions`] or
    /// [`Error::Store`].
    pub async fn put<V>(&self, text: &str, vector: V) -> Result<(), Error>
    where
        V: TryInto<Embedding>,
        InvalidEmbedding: From<V::Error>,
    {
        self.put_batch([(text, vector)]).await
    }

    /// Stores vectors of texts. One round trip; nothing is stored when one of them is unsound.
    ///
    /// # Errors
    /// As [`put`](Self::put), naming the first unsound vector by its index.
    pub async fn put_batch<T, V>(
        &self,
        entries: impl IntoIterator<Item = (T, V)>,
    ) -> Result<(), Error>
    where
        T: AsRef<str>,
        V: TryInto<Embedding>,
        InvalidEmbedding: From<V::Error>,
    {
        let entry = |(index, (text, vector)): (usize, (T, V))| {
            let text = self.core.normalized(text.as_ref());
            if text.is_empty() {
                return Err(Error::EmptyText(index));
            }
            let embedding: Embedding = vector.try_into().map_err(|error| Error::InvalidVector {
                index,
                source: InvalidEmbedding::from(error),
            })?;
            if self.call.dimensions.is_some_and(|d| d != embedding.dimensions()) {
                return Err(Error::WrongDimensions {
                    index,
                    expected: self.call.dimensions.unwrap_or_default(),
                    got: embedding.dimensions(),
                });
            }
            let key = self.call.profile.key(&text);
            Ok(NewEntry { meta: self.core.new_meta(&self.call, &key), key, embedding })
        };
        let entries: Result<Vec<_>, _> = entries.into_iter().enumerate().map(entry).collect();
        self.core.write(&self.call, &entries?, &PutOptions::default()).await?;
        self.core.share_later();
        Ok(())
    }

    /// Removes the stored vector of a text; says whether there was one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn remove(&self, text: &str) -> Result<bool, Error> {
        Ok(self.remove_batch(&[text]).await?.pop().unwrap_or(false))
    }

    /// Removes stored vectors. One round trip.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn remove_batch<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<bool>, Error> {
        Ok(self.core.backend.remove_many(&self.keys(texts)).await?)
    }

    /// Whether a vector of the text is stored. It is not read, so that one that does not verify
    /// counts.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn contains(&self, text: &str) -> Result<bool, Error> {
        Ok(self.contains_batch(&[text]).await?.pop().unwrap_or(false))
    }

    /// Whether vectors of the texts are stored. One round trip.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn contains_batch<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<bool>, Error> {
        Ok(self.core.backend.contains_many(&self.keys(texts)).await?)
    }

    /// The key of a text.
    #[must_use]
    pub fn key(&self, text: &str) -> CacheKey {
        self.call.profile.key(&self.core.normalized(text))
    }

    /// What makes the key of a text.
    #[must_use]
    pub fn explain(&self, text: &str) -> KeyExplanation {
        self.call.profile.explain(&self.core.normalized(text))
    }

    /// What the vectors depend on, apart from text and options.
    #[must_use]
    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn keys<T: AsRef<str>>(&self, texts: &[T]) -> Vec<CacheKey> {
        texts.iter().map(|text| self.key(text.as_ref())).collect()
    }
}

fn only(results: Vec<Result<Lookup, Error>>) -> Result<Lookup, Error> {
    results.into_iter().next().unwrap_or(Err(Error::Aborted))
}

fn all(results: Vec<Result<Lookup, Error>>) -> Result<Vec<Embedding>, Error> {
    results.into_iter().map(|result| result.map(|lookup| lookup.embedding)).collect()
}
