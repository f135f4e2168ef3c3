//! An index in the file.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::vector::{
    Filter, GraphInfo, IndexInfo, IndexName, IndexSchema, VectorCapabilities, VectorEntry,
    VectorId, VectorIndex, VectorMatch, VectorQuery,
};
use cache_core::{CacheError, ErrorKind};
use vector_scan::{Scan, SearchLimits, is_exact};

use super::table::{Expected, Index};
use super::{change, row, table};
use crate::worker::Workers;
use crate::{bound, clock, namespace};

const FREED_AT_ONCE: usize = 1_000;

/// An index of [`EmbeddedVectors`](super::EmbeddedVectors).
#[derive(Debug)]
pub(super) struct EmbeddedIndex {
    pub(super) workers: Arc<Workers>,
    pub(super) expected: Arc<Expected>,
}

impl EmbeddedIndex {
    pub(super) fn new(workers: Arc<Workers>, name: &IndexName, schema: &IndexSchema) -> Self {
        Self { workers, expected: Arc::new(Expected::new(name, schema)) }
    }

    /// An entry that is alone too large would have to evict itself.
    fn refuse_oversized(&self, entries: &[VectorEntry]) -> Result<(), CacheError> {
        let most = bound::most_bytes_of_one(self.workers.shared().config.max_bytes);
        let fits = |entry| row::size_of(entry).unsigned_abs() <= most;
        if entries.iter().all(fits) {
            return Ok(());
        }
        let message = format!(
            "an entry is larger than the {most} bytes that the cache file {} can hold of one; raise \
             its bound",
            self.workers.shared().config.path.display()
        );
        Err(CacheError::new(ErrorKind::Full, message))
    }

    /// What this process has of a graph of the index that is there.
    async fn graph_info(&self, schema: &IndexSchema) -> Result<Option<GraphInfo>, CacheError> {
        let (shared, above) =
            (self.workers.shared(), self.workers.shared().config.approximate_above);
        if is_exact(schema, above) {
            return Ok(None);
        }
        match shared.mirrors.find(self.name()) {
            Some(mirror) => mirror.scan.read(|_| 0, Scan::graph_info).await,
            None => Ok(Some(GraphInfo::new(above as u64))),
        }
    }

    /// Frees the entries of dropped indexes. What is left when that fails is freed by whoever writes
    /// next.
    async fn free_dropped(&self) {
        let free = |sql: &_| {
            let freed = change::free_dropped(sql, FREED_AT_ONCE)?;
            namespace::shrink_file(sql, freed)?;
            Ok(freed)
        };
        while self.workers.write(free).await.is_ok_and(|freed| freed > 0) {}
    }
}

#[async_trait]
impl VectorIndex for EmbeddedIndex {
    fn name(&self) -> &IndexName {
        &self.expected.name
    }

    fn schema(&self) -> &IndexSchema {
        &self.expected.schema
    }

    fn vector_capabilities(&self) -> VectorCapabilities {
        let above = self.workers.shared().config.approximate_above;
        VectorCapabilities::new()
            .with_exact(is_exact(self.schema(), above))
            .with_shared(true)
            .with_persistent(true)
    }

    async fn create(&self) -> Result<bool, CacheError> {
        self.schema().check_precision(false)?;
        let expected = Arc::clone(&self.expected);
        let (_, made) = self.workers.write(move |sql| Index::provide(sql, &expected)).await??;
        Ok(made)
    }

    async fn upsert_many(&self, entries: &[VectorEntry]) -> Result<(), CacheError> {
        self.schema().check_precision(false)?;
        self.schema().check_entries(entries)?;
        self.refuse_oversized(entries)?;
        let (expected, entries) = (Arc::clone(&self.expected), entries.to_vec());
        let shared = Arc::clone(self.workers.shared());
        let write = move |sql: &_| change::upsert(sql, &expected, &entries, &shared);
        Ok(self.workers.write(write).await??)
    }

    async fn remove_many(&self, ids: &[VectorId]) -> Result<Vec<bool>, CacheError> {
        let (expected, ids) = (Arc::clone(&self.expected), ids.to_vec());
        Ok(self.workers.write(move |sql| change::remove(sql, &expected, &ids)).await??)
    }

    async fn search_many(
        &self,
        queries: &[VectorQuery],
    ) -> Result<Vec<Vec<VectorMatch>>, CacheError> {
        self.schema().check_queries(queries)?;
        let most: Vec<_> = queries.iter().map(|query| query.most).collect();
        let queries: Arc<[VectorQuery]> = queries.into();
        let (shared, name) = (Arc::clone(self.workers.shared()), self.expected.name.clone());
        let search = move |scan: &Scan| {
            let limits = SearchLimits::new().with_bytes(shared.mirrors.room_for(&name));
            scan.search(&queries, now(), limits)
        };
        let join = |one, other| best_of_both(one, other, &most);
        let found = self.ask(most.len(), search, join).await?;
        Ok(found.unwrap_or_else(|| vec![Vec::new(); most.len()]))
    }

    async fn count(&self, filter: &Filter) -> Result<u64, CacheError> {
        filter.check(self.schema())?;
        let filter = filter.clone();
        let count = self.ask(1, move |scan| scan.count(&filter, now()), |one, other| one + other);
        Ok(count.await?.unwrap_or(0))
    }

    async fn drop_index(&self) -> Result<bool, CacheError> {
        let expected = Arc::clone(&self.expected);
        let dropped = self.workers.write(move |sql| table::drop_index(sql, &expected)).await?;
        if dropped {
            self.workers.shared().mirrors.forget(self.name()).await?;
            self.free_dropped().await;
        }
        Ok(dropped)
    }

    async fn info(&self) -> Result<Option<IndexInfo>, CacheError> {
        let expected = Arc::clone(&self.expected);
        let read = move |sql: &_| {
            let Some(index) = Index::find(sql, &expected)? else { return Ok(None) };
            let (entries, bytes) = index.count(sql)?;
            Ok(Some((index.schema, entries, bytes)))
        };
        let Some((schema, entries, bytes)) = self.workers.read(read).await? else {
            return Ok(None);
        };
        let Some(schema) = IndexSchema::parse(&schema) else {
            let message = format!(
                "the schema of the index {} cannot be read: it was written by a newer version, or is \
                 damaged; drop the index if no other program needs it",
                self.name()
            );
            return Err(CacheError::new(ErrorKind::Corrupt, message));
        };
        let graph = self.graph_info(&schema).await?;
        Ok(Some(IndexInfo::new(schema, entries, bytes).with_graph(graph)))
    }
}

/// By what entries end: milliseconds since 1970.
fn now() -> u64 {
    clock::millis().unsigned_abs()
}

/// Of two parts of an index, what each query's matches are in both.
fn best_of_both(
    one: Vec<Vec<VectorMatch>>,
    other: Vec<Vec<VectorMatch>>,
    most: &[usize],
) -> Vec<Vec<VectorMatch>> {
    let both = one.into_iter().zip(other).zip(most).map(|((mut found, others), most)| {
        found.extend(others);
        VectorMatch::sort(&mut found);
        found.truncate(*most);
        found
    });
    both.collect()
}
