//! The stored entries themselves: nothing is computed.

use cache_core::trace::OK;
use cache_core::{CacheKey, Embedding, InvalidEmbedding, PutOptions, Ttl};

use super::ModelCache;
use crate::engine::{Call, NewEntry};
use crate::{Error, Lookup, Source, span};

impl ModelCache {
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
        let call = async {
            match self.bound().await? {
                Some(call) => self.core.peek(&call, &self.keys(&call, texts)).await,
                None => Ok(texts.iter().map(|_| None).collect()),
            }
        };
        span::begin("get", texts.len()).follow(call, span::of_found).await
    }

    /// Stores the vector of a text: a `Vec<f32>`, a slice or an [`Embedding`].
    ///
    /// # Errors
    /// [`Error::EmptyText`], [`Error::InvalidVector`], [`Error::WrongDimensions`],
    /// [`Error::UnknownModel`] or [`Error::Store`].
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
        let entries = entries.into_iter().map(|(text, vector)| (text, vector, None));
        self.put_all(entries.collect()).await
    }

    /// As [`put_batch`](Self::put_batch), with a TTL for each in place of these calls' own: for vectors
    /// that come from elsewhere with a life of their own. Jitter and stale windows apply as ever.
    ///
    /// # Errors
    /// As [`put_batch`](Self::put_batch).
    pub async fn put_batch_with_ttls<T, V>(
        &self,
        entries: impl IntoIterator<Item = (T, V, Ttl)>,
    ) -> Result<(), Error>
    where
        T: AsRef<str>,
        V: TryInto<Embedding>,
        InvalidEmbedding: From<V::Error>,
    {
        let entries = entries.into_iter().map(|(text, vector, ttl)| (text, vector, Some(ttl)));
        self.put_all(entries.collect()).await
    }

    async fn put_all<T, V>(&self, entries: Vec<(T, V, Option<Ttl>)>) -> Result<(), Error>
    where
        T: AsRef<str>,
        V: TryInto<Embedding>,
        InvalidEmbedding: From<V::Error>,
    {
        let span = span::begin("put", entries.len());
        span.follow(self.check_and_write(entries), span::done).await
    }

    async fn check_and_write<T, V>(&self, entries: Vec<(T, V, Option<Ttl>)>) -> Result<(), Error>
    where
        T: AsRef<str>,
        V: TryInto<Embedding>,
        InvalidEmbedding: From<V::Error>,
    {
        let call = self.bound().await?.ok_or(Error::UnknownModel)?;
        let entry = |(index, (text, vector, ttl)): (usize, (T, V, Option<Ttl>))| {
            let text = self.core.normalized(text.as_ref());
            if text.is_empty() {
                return Err(Error::EmptyText(index));
            }
            let embedding: Embedding = vector.try_into().map_err(|error| Error::InvalidVector {
                index,
                source: InvalidEmbedding::from(error),
            })?;
            if call.dimensions.is_some_and(|d| d != embedding.dimensions()) {
                return Err(Error::WrongDimensions {
                    index,
                    expected: call.dimensions.unwrap_or_default(),
                    got: embedding.dimensions(),
                });
            }
            let key = call.profile.key(&text);
            Ok(NewEntry { meta: self.core.new_meta(&call, ttl, &key), key, embedding, ttl })
        };
        let entries: Result<Vec<_>, _> = entries.into_iter().enumerate().map(entry).collect();
        self.core.write(&call, &entries?, &PutOptions::default()).await?;
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
        let call = async {
            match self.bound().await? {
                Some(call) => Ok(self.core.backend.remove_many(&self.keys(&call, texts)).await?),
                None => Ok(vec![false; texts.len()]),
            }
        };
        span::begin("remove", texts.len()).follow(call, span::of_there(OK)).await
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
        let call = async {
            match self.bound().await? {
                Some(call) => Ok(self.core.backend.contains_many(&self.keys(&call, texts)).await?),
                None => Ok(vec![false; texts.len()]),
            }
        };
        let hit = Source::Hit.as_str();
        span::begin("contains", texts.len()).follow(call, span::of_there(hit)).await
    }

    fn keys<T: AsRef<str>>(&self, call: &Call, texts: &[T]) -> Vec<CacheKey> {
        let key = |text: &T| call.profile.key(&self.core.normalized(text.as_ref()));
        texts.iter().map(key).collect()
    }
}
