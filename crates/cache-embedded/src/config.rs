//! Where the file is and what it may take.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Settings of an [`EmbeddedBackend`](crate::EmbeddedBackend).
///
/// Processes that share a file may have different settings. Each keeps to its own bound when it
/// writes, so that the smallest bound of those who write holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmbeddedConfig {
    /// The file. It is created when it is missing, its folders too.
    pub path: PathBuf,
    /// Bound on the sum of all entries and vectors, in bytes: each counts with its value, its key and
    /// what the file adds to them. Entries and vectors are sure of half of it each. 512 MiB by
    /// default, at least 4 KiB.
    pub max_bytes: u64,
    /// How long an operation waits while other processes write. 5 seconds by default.
    pub busy_timeout: Duration,
    /// What all connections of this process together may keep of the file in memory, in bytes.
    /// 32 MiB by default.
    pub memory_bytes: u64,
    /// What this process may keep of vector indexes in memory, in bytes; an index that is larger is
    /// read from the file for every search. 256 MiB by default.
    pub vector_memory_bytes: u64,
    /// Above so many entries a vector index whose schema asks for an approximate method is searched by a
    /// graph of neighbours, which is in memory, too. 10,000 by default; [`usize::MAX`] is never.
    pub approximate_above: usize,
    /// Threads that read, 1 to 64. By default one per processor, at most four.
    pub readers: usize,
}

impl EmbeddedConfig {
    /// Default settings for the file at `path`.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_path_buf(),
            max_bytes: 512 * 1024 * 1024,
            busy_timeout: Duration::from_secs(5),
            memory_bytes: 32 * 1024 * 1024,
            vector_memory_bytes: 256 * 1024 * 1024,
            approximate_above: vector_scan::APPROXIMATE_ABOVE,
            readers: thread::available_parallelism().map_or(2, usize::from).min(4),
        }
    }

    /// Sets the bound on the sum of all entries and vectors, in bytes.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets how long an operation waits while other processes write.
    #[must_use]
    pub fn with_busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Sets what this process may keep of the file in memory, in bytes.
    #[must_use]
    pub fn with_memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// Sets what this process may keep of vector indexes in memory, in bytes.
    #[must_use]
    pub fn with_vector_memory_bytes(mut self, bytes: u64) -> Self {
        self.vector_memory_bytes = bytes;
        self
    }

    /// Sets the number of entries above which an approximate vector index is searched by a graph.
    #[must_use]
    pub fn with_approximate_above(mut self, entries: usize) -> Self {
        self.approximate_above = entries;
        self
    }

    /// Sets the number of threads that read; taken as at least 1 and at most 64.
    #[must_use]
    pub fn with_readers(mut self, threads: usize) -> Self {
        self.readers = threads.clamp(1, 64);
        self
    }
}
