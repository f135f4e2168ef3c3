//! The cache itself.

use std::sync::Arc;

use cache_core::trace::of_store;
use cache_core::{
    BackendStatus, CacheBackend, CacheBackendExt, CacheError, CacheKey, ChatProvider, ChatRequest,
    Namespace, Usage,
};
use cache_guard::{Guarded, GuardedBackend};

use crate::builder::{Builder, Config};
use crate::engine::{Core, Want};
use crate::semantic::SemanticHit;
use crate::{Answer, AnswerStream, CallOptions, Error, Explanation, Group, Statistics, span};

/// A cache of a chat model's answers over any [`CacheBackend`] and [`ChatProvider`]. Cloning gives
/// another handle of the same cache.
///
/// It is a [`ChatProvider`] itself, and can stand wherever one is wanted. The methods here take the
/// options of each call and say where the answer came from.
#[derive(Debug, Clone)]
pub struct ResponseCache {
    pub(crate) core: Arc<Core>,
    /// Of calls that bring none.
    pub(crate) options: CallOptions,
    guard: Option<GuardedBackend>,
}

impl ResponseCache {
    /// Starts to set up a cache of this provider's answers in this store.
    pub fn builder(backend: Arc<dyn CacheBackend>, provider: Arc<dyn ChatProvider>) -> Builder {
        Builder::new(backend, provider)
    }

    pub(crate) fn from_parts(
        store: Guarded,
        provider: Arc<dyn ChatProvider>,
        config: Config,
    ) -> Self {
        let core = Arc::new(Core::new(store.backend, provider, config));
        Self { core, options: CallOptions::default(), guard: store.guard }
    }

    /// A handle whose calls as a [`ChatProvider`] have these options: for one tenant, with tags, …
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { options, ..self.clone() }
    }

    /// The whole answer to a request: from the store, from a call of the provider that is under way,
    /// or from the provider. An answer that was recorded as a stream serves as well.
    ///
    /// Dropping the future leaves the provider's call to [`OnAbandon`](crate::OnAbandon).
    ///
    /// # Errors
    /// When the provider fails; in [strict](Builder::strict) mode also when the store does.
    pub async fn complete_with(
        &self,
        request: &ChatRequest,
        options: &CallOptions,
    ) -> Result<Answer, Error> {
        let call = self.core.complete(self.core.call(request, options, Want::Whole), request);
        span::about("complete", request).follow(call, span::of_answer).await
    }

    /// The answer to a request in chunks. On a miss they pass as they come and are recorded; on a
    /// hit the recorded ones are replayed, or a whole answer is split. Who asks while the provider
    /// streams sees the stream from its beginning.
    ///
    /// Chunks wait in memory for a caller that is slow to take them. Dropping the stream leaves the
    /// provider's call to [`OnAbandon`](crate::OnAbandon).
    ///
    /// # Errors
    /// When the provider fails before the first chunk, and in [strict](Builder::strict) mode when
    /// the store does. Later failures are the stream's last item.
    pub async fn stream_with(
        &self,
        request: &ChatRequest,
        options: &CallOptions,
    ) -> Result<AnswerStream, Error> {
        let call = self.core.stream(self.core.call(request, options, Want::Stream), request);
        span::about("stream", request).follow(call, span::of_stream).await
    }

    /// The stored answer, if there is one that would be given. The provider is not asked.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn get(
        &self,
        request: &ChatRequest,
        options: &CallOptions,
    ) -> Result<Option<Answer>, Error> {
        let call = self.core.call(request, options, Want::Whole);
        span::about("get", request).follow(self.core.peek(&call), span::of_found).await
    }

    /// Removes what is stored for a request, all variants that the options count; says whether there
    /// was anything. A call of the provider that is under way may store its answer afterwards.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn remove(
        &self,
        request: &ChatRequest,
        options: &CallOptions,
    ) -> Result<bool, Error> {
        let call = self.core.call(request, options, Want::Whole);
        let remove =
            async { Ok(self.core.backend.remove_many(call.slots()).await?.contains(&true)) };
        span::about("remove", request).follow(remove, span::of_there).await
    }

    /// Makes the entries of a group invisible at once, to all processes, in one round trip however
    /// many they are; also those that the provider is being asked for now. Their space comes back as
    /// they expire.
    ///
    /// An entry with a tag may be given by another process for as long as
    /// [`Builder::trust_tags_for`] says, where the call does not name the tag itself.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails: nothing is invalidated then, or it is unknown.
    pub async fn invalidate(&self, group: &Group) -> Result<(), Error> {
        span::of_cache("invalidate").follow(self.core.invalidate(group), span::done).await
    }

    /// Says that a semantic answer was wrong. The answer is not given to that question again, in any
    /// process, for a year; and the threshold rises to just above the similarity of the pair, by at
    /// most 0.01 for each mark, for all requests of the namespace, until 30 days after the last mark.
    /// Two round trips. Does nothing in a cache without a [semantic stage](Builder::semantic).
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn mark_wrong(&self, hit: &SemanticHit) -> Result<(), Error> {
        span::of_cache("mark_wrong").follow(self.core.mark_wrong(hit), span::done).await
    }

    /// The key of a request.
    #[must_use]
    pub fn key(&self, request: &ChatRequest, options: &CallOptions) -> CacheKey {
        self.core.call(request, options, Want::Whole).key().clone()
    }

    /// What makes the key of a request, without its text. Two explanations tell
    /// [where two requests differ](Explanation::differences).
    #[must_use]
    pub fn explain(&self, request: &ChatRequest, options: &CallOptions) -> Explanation {
        self.core.explain(request, options)
    }

    /// What this cache has done in this process.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.core.recorder.snapshot()
    }

    /// What all processes have done on the store; `None` when the store has no counters.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn shared_statistics(&self) -> Result<Option<Statistics>, CacheError> {
        let call = async {
            self.core.recorder.share().await?;
            Statistics::shared(&*self.core.backend, self.namespace()).await
        };
        span::of_cache("shared_statistics").follow(call, of_store).await
    }

    /// Entries and bytes of the namespace, whatever they are. Not for hot paths.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn usage(&self) -> Result<Usage, CacheError> {
        let call = self.core.backend.usage(self.namespace());
        span::of_cache("usage").follow(call, of_store).await
    }

    /// How the store is.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn status(&self) -> Result<BackendStatus, CacheError> {
        span::of_cache("status").follow(self.core.backend.status(), of_store).await
    }

    /// Removes everything of the namespace, other services' entries included; says how many there
    /// were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clear(&self) -> Result<u64, CacheError> {
        let call = self.core.backend.clear_all(self.namespace());
        let removed = span::of_cache("clear").follow(call, of_store).await;
        self.core.forget_model();
        removed
    }

    /// Waits for answers that are still being recorded and for writes that the store has queued, and
    /// shares the statistics. Call it before the program ends.
    ///
    /// # Errors
    /// When queued writes were lost or take too long, or the statistics could not be shared.
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

    /// The application's part of the store.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.core.config.namespace
    }
}
