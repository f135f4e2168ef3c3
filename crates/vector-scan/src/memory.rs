//! Indexes in this process's memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use cache_core::vector::{
    Filter, IndexInfo, IndexName, IndexSchema, VectorCapabilities, VectorEntry, VectorId,
    VectorIndex, VectorMatch, VectorQuery, VectorRefusal, VectorStore,
};
use cache_core::{BackendInfo, CacheError, ErrorKind, Namespace};

use crate::guarded::{Guarded, off_runtime};
use crate::{APPROXIMATE_ABOVE, Scan, ScanEntry, SearchLimits, is_exact};

/// Vector indexes in this process's memory, gone with it. Clones share them.
///
/// Searches are exact. Where the schema asks for an approximate method, indexes of more than
/// [some entries](Self::with_approximate_above) are searched by a graph of neighbours. Small searches
/// are made at once; larger ones need a Tokio runtime, whose threads for blocking work they use.
#[derive(Debug, Clone)]
pub struct MemoryVectors {
    shared: Arc<Shared>,
    approximate_above: usize,
}

#[derive(Debug)]
struct Shared {
    max_bytes: u64,
    start: Instant,
    indexes: Mutex<BTreeMap<IndexName, Arc<Slot>>>,
}

/// An index that is there.
#[derive(Debug)]
struct Slot {
    schema: IndexSchema,
    scan: Arc<Guarded<Scan>>,
}

impl MemoryVectors {
    /// A store each of whose indexes takes at most so many bytes. An index that is full drops the
    /// entries that were written first. A graph takes what entries leave, about 0.4 of what they take.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        let (start, indexes) = (Instant::now(), Mutex::default());
        let shared = Arc::new(Shared { max_bytes, start, indexes });
        Self { shared, approximate_above: APPROXIMATE_ABOVE }
    }

    /// Sets the number of entries above which an index that this makes is searched by a
    /// [graph](Scan::with_approximate_above), if its schema asks for that. [`APPROXIMATE_ABOVE`] by
    /// default; [`usize::MAX`] is never.
    #[must_use]
    pub fn with_approximate_above(mut self, entries: usize) -> Self {
        self.approximate_above = entries;
        self
    }

    /// The index of this name, which is expected to have this schema.
    #[must_use]
    pub fn index(&self, name: &IndexName, schema: &IndexSchema) -> MemoryVectorIndex {
        let (shared, approximate_above) = (Arc::clone(&self.shared), self.approximate_above);
        MemoryVectorIndex { name: name.clone(), schema: schema.clone(), shared, approximate_above }
    }
}

#[async_trait]
impl VectorStore for MemoryVectors {
    fn vector_store_info(&self) -> BackendInfo {
        BackendInfo::new("memory", "")
    }

    fn open(&self, name: &IndexName, schema: &IndexSchema) -> Arc<dyn VectorIndex> {
        Arc::new(self.index(name, schema))
    }

    async fn indexes(&self, namespace: &Namespace) -> Result<Vec<IndexName>, CacheError> {
        let indexes = self.shared.indexes();
        Ok(indexes.keys().filter(|name| name.namespace() == namespace).cloned().collect())
    }
}

impl Shared {
    fn indexes(&self) -> MutexGuard<'_, BTreeMap<IndexName, Arc<Slot>>> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the store was made.
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// An index of a [`MemoryVectors`].
#[derive(Debug, Clone)]
pub struct MemoryVectorIndex {
    name: IndexName,
    schema: IndexSchema,
    shared: Arc<Shared>,
    approximate_above: usize,
}

impl MemoryVectorIndex {
    /// The index, if it is there. It must have the expected schema.
    fn find(&self) -> Result<Option<Arc<Slot>>, CacheError> {
        let slot = self.shared.indexes().get(&self.name).cloned();
        slot.map(|slot| self.accept(slot)).transpose()
    }

    /// The index, made if it was missing, and whether it was.
    fn provide(&self) -> Result<(Arc<Slot>, bool), CacheError> {
        let mut indexes = self.shared.indexes();
        if let Some(slot) = indexes.get(&self.name) {
            return Ok((self.accept(Arc::clone(slot))?, false));
        }
        let scan = Scan::new(&self.schema);
        let scan = scan.with_approximate_above(&self.schema, self.approximate_above);
        let scan = Arc::new(Guarded::new(scan));
        let slot = Arc::new(Slot { schema: self.schema.clone(), scan });
        indexes.insert(self.name.clone(), Arc::clone(&slot));
        Ok((slot, true))
    }

    fn accept(&self, slot: Arc<Slot>) -> Result<Arc<Slot>, CacheError> {
        if slot.schema == self.schema {
            Ok(slot)
        } else {
            Err(VectorRefusal::OtherSchema(self.name.clone()).into())
        }
    }

    /// An entry that is alone too large would have to evict itself.
    fn refuse_oversized(&self, entries: &[VectorEntry]) -> Result<(), CacheError> {
        let most = self.shared.max_bytes;
        if entries.iter().all(|entry| ScanEntry::written(entry, 0).bytes() <= most) {
            return Ok(());
        }
        let message =
            format!("an entry does not fit into an index of {most} bytes; raise its bound");
        Err(CacheError::new(ErrorKind::Full, message))
    }
}

#[async_trait]
impl VectorIndex for MemoryVectorIndex {
    fn name(&self) -> &IndexName {
        &self.name
    }

    fn schema(&self) -> &IndexSchema {
        &self.schema
    }

    fn vector_capabilities(&self) -> VectorCapabilities {
        VectorCapabilities::new().with_exact(is_exact(&self.schema, self.approximate_above))
    }

    async fn create(&self) -> Result<bool, CacheError> {
        self.schema.check_precision(false)?;
        Ok(self.provide()?.1)
    }

    async fn upsert_many(&self, entries: &[VectorEntry]) -> Result<(), CacheError> {
        self.schema.check_precision(false)?;
        self.schema.check_entries(entries)?;
        self.refuse_oversized(entries)?;
        let (slot, _) = self.provide()?;
        let bytes = entries.len() * self.schema.dimensions * size_of::<f32>();
        let (entries, shared) = (entries.to_vec(), Arc::clone(&self.shared));
        let write = move |scan: &mut Scan| {
            let now = shared.now();
            scan.expire(now);
            entries.iter().for_each(|entry| scan.upsert(&ScanEntry::written(entry, now)));
            scan.evict(shared.max_bytes);
        };
        slot.scan.write(|_| bytes, write).await
    }

    async fn remove_many(&self, ids: &[VectorId]) -> Result<Vec<bool>, CacheError> {
        let Some(slot) = self.find()? else { return Ok(vec![false; ids.len()]) };
        let bytes = ids.len() * self.schema.dimensions * size_of::<f32>();
        let (ids, now) = (ids.to_vec(), self.shared.now());
        let remove = move |scan: &mut Scan| ids.iter().map(|id| scan.remove(id, now)).collect();
        slot.scan.write(|_| bytes, remove).await
    }

    async fn search_many(
        &self,
        queries: &[VectorQuery],
    ) -> Result<Vec<Vec<VectorMatch>>, CacheError> {
        self.schema.check_queries(queries)?;
        let Some(slot) = self.find()? else { return Ok(vec![Vec::new(); queries.len()]) };
        let (passes, queries, shared) = (queries.len(), queries.to_vec(), Arc::clone(&self.shared));
        let limits = SearchLimits::new().with_bytes(shared.max_bytes);
        let search = move |scan: &Scan| scan.search(&queries, shared.now(), limits);
        slot.scan.read(move |scan| scan.bytes_of_vectors() * passes, search).await
    }

    async fn count(&self, filter: &Filter) -> Result<u64, CacheError> {
        filter.check(&self.schema)?;
        let Some(slot) = self.find()? else { return Ok(0) };
        let (filter, now) = (filter.clone(), self.shared.now());
        slot.scan.read(Scan::bytes_of_vectors, move |scan| scan.count(&filter, now)).await
    }

    async fn drop_index(&self) -> Result<bool, CacheError> {
        let dropped = self.shared.indexes().remove(&self.name);
        let Some(slot) = dropped else { return Ok(false) };
        // Giving back the memory of a large index takes time.
        let size = slot.scan.read(|_| 0, Scan::bytes_of_vectors).await?;
        off_runtime(size, move || drop(slot)).await?;
        Ok(true)
    }

    async fn info(&self) -> Result<Option<IndexInfo>, CacheError> {
        let Some(slot) = self.shared.indexes().get(&self.name).cloned() else { return Ok(None) };
        let (schema, now) = (slot.schema.clone(), self.shared.now());
        let info = move |scan: &Scan| {
            let entries = scan.count(&Filter::All, now);
            IndexInfo::new(schema, entries, scan.bytes()).with_graph(scan.graph_info())
        };
        Ok(Some(slot.scan.read(Scan::bytes_of_vectors, info).await?))
    }
}
