//! What is asked of a store of vectors.

use std::time::Duration;

/// What of a server searches vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum VectorEngine {
    /// What the server has: a search module, else vector sets, else [`Plain`](Self::Plain).
    #[default]
    Auto,
    /// A search module: RediSearch, or what Redis 8 and managed services bring along. Filters narrow
    /// the search itself. An index is in one slot of a cluster.
    Search,
    /// The vector sets of Redis 8. They can be in [parts](VectorOptions::with_parts), which the
    /// nodes of a cluster share.
    Sets,
    /// Any server. It keeps the entries, and each process that searches has all of them in its
    /// memory, too, and compares with every one, or finds them by a graph of its own where an approximate
    /// index is [large](VectorOptions::with_approximate_above).
    Plain,
}

/// How vectors are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorOptions {
    /// What of the server is used.
    pub engine: VectorEngine,
    /// Into how many vector sets an index is divided, 1 to 1,024.
    pub parts: usize,
    /// Whether a search module's graphs are used.
    pub module_graphs: bool,
    /// The most bytes that an index of the engine [`Plain`](VectorEngine::Plain) takes on the server.
    pub max_stored_bytes: u64,
    /// The most bytes that it takes in this process.
    pub max_local_bytes: u64,
    /// Above so many entries an approximate index of it is searched by a graph in this process.
    pub approximate_above: usize,
    /// For how long searches of it may miss what other processes have written.
    pub max_staleness: Duration,
}

impl VectorOptions {
    /// What the server has, in one part, without a module's graphs; of a plain server's index half a gibibyte there and one here.
    #[must_use]
    pub fn new() -> Self {
        Self {
            engine: VectorEngine::Auto,
            parts: 1,
            module_graphs: false,
            max_stored_bytes: 512 << 20,
            max_local_bytes: 1 << 30,
            approximate_above: vector_scan::APPROXIMATE_ABOVE,
            max_staleness: Duration::ZERO,
        }
    }

    /// Sets what of the server is used.
    #[must_use]
    pub fn with_engine(mut self, engine: VectorEngine) -> Self {
        self.engine = engine;
        self
    }

    /// Sets into how many vector sets an index is divided. In a cluster, take some for each primary.
    /// All are asked for every search. It belongs to an index as its schema does: opened with another
    /// number, an index is in [`Conflict`](cache_core::ErrorKind::Conflict).
    #[must_use]
    pub fn with_parts(mut self, parts: usize) -> Self {
        self.parts = parts.clamp(1, 1_024);
        self
    }

    /// Sets whether approximate indexes use the graphs (`HNSW`) of a search module, without which it
    /// searches them exactly.
    ///
    /// Graphs lose entries: once more entries than twice the links of one are of nearly one direction, and
    /// some of them are written again, no search finds some of these or some of the others, whatever
    /// its effort. So it is with RediSearch 2.6.23 and 2.10.5; later ones were not looked at. Take
    /// graphs for large indexes of vectors that differ. It belongs to an index as its schema does:
    /// opened with the other choice, an approximate index is in
    /// [`Conflict`](cache_core::ErrorKind::Conflict).
    #[must_use]
    pub fn with_module_graphs(mut self, used: bool) -> Self {
        self.module_graphs = used;
        self
    }

    /// Sets the most bytes that an index of the engine [`Plain`](VectorEngine::Plain) takes on the
    /// server, as it counts: values, three times their ids, and 220 for each entry. A write that goes
    /// beyond drops the entries that were written first. An entry that is alone larger is
    /// [`Full`](cache_core::ErrorKind::Full). Every process applies its own bound to what it writes.
    #[must_use]
    pub fn with_max_stored_bytes(mut self, bytes: u64) -> Self {
        self.max_stored_bytes = bytes;
        self
    }

    /// Sets the most bytes that such an index takes in this process: vectors as floats of four bytes,
    /// twice the attributes, and about 320 for each entry. An index that does not fit is not searched:
    /// calls fail with [`Full`](cache_core::ErrorKind::Full) until it does.
    #[must_use]
    pub fn with_max_local_bytes(mut self, bytes: u64) -> Self {
        self.max_local_bytes = bytes;
        self
    }

    /// Sets the number of entries above which such an index is searched by a graph of neighbours, if its
    /// schema asks for an approximate method; 10,000 by default, [`usize::MAX`] is never. The process that
    /// searches builds it in the background, of what [`max_local_bytes`](Self::max_local_bytes) leaves.
    #[must_use]
    pub fn with_approximate_above(mut self, entries: usize) -> Self {
        self.approximate_above = entries;
        self
    }

    /// Lets searches of such an index do without a round trip while the server has told of no change,
    /// over a connection of its own to each primary (`CLIENT TRACKING`, as the
    /// [near cache](crate::NearBackend) has it). A message is here after the write has returned, mostly
    /// within a millisecond: so a search may miss what **another** store, of this process or another
    /// one, has written less than this before it began, and never anything older, whatever becomes of
    /// the connection. Where a server does not tell, every search asks. Writes of this store and its
    /// clones are seen at once.
    ///
    /// Zero, the default, keeps the contract to the letter: every search asks.
    #[must_use]
    pub fn with_max_staleness(mut self, staleness: Duration) -> Self {
        self.max_staleness = staleness;
        self
    }
}

impl Default for VectorOptions {
    fn default() -> Self {
        Self::new()
    }
}
