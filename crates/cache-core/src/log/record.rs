//! What logs hold, and how they are read and written.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::LogRefusal;
use crate::Ttl;

/// A record to be appended. `Debug` shows no payload.
#[derive(Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// Its name, unique in the log: 1 to 128 bytes.
    pub id: String,
    /// What it counts in windows and limits: a message's tokens, say.
    pub weight: u32,
    /// Pinned records are in every window, and neither limits nor compaction remove them.
    pub pinned: bool,
    /// Whatever the service keeps: at most 16 MiB, or [what the store
    /// takes](LogCapabilities::max_payload_bytes).
    pub payload: Bytes,
}

impl NewRecord {
    /// The longest id, in bytes.
    pub const MAX_ID_BYTES: usize = 128;
    /// The longest payload, in bytes.
    pub const MAX_PAYLOAD_BYTES: usize = 16 << 20;

    /// What every backend asks before it stores a record.
    ///
    /// # Errors
    /// When the id or the payload has a length that no store takes.
    pub fn check(&self) -> Result<(), LogRefusal> {
        if self.id.is_empty() || self.id.len() > Self::MAX_ID_BYTES {
            return Err(LogRefusal::IdLength(self.id.len()));
        }
        if self.payload.len() > Self::MAX_PAYLOAD_BYTES {
            return Err(LogRefusal::PayloadLength(self.payload.len()));
        }
        Ok(())
    }
}

/// A record as it is stored. `Debug` shows no payload.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its place in the order.
    pub seq: u64,
    /// Its name.
    pub id: String,
    /// What it counts.
    pub weight: u32,
    /// Whether it is in every window.
    pub pinned: bool,
    /// What the service keeps.
    pub payload: Bytes,
}

impl Record {
    /// A record read back by a backend.
    #[must_use]
    pub fn new(seq: u64, record: NewRecord) -> Self {
        let NewRecord { id, weight, pinned, payload } = record;
        Self { seq, id, weight, pinned, payload }
    }
}

/// What is known of a log without its records. `Debug` shows no attributes.
#[derive(Clone, PartialEq, Eq)]
pub struct LogHead {
    /// Records there are.
    pub len: u64,
    /// Sum of their weights.
    pub weight: u64,
    /// Sum of their payloads' lengths in bytes.
    pub bytes: u64,
    /// The number of the latest record that was ever appended; 0 before the first.
    pub last_seq: u64,
    /// Another one after every change of records or attributes.
    pub version: u64,
    /// When it was made, since the Unix epoch, by the store's clock, to the millisecond.
    pub created: Duration,
    /// When something was last appended.
    pub appended: Duration,
    /// How long it still has to live; `None` when it does not expire.
    pub expires_in: Option<Duration>,
    /// What the service keeps with it: at most 64 KiB, or [what the store
    /// takes](LogCapabilities::max_attributes_bytes).
    pub attributes: Bytes,
}

impl LogHead {
    /// The longest attributes, in bytes.
    pub const MAX_ATTRIBUTES_BYTES: usize = 64 << 10;

    /// What every backend asks before it stores attributes.
    ///
    /// # Errors
    /// When they are longer than that.
    pub fn check_attributes(attributes: &[u8]) -> Result<(), LogRefusal> {
        match attributes.len() {
            ..=Self::MAX_ATTRIBUTES_BYTES => Ok(()),
            length => Err(LogRefusal::AttributesLength(length)),
        }
    }
}

/// What a store of logs takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogCapabilities {
    /// The longest payload of a record, in bytes.
    pub max_payload_bytes: usize,
    /// The longest attributes of a log, in bytes.
    pub max_attributes_bytes: usize,
}

impl LogCapabilities {
    /// What a store takes that adds nothing to what it is given.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_payload_bytes: NewRecord::MAX_PAYLOAD_BYTES,
            max_attributes_bytes: LogHead::MAX_ATTRIBUTES_BYTES,
        }
    }

    /// Sets the longest payload.
    #[must_use]
    pub fn with_max_payload_bytes(mut self, bytes: usize) -> Self {
        self.max_payload_bytes = bytes;
        self
    }

    /// Sets the longest attributes.
    #[must_use]
    pub fn with_max_attributes_bytes(mut self, bytes: usize) -> Self {
        self.max_attributes_bytes = bytes;
        self
    }
}

impl Default for LogCapabilities {
    fn default() -> Self {
        Self::new()
    }
}

/// Head and records, read together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The head at the moment of reading.
    pub head: LogHead,
    /// The records, each once, in the order of their numbers.
    pub records: Vec<Record>,
}

/// Which records to read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogRead {
    /// The last so many.
    Last(usize),
    /// So many from this number on.
    From {
        /// The first number that is wanted.
        seq: u64,
        /// Most records.
        most: usize,
    },
    /// So many after the record of this id; nothing when the log has no such record.
    After {
        /// The record before the first that is wanted.
        id: String,
        /// Most records.
        most: usize,
    },
    /// All pinned records, and of the others as many of the last as fit: an unbroken run up to the
    /// end of the log, whose weights together with those of the pinned ones are at most
    /// `max_weight`. The pinned ones come even when they alone are heavier.
    Window {
        /// Most weight.
        max_weight: u64,
        /// Most records, pinned ones not counted.
        max_records: usize,
    },
    /// Those of these ids that are there.
    Ids(Vec<String>),
}

/// What a log may hold. Checked with every append, in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogLimits {
    /// Most records.
    pub max_records: Option<u64>,
    /// Most bytes of payload.
    pub max_bytes: Option<u64>,
    /// Bytes of each payload that `max_bytes` does not count: what a wrapper that changes payloads
    /// adds to each, so that a limit means the same with and without it. Callers leave it at zero.
    pub uncounted_bytes: u64,
    /// Most weight.
    pub max_weight: Option<u64>,
    /// What happens to an append that would go beyond one of them.
    pub when_full: WhenFull,
}

impl LogLimits {
    /// Whether a log may be this long, this large and this heavy.
    #[must_use]
    pub fn admit(&self, records: u64, bytes: u64, weight: u64) -> bool {
        let bytes = bytes.saturating_sub(records.saturating_mul(self.uncounted_bytes));
        self.max_records.is_none_or(|max| records <= max)
            && self.max_bytes.is_none_or(|max| bytes <= max)
            && self.max_weight.is_none_or(|max| weight <= max)
    }
}

/// What happens to an append that goes beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenFull {
    /// It fails with [`ErrorKind::Full`](crate::ErrorKind::Full).
    #[default]
    Refuse,
    /// The oldest records that are not pinned are removed until it fits, those of the append
    /// itself never; when even that is not enough it fails with [`ErrorKind::Full`](crate::ErrorKind::Full).
    DropOldest,
}

/// How to append. `Debug` shows no attributes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppendOptions {
    /// The log's time to live from now on.
    pub ttl: Ttl,
    /// What the log may hold.
    pub limits: LogLimits,
    /// How many records the log must have for the append to take place.
    pub expected_len: Option<u64>,
    /// Attributes of a log that the append makes.
    pub attributes: Bytes,
}

impl AppendOptions {
    /// With this TTL, without limits.
    #[must_use]
    pub fn new(ttl: Ttl) -> Self {
        Self { ttl, limits: LogLimits::default(), expected_len: None, attributes: Bytes::new() }
    }

    /// Sets what the log may hold.
    #[must_use]
    pub fn with_limits(mut self, limits: LogLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Appends only to a log of this many records; zero, to one that is empty or not there.
    #[must_use]
    pub fn with_expected_len(mut self, len: u64) -> Self {
        self.expected_len = Some(len);
        self
    }

    /// Sets the attributes of a log that is made by the append.
    #[must_use]
    pub fn with_attributes(mut self, attributes: Bytes) -> Self {
        self.attributes = attributes;
        self
    }
}

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The head afterwards.
    pub head: LogHead,
    /// The number of each given record; that of the record that was there already, for an id that
    /// the log knew; 0 when that one is gone.
    pub seqs: Vec<u64>,
    /// For each given record, whether the log knew its id already. Of an id that is given twice,
    /// the second is known.
    pub known: Vec<bool>,
    /// Records that limits removed.
    pub dropped: u64,
}

/// What logs come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LogUsage {
    /// Groups that have logs.
    pub groups: u64,
    /// Logs.
    pub logs: u64,
    /// Records in them.
    pub records: u64,
    /// Weight of the records.
    pub weight: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

impl LogUsage {
    /// Counts a group of which nothing has been counted yet.
    pub fn add_group(&mut self) {
        self.groups += 1;
    }

    /// Counts so many logs, with what they hold together.
    pub fn add_logs(&mut self, logs: u64, records: u64, weight: u64, bytes: u64) {
        self.logs += logs;
        self.records += records;
        self.weight += weight;
        self.bytes += bytes;
    }
}

/// How to replace the oldest part of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compaction {
    /// The number of the last record that is replaced.
    pub until: u64,
    /// What comes in their place, in this order: at most as many as are removed. They take the
    /// highest of the removed records' numbers, so that they stand before the rest.
    pub replacement: Vec<NewRecord>,
    /// The version that the log must have.
    pub expected_version: u64,
}

impl fmt::Debug for NewRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewRecord")
            .field("weight", &self.weight)
            .field("pinned", &self.pinned)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("seq", &self.seq)
            .field("weight", &self.weight)
            .field("pinned", &self.pinned)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AppendOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppendOptions")
            .field("ttl", &self.ttl)
            .field("limits", &self.limits)
            .field("expected_len", &self.expected_len)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LogHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogHead")
            .field("len", &self.len)
            .field("weight", &self.weight)
            .field("bytes", &self.bytes)
            .field("last_seq", &self.last_seq)
            .field("version", &self.version)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}
