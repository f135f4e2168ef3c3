//! The store of vector indexes, and how it chooses its engine.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::vector::{IndexName, IndexSchema, VectorIndex, VectorRefusal, VectorStore};
use cache_core::{BackendInfo, CacheError, ErrorKind, Namespace};
use redis::{Value, cmd};

use super::names::Kept;
use super::plain::{LocalIndex, Locals, PlainIndex};
use super::search::{Module, ModuleVersion, SearchIndex};
use super::sets::SetIndex;
use super::{VectorEngine, VectorOptions};
use crate::link::{Link, Server};
use crate::{RedisBackend, RedisConfig, reply};

const STEP: usize = 1_000;

/// Vector indexes on a Redis server.
///
/// # What is where
/// Everything of an index is under `{namespace}:vec:{name}`. Clearing the namespace as a cache leaves
/// it alone. Indexes of different engines do not see each other.
///
/// # Engines
/// | | [`Search`](VectorEngine::Search) | [`Sets`](VectorEngine::Sets) | [`Plain`](VectorEngine::Plain) |
/// |---|---|---|---|
/// | exact | `FLAT` | `VSIM … TRUTH`, during which the server serves nobody else | compares with every vector, in this process |
/// | approximate | `FLAT`, that is exact; `HNSW` where its graphs are asked for | the set's graph | exact, and by a graph in this process where there are [many](VectorOptions::with_approximate_above) |
/// | full floats | `FLOAT32` | `NOQUANT` | kept bit by bit in about half the bytes |
/// | halves (`Float16`) | `FLOAT16`; before version 2.10 `FLOAT32` | `NOQUANT` | kept within 0.001 |
/// | bytes (`Int8`) | as halves | `Q8` | kept within 0.02 |
/// | bits (`Binary`) | refused | `BIN`, and bytes beside them by which candidates are compared; approximate indexes only | refused |
/// | filters | narrow the search | are looked at on the way through the graph, however long that takes | narrow the search |
/// | a radius | `VECTOR_RANGE` | the nearest 10,000, those within it | as any search |
/// | counting with a filter | by the index | looks at every entry | looks at every entry, in this process |
/// | expired entries | leave with their keys | are removed by the next call, a hundred at a time | are removed by the next write, a hundred at a time |
/// | memory | the server's | the server's | the server's, and that of every process that searches |
///
/// # Plain servers
/// A process has the whole index in its memory, up to
/// [a bound](VectorOptions::with_max_local_bytes). The first search loads it, on a task of its own that
/// goes on when nobody waits any longer; [`local_indexes`](Self::local_indexes) tells how far that is, and
/// so do `tracing` events. Every search asks the server first what has changed (one round trip, which
/// searches at the same time share), so that it sees what anybody has written before it began, unless
/// [some staleness](VectorOptions::with_max_staleness) is allowed. After a
/// failover, a restart of the server or a pause in which more entries were removed than it remembers (ten
/// thousand, or as many as there are), the index is loaded anew. Clones of a store share what they have.
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
    /// What this process has of the indexes that it searches itself.
    locals: Arc<Locals>,
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
            VectorEngine::Plain | VectorEngine::Auto => VectorEngine::Plain,
            _ => return Err(unsupported(&link, wanted)),
        };
        let reason = match (wanted, options.engine) {
            (VectorEngine::Auto, VectorEngine::Search) => "the server has a search module",
            (VectorEngine::Auto, VectorEngine::Sets) => {
                "the server has vector sets, and no search module"
            }
            (VectorEngine::Auto, _) => {
                "the server has neither a search module nor vector sets: every process has the \
                 vectors in its memory, too, and searches itself"
            }
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
        let locals = Arc::new(Locals::new(&link, &options));
        Ok(Self { link, options, module, reason, locals })
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

    /// What this process has of the indexes that it searches itself, by name: how far each is loaded,
    /// and what it takes. Those are listed that were opened. Empty for other engines.
    #[must_use]
    pub fn local_indexes(&self) -> Vec<LocalIndex> {
        self.locals.figures()
    }

    /// How indexes are kept.
    fn kept(&self) -> Kept {
        match self.options.engine {
            VectorEngine::Sets => Kept::InParts,
            VectorEngine::Plain => Kept::Plain,
            _ => Kept::Whole,
        }
    }

    async fn scan(
        &self,
        server: &Server,
        namespace: &Namespace,
    ) -> Result<Vec<IndexName>, CacheError> {
        let (kept, mut cursor, mut found) = (self.kept(), b"0".to_vec(), Vec::new());
        loop {
            let mut command = cmd("SCAN");
            command.arg(&cursor).arg("MATCH").arg(kept.pattern(namespace)).arg("COUNT").arg(STEP);
            let reply = self.link.at(&server.connector, &command).await?;
            let parts = reply::array(&self.link, reply, "SCAN")?;
            let Ok([Value::BulkString(next), Value::Array(keys)]) = <[Value; 2]>::try_from(parts)
            else {
                return Err(crate::error::unexpected(self.link.location(), "SCAN"));
            };
            found.extend(keys.iter().filter_map(|key| match key {
                Value::BulkString(key) => kept.index_of(namespace, key),
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
            VectorEngine::Plain => "redis, searched in this process",
            _ => "redis search",
        };
        BackendInfo::new(kind, self.link.location())
    }

    fn check_schema(&self, schema: &IndexSchema) -> Result<(), VectorRefusal> {
        schema.check_precision(self.options.engine == VectorEngine::Sets)
    }

    fn open(&self, name: &IndexName, schema: &IndexSchema) -> Arc<dyn VectorIndex> {
        let (link, options) = (self.link.clone(), &self.options);
        if options.engine == VectorEngine::Plain {
            return Arc::new(PlainIndex::new(link, name, schema, options, &self.locals));
        }
        let (name, schema) = (name.clone(), schema.clone());
        match options.engine {
            VectorEngine::Sets => Arc::new(SetIndex::new(link, name, schema, options.parts)),
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
        VectorEngine::Search => ("no search module", "load RediSearch, use Redis 8"),
        _ => ("no vector sets", "use Redis 8"),
    };
    let message =
        format!("{} has {what}: {advice}, or let the processes search (Plain)", link.location());
    CacheError::new(ErrorKind::Unsupported, message)
}
