//! The backend: one SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use cache_core::{
    BackendInfo, BackendStatus, CacheBackend, CacheError, CacheKey, Capabilities, ClearOptions,
    ClearProgress, Counters, DiagnoseOptions, ErrorKind, Finding, GetOptions, LeaseToken, Leases,
    Namespace, PutEntry, PutOptions, StoredValue, Ttl, Usage,
};
use rusqlite::Connection;

use crate::config::EmbeddedConfig;
use crate::vector::EmbeddedVectors;
use crate::worker::{Shared, Workers};
use crate::writing::{Writing, oldest_use, size_of};
use crate::{bound, clock, diagnosis, entry, lease, namespace, vector};

/// The smallest bound: room for a page or so.
const LEAST_BYTES: u64 = 4096;
/// The largest value SQLite would take is about twice this.
const MOST_VALUE_BYTES: u64 = 512 * 1024 * 1024;
/// No key's stored form is longer.
const LONGEST_KEY: usize = 160;

/// A cache in one SQLite file, which any number of processes of a machine may share.
///
/// # Concurrency
/// All methods may be called from any number of tasks. Reads run on several threads and never wait
/// for writes. Writes of one process run one after another, those of several processes wait for
/// each other up to the [busy timeout](EmbeddedConfig::busy_timeout); after that they fail with
/// [`ErrorKind::Timeout`]. A call whose future is dropped before its turn does nothing.
///
/// # Expiry
/// By the machine's wall clock, to the millisecond. The space of expired entries is reused: every
/// write deletes up to 200 of them.
///
/// # Eviction
/// By last use, over all namespaces and processes; vectors share the bound, see
/// [`EmbeddedVectors`]. Uses are recorded coarsely: an entry's use counts
/// if its last recorded use lies more than a sixteenth of the way back to the oldest entry, and
/// other processes learn of it after about a second.
///
/// # Dropping
/// Dropping the backend doesn't block. Its threads finish what was begun, then close the file.
#[derive(Debug)]
pub struct EmbeddedBackend {
    pub(crate) workers: Arc<Workers>,
}

impl EmbeddedBackend {
    /// Opens the file at `path` with default settings, and creates it if it is missing.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with).
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, CacheError> {
        Self::open_with(EmbeddedConfig::new(path)).await
    }

    /// Opens a file, and creates it, readable by its owner only, if it is missing.
    ///
    /// # Errors
    /// * [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnly`]: this user cannot write there;
    /// * [`ErrorKind::WrongType`]: the file belongs to another program; it is not touched;
    /// * [`ErrorKind::Unsupported`]: the file has the layout of a newer version, or its file system
    ///   cannot be shared by processes;
    /// * [`ErrorKind::Corrupt`]: it is no database, or a damaged one;
    /// * [`ErrorKind::InvalidInput`]: the path is a folder, or the bound is below 4 KiB;
    /// * [`ErrorKind::Full`], [`ErrorKind::Timeout`], [`ErrorKind::Unavailable`]: as they say.
    pub async fn open_with(config: EmbeddedConfig) -> Result<Self, CacheError> {
        if config.max_bytes < LEAST_BYTES {
            let message = format!(
                "the bound of a cache file is at least {LEAST_BYTES} bytes, {} were given",
                config.max_bytes
            );
            return Err(CacheError::new(ErrorKind::InvalidInput, message));
        }
        Ok(Self { workers: Arc::new(Workers::start(config).await?) })
    }

    /// The vector indexes in this file. They share its threads, and keep it open as the backend does.
    #[must_use]
    pub fn vectors(&self) -> EmbeddedVectors {
        EmbeddedVectors::new(Arc::clone(&self.workers))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.workers.shared()
    }

    /// Refuses a batch with an entry that would have to evict itself, before anything is written.
    fn refuse_oversized(&self, entries: &[PutEntry]) -> Result<(), CacheError> {
        let largest = entries.iter().map(|entry| entry.value.bytes().len()).max().unwrap_or(0);
        let most = self.capabilities().max_value_bytes;
        if largest as u64 <= most {
            return Ok(());
        }
        let message = format!(
            "a value of {largest} bytes is more than the {most} that the cache file {} can hold; \
             raise its bound",
            self.shared().config.path.display()
        );
        Err(CacheError::new(ErrorKind::InvalidInput, message))
    }
}

#[async_trait]
impl CacheBackend for EmbeddedBackend {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("embedded", self.shared().config.path.display().to_string())
    }

    fn capabilities(&self) -> Capabilities {
        let room = bound::most_bytes_of_one(self.shared().config.max_bytes);
        let room = room.saturating_sub(size_of(LONGEST_KEY, 0));
        Capabilities::new()
            .with_shared(true)
            .with_persistent(true)
            .with_max_value_bytes(room.min(MOST_VALUE_BYTES))
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        _options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (keys, horizon) = (keys.to_vec(), self.shared().recency.horizon());
        let found = self.workers.read(move |sql| entry::find_many(sql, &keys, horizon)).await?;
        self.workers.note_uses(found.used);
        Ok(found.results)
    }

    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.refuse_oversized(entries)?;
        let (entries, release) = (entries.to_vec(), options.release);
        let shared = self.shared().clone();
        self.workers.write(move |sql| put_many(sql, &entries, release, &shared)).await
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = keys.to_vec();
        self.workers
            .write(move |sql| {
                let mut writing = Writing::new(sql)?;
                let removed = keys.iter().map(|key| writing.remove(&key.to_bytes()));
                let removed = removed.collect::<rusqlite::Result<_>>()?;
                writing.finish()?;
                Ok(removed)
            })
            .await
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = keys.to_vec();
        self.workers.read(move |sql| entry::contains_many(sql, &keys)).await
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = keys.to_vec();
        self.workers
            .write(move |sql| {
                let mut writing = Writing::new(sql)?;
                let now = writing.now();
                let touch = |(key, ttl): &(CacheKey, Ttl)| {
                    writing.touch(&key.to_bytes(), clock::expiry(now, *ttl))
                };
                let touched = keys.iter().map(touch).collect::<rusqlite::Result<_>>()?;
                writing.finish()?;
                Ok(touched)
            })
            .await
    }

    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        let (namespace, step) = (namespace.clone(), options.step.max(1));
        self.workers.write(move |sql| namespace::clear(sql, &namespace, progress, step)).await
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        let namespace = namespace.clone();
        self.workers.read(move |sql| namespace::usage(sql, &namespace)).await
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        let start = Instant::now();
        let used = self.workers.read(bound::total_bytes).await?;
        let round_trip = start.elapsed();
        let mut status = BackendStatus::default();
        status.server = "sqlite".to_owned();
        status.version = rusqlite::version().to_owned();
        status.used_bytes = Some(used.unsigned_abs());
        status.max_bytes = Some(self.shared().config.max_bytes);
        status.eviction_policy = Some("lru".to_owned());
        status.round_trip = round_trip;
        Ok(status)
    }

    async fn diagnose(&self, options: &DiagnoseOptions) -> Result<Vec<Finding>, CacheError> {
        let (shared, options) = (self.shared().clone(), options.clone());
        self.workers
            .read(move |sql| {
                let used = bound::total_bytes(sql)?.unsigned_abs();
                let vectors = vector::inspect(sql, &options.namespace, options.sample)?;
                let config = &shared.config;
                Ok(diagnosis::diagnose(&config.path, used, config.max_bytes, &vectors, &options))
            })
            .await
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    fn counters(&self) -> Option<&dyn Counters> {
        Some(self)
    }
}

fn put_many(
    sql: &Connection,
    entries: &[PutEntry],
    release: Option<LeaseToken>,
    shared: &Shared,
) -> rusqlite::Result<()> {
    let mut writing = Writing::new(sql)?;
    writing.sweep()?;
    for entry in entries {
        let expires_at = clock::expiry(writing.now(), entry.ttl);
        writing.put(&entry.key.to_bytes(), entry.value.bytes(), expires_at)?;
    }
    writing.finish()?;
    bound::enforce(sql, shared, usize::MAX)?;
    shared.recency.set_oldest(oldest_use(sql)?);
    match release {
        Some(token) => lease::release(sql, entries.iter().map(|entry| &entry.key), token),
        None => Ok(()),
    }
}
