//! An index that a test can break, and an embedder that thinks what a test tells it to.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cache_core::vector::{
    Filter, IndexInfo, IndexName, IndexSchema, Similarity, VectorCapabilities, VectorEntry,
    VectorId, VectorIndex, VectorMatch, VectorQuery,
};
use cache_core::{
    CacheError, EmbedOptions, EmbedResponse, Embedding, EmbeddingProvider, ErrorKind,
    ModelIdentity, Namespace, ProviderError,
};
use response_cache::semantic::index_schema;

/// Compares everything, as the contract wants it, unless a test breaks it.
#[derive(Debug)]
pub struct Shelf {
    name: IndexName,
    schema: IndexSchema,
    entries: Mutex<BTreeMap<VectorId, (VectorEntry, Instant)>>,
    /// Every call fails.
    pub fails: AtomicBool,
    /// Filters are forgotten: what a damaged index might do.
    pub ignores_filters: AtomicBool,
    pub searches: AtomicUsize,
}

impl Shelf {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            name: IndexName::new(Namespace::default(), "questions").unwrap(),
            schema: index_schema(2).unwrap(),
            entries: Mutex::default(),
            fails: AtomicBool::new(false),
            ignores_filters: AtomicBool::new(false),
            searches: AtomicUsize::new(0),
        })
    }

    pub fn len(&self) -> usize {
        self.entries.lock().unwrap().len()
    }

    fn check(&self) -> Result<(), CacheError> {
        let failure = || CacheError::new(ErrorKind::Other, "the test has broken the index");
        if self.fails.load(Ordering::SeqCst) { Err(failure()) } else { Ok(()) }
    }

    fn search(&self, query: &VectorQuery) -> Vec<VectorMatch> {
        let entries = self.entries.lock().unwrap();
        let open = self.ignores_filters.load(Ordering::SeqCst);
        let lives = |(entry, at): &&(VectorEntry, Instant)| {
            entry.ttl.as_duration().is_none_or(|ttl| at.elapsed() < ttl)
        };
        let passes = |entry: &VectorEntry| open || query.filter.passes(&entry.attributes);
        let found = entries.values().filter(lives).map(|(entry, _)| entry).filter(|e| passes(e));
        let mut found: Vec<_> = found.map(|entry| matched(entry, query)).collect();
        VectorMatch::sort(&mut found);
        found.truncate(query.most);
        found
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a cosine")]
fn matched(entry: &VectorEntry, query: &VectorQuery) -> VectorMatch {
    let cosine = entry.vector.cosine_similarity(&query.vector).unwrap();
    VectorMatch::new(entry.id.clone(), Similarity::rounded(cosine as f32))
}

#[async_trait]
impl VectorIndex for Shelf {
    fn name(&self) -> &IndexName {
        &self.name
    }

    fn schema(&self) -> &IndexSchema {
        &self.schema
    }

    fn vector_capabilities(&self) -> VectorCapabilities {
        VectorCapabilities::new()
    }

    async fn create(&self) -> Result<bool, CacheError> {
        self.check().map(|()| false)
    }

    async fn upsert_many(&self, entries: &[VectorEntry]) -> Result<(), CacheError> {
        self.check()?;
        self.schema.check_entries(entries)?;
        let entries =
            entries.iter().map(|entry| (entry.id.clone(), (entry.clone(), Instant::now())));
        self.entries.lock().unwrap().extend(entries);
        Ok(())
    }

    async fn remove_many(&self, ids: &[VectorId]) -> Result<Vec<bool>, CacheError> {
        self.check()?;
        let mut entries = self.entries.lock().unwrap();
        Ok(ids.iter().map(|id| entries.remove(id).is_some()).collect())
    }

    async fn search_many(
        &self,
        queries: &[VectorQuery],
    ) -> Result<Vec<Vec<VectorMatch>>, CacheError> {
        self.searches.fetch_add(1, Ordering::SeqCst);
        self.check()?;
        self.schema.check_queries(queries)?;
        Ok(queries.iter().map(|query| self.search(query)).collect())
    }

    async fn count(&self, filter: &Filter) -> Result<u64, CacheError> {
        self.check()?;
        let entries = self.entries.lock().unwrap();
        Ok(entries.values().filter(|(entry, _)| filter.passes(&entry.attributes)).count() as u64)
    }

    async fn drop_index(&self) -> Result<bool, CacheError> {
        self.entries.lock().unwrap().clear();
        Ok(true)
    }

    async fn info(&self) -> Result<Option<IndexInfo>, CacheError> {
        Ok(Some(IndexInfo::new(self.schema.clone(), self.len() as u64, 0)))
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
