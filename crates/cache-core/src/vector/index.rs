//! The traits: an index, and the store that has it.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Filter, IndexInfo, IndexName, IndexSchema, VectorCapabilities, VectorEntry, VectorId,
    VectorMatch, VectorQuery, VectorRefusal,
};
use crate::backend::BackendInfo;
use crate::{CacheError, Namespace};

/// Vectors with attributes, found by cosine similarity. One object is one index: its name, and the
/// schema that its user expects.
///
/// # Contract
/// * **An index that is not there is an empty one.** It holds nothing, finds nothing, and has
///   nothing to remove; [`upsert_many`](Self::upsert_many) makes it. A store that is flushed at 3
///   a.m. has lost the entries and nothing else: no user has to notice or to create anything.
/// * **Schemas do not mix.** Where the store has an index of this name and of another schema,
///   `create`, `upsert_many`, `remove_many`, `search_many` and `count` fail with
///   [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) and change nothing. `info` tells what is
///   there, and `drop_index` makes room.
/// * **Order.** Methods that take a slice give one result for each element, in the order of the
///   slice. Matches come by similarity, the greatest first, those of the same similarity by the
///   bytes of their ids. Which of several entries of the same similarity are among the `most` is
///   up to the store.
/// * **Similarity** is the cosine, from -1 to 1, whatever the store counts in, and off by at most
///   [`VectorCapabilities::similarity_error`]. The length of a vector does not matter. Every match
///   is at least as similar as asked for, by the similarity that it comes with.
/// * **Completeness.** An [exact](VectorCapabilities::exact) index gives the nearest entries that
///   pass the filter, and fewer than asked for only if there are no more. An approximate one may
///   leave out one match in twenty.
/// * **Names and values are data.** An id is any text of 1 to 512 bytes; tags and texts may hold any
///   characters. None is ever read as a query or as a pattern. Attributes come back as they were
///   given.
/// * **Refusals.** Another number of dimensions, a vector whose values are all zero, an attribute
///   or a filter that the schema does not have: [`VectorRefusal`](super::VectorRefusal). They
///   are found before anything is written or searched: a refused call has done nothing.
/// * **Atomicity.** One entry is written at once: vector, attributes and expiry. An entry of the
///   same id is replaced as a whole. A batch is no transaction; in one batch the last entry of an
///   id wins.
/// * **Visibility.** A search that begins after a write has returned sees it, in every process
///   that shares the store.
/// * **Expiry.** An entry is found by no search once its TTL has passed, by the clock of the store,
///   counted from the write. `count` and `info` may count it for a second longer.
/// * **Eviction.** A bounded store may drop entries, those written first before others or nearly so.
/// * **Round trips.** A remote store takes one for a batch of searches and one for a batch of
///   writes, where nothing has to be made.
/// * **Errors** carry no id, no vector, no attribute and no text of a filter.
/// * **Cancellation.** Dropping a future leaves the index usable; whether a write took place is then
///   unknown.
/// * **Blocking.** No method blocks the runtime's threads, however large the index.
#[async_trait]
pub trait VectorIndex: Debug + Send + Sync + 'static {
    /// The name, which is the store's as well.
    fn name(&self) -> &IndexName;

    /// The schema that this object's user expects.
    fn schema(&self) -> &IndexSchema;

    /// What searches of this index can do.
    fn vector_capabilities(&self) -> VectorCapabilities;

    /// Makes the index; says whether it was missing. Nothing happens where it is there.
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where the store has no such
    /// indexes.
    async fn create(&self) -> Result<bool, CacheError>;

    /// Writes entries with their expiry, and makes the index where it is missing.
    async fn upsert_many(&self, entries: &[VectorEntry]) -> Result<(), CacheError>;

    /// Removes entries; says for each whether it was there. Of an id that occurs twice, the first
    /// occurrence is the one that was there.
    async fn remove_many(&self, ids: &[VectorId]) -> Result<Vec<bool>, CacheError>;

    /// Searches, for every query the matches in their order.
    async fn search_many(
        &self,
        queries: &[VectorQuery],
    ) -> Result<Vec<Vec<VectorMatch>>, CacheError>;

    /// How many entries pass the filter.
    async fn count(&self, filter: &Filter) -> Result<u64, CacheError>;

    /// Removes the index of this name with all its entries, whatever its schema; says whether it
    /// was there.
    async fn drop_index(&self) -> Result<bool, CacheError>;

    /// What the store has under this name; `None` where there is nothing.
    async fn info(&self) -> Result<Option<IndexInfo>, CacheError>;
}

/// A store of vector indexes.
///
/// # Contract
/// Opening takes no round trip and makes nothing. Two objects of one name are the same index.
#[async_trait]
pub trait VectorStore: Debug + Send + Sync + 'static {
    /// What this is and where, for people. No secrets.
    fn vector_store_info(&self) -> BackendInfo;

    /// Whether this store has indexes of this schema. What [`open`](Self::open) gives of another
    /// refuses to be made and to be written, in the same words, or keeps its vectors more exactly.
    ///
    /// # Errors
    /// Why it has not. By default vectors of one bit a value are refused.
    fn check_schema(&self, schema: &IndexSchema) -> Result<(), VectorRefusal> {
        schema.check_precision(false)
    }

    /// The index of this name, which is expected to have this schema.
    fn open(&self, name: &IndexName, schema: &IndexSchema) -> Arc<dyn VectorIndex>;

    /// The indexes that a namespace has, by name. Not for hot paths.
    async fn indexes(&self, namespace: &Namespace) -> Result<Vec<IndexName>, CacheError>;
}

const _: Option<&dyn VectorIndex> = None;
const _: Option<&dyn VectorStore> = None;
