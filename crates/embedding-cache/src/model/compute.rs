//! Vectors from the store, and where it has none from the provider or a closure.

use std::future::Future;

use cache_core::{BoxError, Embedding};

use super::ModelCache;
use crate::closures::{many, one};
use crate::engine::Compute;
use crate::{Error, Lookup, span};

const GET_OR_COMPUTE: &str = "get_or_compute";

impl ModelCache {
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
        let mut span = span::begin("embed", 1);
        if self.core.provider.is_some()
            && let Some(lookup) = span.in_scope(|| self.local_hit(text))
        {
            span.end(lookup.source.as_str());
            return Ok(lookup);
        }
        let texts = [text];
        let call = async { only(self.provided(&texts).await?) };
        span.follow(call, span::of_one).await
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
        span::begin("embed", texts.len()).follow(self.provided(&texts), span::of_all).await
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
        let mut span = span::begin(GET_OR_COMPUTE, 1);
        if let Some(lookup) = span.in_scope(|| self.local_hit(text)) {
            span.end(lookup.source.as_str());
            return Ok(lookup);
        }
        let call = async {
            let call = self.bound_for_closure().await?;
            only(self.core.detached(&call, &[text], Compute::Once(one(compute))).await)
        };
        span.follow(call, span::of_one).await
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
        let mut span = span::begin(GET_OR_COMPUTE, 1);
        if let Some(lookup) = span.in_scope(|| self.local_hit(text)) {
            span.end(lookup.source.as_str());
            return Ok(lookup);
        }
        let call = async {
            let call = self.bound_for_closure().await?;
            only(self.core.inline(&call, &[text], Compute::Once(one(compute))).await)
        };
        span.follow(call, span::of_one).await
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
        let call = async {
            match self.bound_for_closure().await {
                Ok(call) => self.core.detached(&call, &texts, Compute::Once(many(compute))).await,
                Err(error) => texts.iter().map(|_| Err(error.clone())).collect(),
            }
        };
        let outcome = |all: &Vec<_>| span::of_each(all);
        span::begin(GET_OR_COMPUTE, texts.len()).follow(call, outcome).await
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
        let call = async {
            let call = self.bound_for_closure().await?;
            Ok(self.core.inline(&call, &texts, Compute::Once(many(compute))).await)
        };
        all(span::begin(GET_OR_COMPUTE, texts.len()).follow(call, span::of_all).await?)
    }
}

fn only(results: Vec<Result<Lookup, Error>>) -> Result<Lookup, Error> {
    results.into_iter().next().unwrap_or(Err(Error::Aborted))
}

fn all(results: Vec<Result<Lookup, Error>>) -> Result<Vec<Embedding>, Error> {
    results.into_iter().map(|result| result.map(|lookup| lookup.embedding)).collect()
}
