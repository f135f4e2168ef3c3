//! The contract of whatever keeps ordered logs, such as conversations.

mod key;
#[cfg(feature = "memory")]
pub(crate) mod memory;
mod record;
mod refusal;

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

pub use key::{LogGroup, LogKey};
pub use record::{
    AppendOptions, Appended, Compaction, LogCapabilities, LogHead, LogLimits, LogPage, LogRead,
    LogUsage, NewRecord, Record, WhenFull,
};
pub use refusal::LogRefusal;

use crate::backend::BackendInfo;
use crate::{CacheError, Namespace, Ttl};

/// Keeps ordered logs of small records. A log belongs to a group (a user, say); the logs of a group
/// lie together, are listed by how recently they were appended to, and can be removed together.
///
/// # Contract
/// * **Order.** A record's sequence number is assigned by the store when it is appended, from 1
///   upwards and never twice in a log. Readers see records in the order of these numbers, all
///   readers the same.
/// * **Atomicity.** Every method is one transaction: its effects on records, head and group are
///   seen together or not at all, also by other processes, and a failed call has changed nothing.
/// * **Idempotency.** A record whose id the log has, or had and lost to limits or compaction, is
///   not appended again. (A removed record's id is free.) A store may forget a lost id when 10,000
///   more records have been appended after its record.
/// * **Concurrency.** [`LogHead::version`] changes with every change of a log's records or
///   attributes. Methods that take an expected version or length change nothing when it does not
///   hold, and say so with [`ErrorKind::Conflict`](crate::ErrorKind::Conflict).
/// * **Expiry.** A log expires as a whole, with all that belongs to it: counted from the last
///   append or [`touch`](Self::touch). Editing, removing, compacting and forking keep the time that
///   is left (a fork starts with its own). An expired log is as if it never was. Nothing is evicted
///   record by record; a store that evicts under memory pressure drops whole logs.
/// * **Cost.** Reading the last records or a window costs by what is read, not by the log's
///   length. Listing costs by the page.
/// * **Round trips.** A remote store takes one per method.
/// * **Errors.** They carry no payload, no id and no attribute. [`LogRefusal`] has those that come
///   of what is asked.
/// * **Cancellation.** Dropping a future leaves the store usable; whether a write took place is
///   then unknown: append again with the same ids to make sure.
#[async_trait]
pub trait LogBackend: Debug + Send + Sync + 'static {
    /// What this is and where, for people. No secrets.
    fn log_info(&self) -> BackendInfo;

    /// What it takes. The default is what every store takes that keeps what it is given as it is.
    fn log_capabilities(&self) -> LogCapabilities {
        LogCapabilities::new()
    }

    /// Appends records, in order, all or none; makes the log when it is not there, also of no
    /// records.
    ///
    /// An append all of whose ids the log knows is a repetition: it renews the expiry and changes
    /// nothing else, whatever the limits and the expected length are.
    async fn append(
        &self,
        log: &LogKey,
        records: &[NewRecord],
        options: &AppendOptions,
    ) -> Result<Appended, CacheError>;

    /// Reads records; `None` when there is no such log.
    async fn read(&self, log: &LogKey, what: &LogRead) -> Result<Option<LogPage>, CacheError>;

    /// The head of a log; `None` when there is no such log.
    async fn head(&self, log: &LogKey) -> Result<Option<LogHead>, CacheError>;

    /// Replaces the record that has this id by this one, keeping its number; says whether it was
    /// there. Limits are not asked.
    async fn replace(&self, log: &LogKey, record: &NewRecord) -> Result<bool, CacheError>;

    /// Removes records by id; says for each whether it was there (of an id given twice, the first
    /// was). The others keep their order and the log its expiry, even when nothing is left in it.
    async fn remove(&self, log: &LogKey, ids: &[&str]) -> Result<Vec<bool>, CacheError>;

    /// Puts `replacement` in the place of all records up to a number, pinned ones excepted; `None`
    /// when there is no such log. Limits are not asked.
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when more would come than go, or
    /// when the log knows the id of one that comes.
    async fn compact(
        &self,
        log: &LogKey,
        compaction: &Compaction,
    ) -> Result<Option<LogHead>, CacheError>;

    /// Copies a log's records up to and including the number `until` (all when `None`), with their
    /// numbers, to a new log of the same group, with these attributes and this TTL. The new log
    /// knows only the ids that it has, and counts as appended to just now.
    /// Gives the new log's head, or `None` when there is no log to copy.
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) when the new log is there already,
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when it is of another group.
    async fn fork(
        &self,
        from: &LogKey,
        to: &LogKey,
        until: Option<u64>,
        attributes: Bytes,
        ttl: Ttl,
    ) -> Result<Option<LogHead>, CacheError>;

    /// Replaces the attributes of a log, when its version is this one; `None` when there is no such
    /// log. It does not count as a change of recency.
    async fn set_attributes(
        &self,
        log: &LogKey,
        attributes: Bytes,
        expected_version: u64,
    ) -> Result<Option<LogHead>, CacheError>;

    /// Gives a log a new time to live from now; says whether it is there.
    async fn touch(&self, log: &LogKey, ttl: Ttl) -> Result<bool, CacheError>;

    /// Heads of a group's logs, the most recently appended first, without the first `skip`.
    async fn list(
        &self,
        group: &LogGroup,
        skip: usize,
        most: usize,
    ) -> Result<Vec<LogHead>, CacheError>;

    /// How many logs a group has.
    async fn count(&self, group: &LogGroup) -> Result<u64, CacheError>;

    /// Removes a log; says whether it was there.
    async fn remove_log(&self, log: &LogKey) -> Result<bool, CacheError>;

    /// Removes all logs of a group; says how many there were.
    async fn remove_group(&self, group: &LogGroup) -> Result<u64, CacheError>;

    /// What all logs of a namespace come to, whosever they are. Not for hot paths: it looks at every
    /// log, in several round trips, and logs that change meanwhile count as before or as after.
    async fn log_usage(&self, namespace: &Namespace) -> Result<LogUsage, CacheError>;
}

const _: Option<&dyn LogBackend> = None;
