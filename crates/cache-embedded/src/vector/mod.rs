//! Vector indexes in the file.

mod ask;
mod change;
mod index;
mod mirror;
mod read;
mod row;
mod table;

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::vector::{IndexName, IndexSchema, VectorIndex, VectorRefusal, VectorStore};
use cache_core::{BackendInfo, CacheError, Namespace};

use crate::worker::Workers;
use index::EmbeddedIndex;

pub(crate) use change::evict;
pub(crate) use mirror::Mirrors;
pub(crate) use read::{Inspection, inspect};
pub(crate) use table::total_bytes;

/// What a transaction found: a result, or why the index is left as it is. Whoever refuses has written
/// nothing yet.
type Decided<T> = rusqlite::Result<Result<T, VectorRefusal>>;

/// Vector indexes in the file of an [`EmbeddedBackend`](crate::EmbeddedBackend), for all processes
/// that use it. Clones and indexes share the backend's threads and keep the file open.
///
/// # Searching
/// A process keeps a mirror of each index that it searches in memory. Every search looks into the
/// file for what has changed since, reads that, and then compares with every vector of the mirror:
/// what any process has written before is found, and nothing is missed. Where the schema asks for an
/// approximate method, mirrors of more than
/// [some entries](crate::EmbeddedConfig::approximate_above) are searched by a graph of neighbours
/// instead. It is in memory only: each process builds its own in the background while it searches, if
/// mirrors leave room.
///
/// Mirrors of all indexes together take at most
/// [`vector_memory_bytes`](crate::EmbeddedConfig::vector_memory_bytes); those that were searched least
/// recently go. An index that is larger than that is read from the file for every search, a
/// megabyte at a time: slower, and as exact.
///
/// The first search of an index reads it as a whole. Large searches need a Tokio runtime, whose threads
/// for blocking work they use.
///
/// # Bound
/// Vectors share the [bound](crate::EmbeddedConfig::max_bytes) of the file with the cache's entries,
/// each counted as what it takes in a mirror, which is a little more than in the file. When the bound
/// is reached and vectors take more than half of it, those written first go, of whatever index; else
/// entries do. Clearing the cache leaves indexes alone.
///
/// # Expiry
/// By the machine's wall clock, to the millisecond. Writes free the space of what has expired, up to
/// 200 entries each.
///
/// # Damage
/// Every row has a checksum. One that does not verify is skipped, logged and
/// [counted](Self::damaged_rows), and replaced when its entry is written again.
#[derive(Debug, Clone)]
pub struct EmbeddedVectors {
    workers: Arc<Workers>,
}

impl EmbeddedVectors {
    pub(crate) fn new(workers: Arc<Workers>) -> Self {
        Self { workers }
    }

    /// Damaged rows that were met through this backend since it was opened, each as often as it was
    /// read.
    #[must_use]
    pub fn damaged_rows(&self) -> u64 {
        self.workers.shared().mirrors.damaged_rows()
    }
}

#[async_trait]
impl VectorStore for EmbeddedVectors {
    fn vector_store_info(&self) -> BackendInfo {
        BackendInfo::new("embedded", self.workers.shared().config.path.display().to_string())
    }

    fn open(&self, name: &IndexName, schema: &IndexSchema) -> Arc<dyn VectorIndex> {
        Arc::new(EmbeddedIndex::new(Arc::clone(&self.workers), name, schema))
    }

    async fn indexes(&self, namespace: &Namespace) -> Result<Vec<IndexName>, CacheError> {
        let namespace = namespace.clone();
        self.workers.read(move |sql| table::list(sql, &namespace)).await
    }
}
