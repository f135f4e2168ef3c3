//! An index that a test can break, and an embedder that thinks what a test tells it to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache_core::vector::{
    Filter, IndexInfo, IndexName, IndexSchema, VectorCapabilities, VectorEntry, VectorId,
    VectorIndex, VectorMatch, VectorQuery,
};
use cache_core::{
    CacheError, ChatProvider, ChatRequest, ChatResponse, ChatStream, EmbedOptions, EmbedResponse,
    Embedding, EmbeddingProvider, ErrorKind, ModelIdentity, Namespace, ProviderError,
};
use response_cache::semantic::index_schema;
use vector_scan::{MemoryVectorIndex, MemoryVectors};

use super::Script;

/// An index in memory, unless a test breaks it.
#[derive(Debug)]
pub struct Shelf {
    index: MemoryVectorIndex,
    /// Every call fails.
    pub fails: AtomicBool,
    /// Filters are forgotten: what a damaged index might do.
    pub ignores_filters: AtomicBool,
    pub searches: AtomicUsize,
}

impl Shelf {
    pub fn new() -> Arc<Self> {
        let name = IndexName::new(Namespace::default(), "questions").unwrap();
        let index = MemoryVectors::new(1 << 20).index(&name, &index_schema(2).unwrap());
        Arc::new(Self {
            index,
            fails: AtomicBool::new(false),
            ignores_filters: AtomicBool::new(false),
            searches: AtomicUsize::new(0),
        })
    }

    pub async fn len(&self) -> u64 {
        self.index.count(&Filter::All).await.unwrap()
    }

    fn working(&self) -> Result<&MemoryVectorIndex, CacheError> {
        let failure = || CacheError::new(ErrorKind::Other, "the test has broken the index");
        if self.fails.load(Ordering::SeqCst) { Err(failure()) } else { Ok(&self.index) }
    }
}

#[async_trait]
impl VectorIndex for Shelf {
    fn name(&self) -> &IndexName {
        self.index.name()
    }

    fn schema(&self) -> &IndexSchema {
        self.index.schema()
    }

    fn vector_capabilities(&self) -> VectorCapabilities {
        self.index.vector_capabilities()
    }

    async fn create(&self) -> Result<bool, CacheError> {
        self.working()?.create().await
    }

    async fn upsert_many(&self, entries: &[VectorEntry]) -> Result<(), CacheError> {
        self.working()?.upsert_many(entries).await
    }

    async fn remove_many(&self, ids: &[VectorId]) -> Result<Vec<bool>, CacheError> {
        self.working()?.remove_many(ids).await
    }

    async fn search_many(
        &self,
        queries: &[VectorQuery],
    ) -> Result<Vec<Vec<VectorMatch>>, CacheError> {
        self.searches.fetch_add(1, Ordering::SeqCst);
        let mut queries = queries.to_vec();
        if self.ignores_filters.load(Ordering::SeqCst) {
            queries.iter_mut().for_each(|query| query.filter = Filter::All);
        }
        self.working()?.search_many(&queries).await
    }

    async fn count(&self, filter: &Filter) -> Result<u64, CacheError> {
        self.working()?.count(filter).await
    }

    async fn drop_index(&self) -> Result<bool, CacheError> {
        self.working()?.drop_index().await
    }

    async fn info(&self) -> Result<Option<IndexInfo>, CacheError> {
        self.working()?.info().await
    }
}

/// The same provider under the name of another model.
#[derive(Debug)]
pub struct Renamed(pub Arc<Script>);

#[async_trait]
impl ChatProvider for Renamed {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("script", "another")
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        self.0.complete(request).await
    }

    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        self.0.stream(request).await
    }
}

/// All texts mean the same, but for those that a test gives an angle.
#[derive(Debug, Default)]
pub struct Angles {
    angles: Mutex<HashMap<String, f32>>,
    pause: Mutex<Duration>,
    pub calls: AtomicUsize,
}

impl Angles {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// How similar the text is to all others.
    pub fn set(&self, text: &str, similarity: f32) {
        self.angles.lock().unwrap().insert(text.to_owned(), similarity.acos());
    }

    pub fn set_pause(&self, pause: Duration) {
        *self.pause.lock().unwrap() = pause;
    }
}

#[async_trait]
impl EmbeddingProvider for Angles {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("test", "angles").with_dimensions(2)
    }

    async fn embed(
        &self,
        inputs: &[&str],
        _: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let pause = *self.pause.lock().unwrap();
        tokio::time::sleep(pause).await;
        let angles = self.angles.lock().unwrap();
        let vector = |text: &&str| {
            let angle = angles.get(*text).copied().unwrap_or_default();
            Embedding::new(vec![angle.cos(), angle.sin()]).unwrap()
        };
        Ok(EmbedResponse::new(inputs.iter().map(vector).collect()))
    }
}
