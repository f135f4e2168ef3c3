//! The store of vector indexes, and how it chooses its engine.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::vector::{IndexName, IndexSchema, VectorIndex, VectorStore};
use cache_core::{BackendInfo, CacheError, ErrorKind, Namespace};
use redis::{Value, cmd};

use super::names;
use super::search::{Module, ModuleVersion, SearchIndex};
use super::sets::SetIndex;
use crate::link::{Link, Server};
use crate::{RedisBackend, RedisConfig, reply};

const STEP: usize = 1_000;

/// What of a server searches vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum VectorEngine {
    /// What the server has: a search module, else vector sets.
    #[default]
    Auto,
    /// A search module: RediSearch, or what Redis 8 and managed services bring along. Filters narrow
    /// the search itself. An index is in one slot of a cluster.
    Search,
    /// The vector sets of Redis 8. They can be in [parts](VectorOptions::with_parts), which the
    /// nodes of a cluster share.
    Sets,
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
}

impl VectorOptions {
    /// What the server has, in one part, without a module's graphs.
    #[must_use]
    pub fn new() -> Self {
        Self { engine: VectorEngine::Auto, parts: 1, module_graphs: false }
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
}

impl Default for VectorOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Vector indexes on a Redis server.
///
/// # What is where
/// Everything of an index is under `{namespace}:vec:{name}`. Clearing the namespace as a cache leaves
/// it alone. Indexes of the two engines do not see each other.
///
/// # Engines
/// | | [`Search`](VectorEngine::Search) | [`Sets`](VectorEngine::Sets) |
/// |---|---|---|
/// | exact | `FLAT` | `VSIM … TRUTH`, during which the server serves nobody else |
/// | approximate | `FLAT`, that is exact; `HNSW` where its graphs are asked for | the set's graph |
/// | full floats | `FLOAT32` | `NOQUANT` |
/// | halves (`Float16`) | `FLOAT16`; before version 2.10 `FLOAT32` | `NOQUANT` |
/// | bytes (`Int8`) | as halves | `Q8` |
/// | filters | narrow the search | are looked at on the way through the graph, however long that takes |
/// | a radius | `VECTOR_RANGE` | the nearest 10,000, those within it |
/// | counting with a filter | by the index | looks at every entry |
/// | expired entries | leave with their keys | are removed by the next call, a hundred at a time |
///
/// A module's graphs lose entries, so that they are used
/// [where they are asked for](VectorOptions::with_module_graphs). Without them time grows with the number of
/// entries. Vector sets search large indexes.
///
/// An index of halves or bytes that was made by a module before 2.10 is in
/// [`Conflict`](cache_core::ErrorKind::Conflict) once a newer one has taken its place: drop it.
///
/// Tags and words are kept as hashes beside the values that come back: no character of them is ever
/// part of a query.
///
/// # Concurrency
/// Clones and indexes share one connection. A script writes some entries at once; a large batch is
/// many scripts, sent in one round trip.
///
/// # After a flush or a failover
/// An index that is gone is an empty one, and the next write makes it. A server that has kept the
/// entries and lost the module's index makes that anew, which the first search waits for.
#[derive(Debug, Clone)]
pub struct RedisVectors {
    link: Link,
    options: VectorOptions,
    /// What is asked of a search module.
    module: Module,
    reason: String,
}

impl RedisVectors {
    /// Connects, and finds out what the server has.
    ///
    /// # Errors
    /// As [`RedisBackend::connect_with`], and [`Unsupported`](cache_core::ErrorKind::Unsupported)
    /// where the server has not what is asked for.
    pub async fn connect(config: &RedisConfig, options: VectorOptions) -> Result<Self, CacheError> {
        Self::on(&RedisBackend::open(config)?, options).await
    }

    /// The same over a backend's connection.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn on(
        backend: &RedisBackend,
        mut options: VectorOptions,
    ) -> Result<Self, CacheError> {
        let link = backend.link.clone();
        let servers = link.primaries().await?;
        let server = servers.first().ok_or_else(|| crate::error::no_owner(link.location()))?;
        let [search, sets] = commands(&link, server).await?;
        let wanted = options.engine;
        options.engine = match wanted {
            VectorEngine::Search | VectorEngine::Auto if search => VectorEngine::Search,
            VectorEngine::Sets | VectorEngine::Auto if sets => VectorEngine::Sets,
            _ => return Err(unsupported(&link, wanted)),
        };
        let reason = match (wanted, search) {
            (VectorEngine::Auto, true) => "the server has a search module",
            (VectorEngine::Auto, false) => "the server has vector sets, and no search module",
            _ => "it was asked for",
        };
        let version = match options.engine {
            VectorEngine::Search => ModuleVersion::of(&link, server).await?,
            _ => None,
        };
        let halves = version.is_some_and(ModuleVersion::knows_halves);
        let module = Module { halves, graphs: options.module_graphs };
        let reason = match options.engine {
            VectorEngine::Search if !module.graphs => format!(
                "{reason}; approximate indexes are searched exactly, as a module's graphs lose entries"
            ),
            _ => reason.to_owned(),
        };
        tracing::debug!(engine = ?options.engine, reason, "vector search");
        Ok(Self { link, options, module, reason })
    }

    /// What is used: never [`Auto`](VectorEngine::Auto).
    #[must_use]
    pub fn engine(&self) -> VectorEngine {
        self.options.engine
    }

    /// Why it is used, and what it cannot be used for, for people.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    async fn scan(
        &self,
        server: &Server,
        namespace: &Namespace,
    ) -> Result<Vec<IndexName>, CacheError> {
        let in_parts = self.options.engine == VectorEngine::Sets;
        let (mut cursor, mut found) = (b"0".to_vec(), Vec::new());
        loop {
            let mut command = cmd("SCAN");
            command.arg(&cursor).arg("MATCH").arg(names::schemas(namespace)).arg("COUNT").arg(STEP);
            let reply = self.link.at(&server.connector, &command).await?;
            let parts = reply::array(&self.link, reply, "SCAN")?;
            let Ok([Value::BulkString(next), Value::Array(keys)]) = <[Value; 2]>::try_from(parts)
            else {
                return Err(crate::error::unexpected(self.link.location(), "SCAN"));
            };
            found.extend(keys.iter().filter_map(|key| match key {
                Value::BulkString(key) => names::index_of(namespace, key, in_parts),
                _ => None,
            }));
            if next == b"0" {
                return Ok(found);
            }
            cursor = next;
        }
    }
}

#[async_trait]
impl VectorStore for RedisVectors {
    fn vector_store_info(&self) -> BackendInfo {
        let kind = match self.options.engine {
            VectorEngine::Sets => "redis vector sets",
            _ => "redis search",
        };
        BackendInfo::new(kind, self.link.location())
    }

    fn open(&self, name: &IndexName, schema: &IndexSchema) -> Arc<dyn VectorIndex> {
        let (link, name, schema) = (self.link.clone(), name.clone(), schema.clone());
        match self.options.engine {
            VectorEngine::Sets => Arc::new(SetIndex::new(link, name, schema, self.options.parts)),
            _ => Arc::new(SearchIndex::new(link, name, schema, self.module)),
        }
    }

    async fn indexes(&self, namespace: &Namespace) -> Result<Vec<IndexName>, CacheError> {
        let mut found = Vec::new();
        for server in self.link.primaries().await? {
            found.extend(self.scan(&server, namespace).await?);
        }
        found.sort();
        found.dedup();
        Ok(found)
    }
}

/// Whether the server knows the commands of the search module, and those of vector sets.
async fn commands(link: &Link, server: &Server) -> Result<[bool; 2], CacheError> {
    let mut command = cmd("COMMAND");
    command.arg(&["INFO", "FT.SEARCH", "VSIM"]);
    let known = reply::array(link, link.at(&server.connector, &command).await?, "COMMAND")?;
    let knows = |index: usize| matches!(known.get(index), Some(Value::Array(_)));
    Ok([knows(0), knows(1)])
}

fn unsupported(link: &Link, wanted: VectorEngine) -> CacheError {
    let (what, advice) = match wanted {
        VectorEngine::Search => ("no search module", "load RediSearch, or use Redis 8"),
        VectorEngine::Sets => ("no vector sets", "use Redis 8"),
        VectorEngine::Auto => {
            ("neither a search module nor vector sets", "load RediSearch, or use Redis 8")
        }
    };
    let message = format!("{} has {what}: {advice}", link.location());
    CacheError::new(ErrorKind::Unsupported, message)
}
