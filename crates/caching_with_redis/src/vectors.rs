//! From a store to its vector indexes.

use std::fmt;
use std::sync::Arc;

use cache_core::vector::VectorStore;
use cache_redis::{RedisBackend, RedisVectors, VectorEngine, VectorOptions};

use crate::backend::Place;
use crate::settings::{EngineChoice, SettingsError};
use crate::{Error, OpenedBackend, Settings};

/// A store of vector indexes, and what searches it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenedVectors {
    /// The store.
    pub store: Arc<dyn VectorStore>,
    /// What searches it.
    pub engine: SearchEngine,
    /// Why it is that.
    pub why: WhyEngine,
    /// The same on Redis, where it is there: what it says of its server.
    pub redis: Option<RedisVectors>,
}

/// What searches vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchEngine {
    /// This process compares with every vector that it holds in memory.
    Memory,
    /// The embedded file keeps the vectors; this process has them in its memory, too, and compares
    /// with every one.
    Embedded,
    /// A search module of Redis.
    Search,
    /// The vector sets of Redis 8.
    Sets,
    /// Redis keeps the vectors; this process has them in its memory, too, and compares with every one.
    Plain,
}

impl SearchEngine {
    /// A short, stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Embedded => "embedded",
            Self::Search => "search",
            Self::Sets => "sets",
            Self::Plain => "plain",
        }
    }
}

/// Why an engine was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyEngine {
    /// The settings name it.
    Chosen,
    /// The store has no other.
    OnlyOne,
    /// The server has a search module.
    HasSearch,
    /// The server has vector sets, and no search module.
    HasSets,
    /// The server has neither a search module nor vector sets.
    HasNeither,
}

impl fmt::Display for WhyEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chosen => "chosen by the settings",
            Self::OnlyOne => "the store has no other",
            Self::HasSearch => "the server has a search module",
            Self::HasSets => "the server has vector sets, and no search module",
            Self::HasNeither => "the server has neither a search module nor vector sets",
        })
    }
}

/// Opens the vector indexes of a store that [`open_backend`](crate::open_backend) has opened, over
/// the same connection. On Redis it finds out what the server has, in two round trips; the settings
/// may choose (`CACHE_INDEX_ENGINE`, `CACHE_INDEX_PARTS`, `CACHE_INDEX_GRAPHS`).
///
/// Call it once and keep what it gives: on a plain Redis every opening has a copy of its own of what it
/// searches in the process's memory (`CACHE_INDEX_MEMORY`), which its clones share.
///
/// Indexes stand outside of the cache: clearing it touches none. Neither the guard nor the near cache
/// is in front of them.
///
/// # Errors
/// [`Unsupported`](cache_core::ErrorKind::Unsupported) when the server has not what is chosen. With
/// `CACHE_ENCRYPTION_KEYS`, for a store outside of this process: a vector that is to be searched cannot
/// be sealed, and can be turned back into much of its text.
pub async fn open_vectors(
    settings: &Settings,
    store: &OpenedBackend,
) -> Result<OpenedVectors, Error> {
    let is_outside = !matches!(store.place, Place::Memory(_));
    if settings.encryption_keys.is_some() && is_outside {
        let message = "vector indexes cannot be encrypted, as the store has to search them: use \
                       settings without keys for them, or the memory backend";
        return Err(SettingsError::of("encryption_keys", message).into());
    }
    match &store.place {
        Place::Memory(memory) => Ok(OpenedVectors {
            store: Arc::new(memory.clone()),
            engine: SearchEngine::Memory,
            why: WhyEngine::OnlyOne,
            redis: None,
        }),
        Place::Embedded(file) => Ok(OpenedVectors {
            store: Arc::new(file.clone()),
            engine: SearchEngine::Embedded,
            why: WhyEngine::OnlyOne,
            redis: None,
        }),
        Place::Redis(redis) => on_redis(settings, redis).await,
    }
}

async fn on_redis(settings: &Settings, redis: &RedisBackend) -> Result<OpenedVectors, Error> {
    let wanted = match settings.index_engine {
        EngineChoice::Auto => VectorEngine::Auto,
        EngineChoice::Search => VectorEngine::Search,
        EngineChoice::Sets => VectorEngine::Sets,
        EngineChoice::Plain => VectorEngine::Plain,
    };
    let usual = VectorOptions::new();
    let options = usual
        .with_engine(wanted)
        .with_parts(settings.index_parts)
        .with_max_stored_bytes(settings.index_size.map_or(usual.max_stored_bytes, |size| size.0))
        .with_max_local_bytes(settings.index_memory.map_or(usual.max_local_bytes, |size| size.0))
        .with_module_graphs(settings.index_graphs)
        .with_max_staleness(settings.index_staleness.0);
    let vectors = RedisVectors::on(redis, options).await?;
    let (engine, found) = match vectors.engine() {
        VectorEngine::Sets => (SearchEngine::Sets, WhyEngine::HasSets),
        VectorEngine::Plain => (SearchEngine::Plain, WhyEngine::HasNeither),
        _ => (SearchEngine::Search, WhyEngine::HasSearch),
    };
    let why = if wanted == VectorEngine::Auto { found } else { WhyEngine::Chosen };
    Ok(OpenedVectors { store: Arc::new(vectors.clone()), engine, why, redis: Some(vectors) })
}
