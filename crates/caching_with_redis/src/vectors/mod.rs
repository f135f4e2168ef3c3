//! From a store to its vector indexes.

#[cfg(feature = "redis")]
mod redis;

use std::fmt;
use std::sync::Arc;

use cache_core::vector::VectorStore;

use crate::backend::Place;
use crate::settings::SettingsError;
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
    #[cfg(feature = "redis")]
    pub redis: Option<cache_redis::RedisVectors>,
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
/// may choose (`CACHE_INDEX_ENGINE`, `CACHE_INDEX_PARTS`).
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
        Place::Memory(memory) => Ok(in_process(Arc::new(memory.clone()), SearchEngine::Memory)),
        #[cfg(feature = "embedded")]
        Place::Embedded(file) => Ok(in_process(Arc::new(file.clone()), SearchEngine::Embedded)),
        #[cfg(feature = "redis")]
        Place::Redis(redis) => redis::open(settings, redis).await,
    }
}

/// Searched by this process, as nothing else can.
fn in_process(store: Arc<dyn VectorStore>, engine: SearchEngine) -> OpenedVectors {
    OpenedVectors {
        store,
        engine,
        why: WhyEngine::OnlyOne,
        #[cfg(feature = "redis")]
        redis: None,
    }
}
