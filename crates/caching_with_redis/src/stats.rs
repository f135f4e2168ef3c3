//! What the first steps ask a cache for.

use embedding_cache::Statistics;

/// How a cache is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Lookups answered by the store, in this process.
    pub hits: u64,
    /// Lookups that were not, in this process.
    pub misses: u64,
    /// Entries in the store, of all processes; 0 when the store did not answer.
    pub total_keys: u64,
    /// Everything else that is counted, in this process.
    pub details: Statistics,
}

impl CacheStats {
    pub(crate) fn new(details: Statistics, total_keys: u64) -> Self {
        let hits = details.hits + details.stale_hits;
        Self { hits, misses: details.misses(), total_keys, details }
    }

    /// Hits of all lookups, 0 to 1; 0 before the first lookup.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        self.details.hit_rate()
    }
}

/// What compression saves.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CompressionStats {
    /// Vectors written.
    pub vectors: u64,
    /// Bytes they take as plain 32-bit floats.
    pub original_bytes: u64,
    /// Bytes of their stored values.
    pub compressed_bytes: u64,
    /// Original over compressed bytes: 4.0 means a quarter of the memory. 1 before the first
    /// write.
    pub compression_ratio: f64,
}

impl CompressionStats {
    pub(crate) fn new(statistics: &Statistics) -> Self {
        Self {
            vectors: statistics.writes,
            original_bytes: statistics.raw_bytes,
            compressed_bytes: statistics.stored_bytes,
            compression_ratio: statistics.compression_ratio(),
        }
    }

    /// The part of the original bytes that is saved, in percent: 75 at a ratio of 4.
    #[must_use]
    pub fn memory_saved_percent(&self) -> f64 {
        (1.0 - 1.0 / self.compression_ratio) * 100.0
    }
}
