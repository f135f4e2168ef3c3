//! The contract of whatever keeps the entries.

mod ext;
mod finding;
mod lease;
#[cfg(feature = "memory")]
pub(crate) mod memory;
mod options;
mod value;
mod waiting;

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

pub use ext::CacheBackendExt;
pub use finding::{DiagnoseOptions, Finding, FindingCode, FindingValue, Severity};
pub use lease::{LeaseOutcome, LeaseRequest, LeaseToken, Leases, Wakeup};
pub use options::{
    BackendInfo, BackendStatus, Capabilities, ClearOptions, ClearProgress, GetOptions, PutOptions,
    Usage,
};
pub use value::{PutEntry, StoredValue};
pub use waiting::WaitPace;

use crate::{CacheError, CacheKey, Namespace, Ttl};

/// Keeps values under keys for a time.
///
/// # Contract
/// * **Order.** Every method that takes a slice returns one result per element, in the order of
///   the slice. The same key may occur more than once in a slice.
/// * **Values are opaque.** They come back byte for byte, whatever they hold, the empty value
///   included.
/// * **Atomicity.** One entry is written at once, value and expiry together: no reader sees a
///   value without its expiry, or a part of it. A batch is not a transaction: others may see some
///   of it, and after an error some of it may have been stored. In one `put_many` the last entry
///   of a key wins.
/// * **Expiry.** An entry is gone as soon as its TTL has passed, to the millisecond by the store's
///   clock, counted from the write (or the last touch). Overwriting replaces the expiry.
/// * **Eviction.** A bounded store may drop any entry at any time, the least recently used first
///   or nearly so. Reading counts as use.
/// * **Round trips.** A remote store sends each batch in one round trip.
/// * **Namespaces.** `clear`, `usage` and counters touch keys of the given namespace and no other.
/// * **Errors.** An error says nothing about single elements. `Ok` with `None` is a miss. A value
///   of a foreign type under the key is a miss too (and is replaced on the next write). Of a store
///   of several parts, [one that is lost](CacheError::is_of_a_part) fails the calls that need it, but
///   for reads that take [what the others hold](GetOptions::partial).
/// * **Cancellation.** Dropping a future leaves the store usable; whether a write took place is
///   then unknown.
/// * **Blocking.** No method blocks the runtime's threads.
#[async_trait]
pub trait CacheBackend: Debug + Send + Sync + 'static {
    /// What this is and where, for people. No secrets.
    fn info(&self) -> BackendInfo;

    /// What this backend can do.
    fn capabilities(&self) -> Capabilities;

    /// Reads values; `None` where there is none.
    async fn get_many(
        &self,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError>;

    /// Shows a value that can be had without waiting, from this process's memory, and says whether
    /// there was one. It counts as a read, allocates nothing and never blocks for long; `read` must
    /// not call the backend. `false` says nothing about the store, and is all that the default says.
    fn read_local(&self, key: &CacheKey, read: &mut dyn FnMut(&StoredValue)) -> bool {
        let _ = (key, read);
        false
    }

    /// Takes back a value that this backend has given, now with its [decoded
    /// form](StoredValue::with_decoded), so that a backend that [keeps decoded
    /// forms](Capabilities::keeps_decoded) can give it with the next hit. Never blocks for long.
    /// Nothing happens where the entry is no longer the one that the value was read from.
    fn attach_decoded(&self, key: &CacheKey, value: &StoredValue) {
        let _ = (key, value);
    }

    /// Writes values with their expiry, and gives up leases on the same keys when asked.
    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError>;

    /// Removes entries; says for each whether it was there. Of a key that occurs twice, the first
    /// occurrence is the one that was there.
    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError>;

    /// Says for each key whether it is there. Does not count as use.
    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError>;

    /// Gives entries a new time to live from now; says for each whether it was there.
    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError>;

    /// Removes entries of a namespace, a bounded number at a time: call it again with the progress
    /// it gave until it is [done](ClearProgress::is_done). Entries that are there from the first
    /// call to the last are all removed; of those written meanwhile, some may be. Leases and
    /// counters of the namespace go too.
    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError>;

    /// How many entries the namespace has and what they take. Not for hot paths: it may look at
    /// every entry.
    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError>;

    /// Asks the store how it is. One that cannot be reached is an error.
    async fn status(&self) -> Result<BackendStatus, CacheError>;

    /// Looks for what is wrong with the store, or soon will be: the worst first. It changes nothing,
    /// and takes some round trips. What it has no right to look at is a finding too
    /// ([`FindingCode::NotAllowed`]); only a store that cannot be reached is an error. The default
    /// gives what [`status`](Self::status) finds.
    async fn diagnose(&self, options: &DiagnoseOptions) -> Result<Vec<Finding>, CacheError> {
        let _ = options;
        Ok(self.status().await?.findings)
    }

    /// Waits until everything that earlier calls put has reached the store, as far as it will. For
    /// backends that put off writing; for others there is nothing to do, as
    /// the default has it. Whoever wraps a backend passes it on.
    ///
    /// An error says that writes were lost or have not been made in the backend's time for it.
    async fn flush(&self) -> Result<(), CacheError> {
        Ok(())
    }

    /// Leases, where the backend has them.
    fn leases(&self) -> Option<&dyn Leases> {
        None
    }

    /// Shared counters, where the backend has them.
    fn counters(&self) -> Option<&dyn Counters> {
        None
    }
}

/// Counters that all users of a store share.
///
/// # Contract
/// Additions are atomic and never lost among concurrent callers. Counters belong to a namespace
/// and do not expire. They saturate nowhere: a counter is a signed 64-bit number.
#[async_trait]
pub trait Counters: Debug + Send + Sync {
    /// Adds to counters, which start at zero. One round trip.
    async fn add_counters(
        &self,
        namespace: &Namespace,
        deltas: &[(&str, i64)],
    ) -> Result<(), CacheError>;

    /// All counters of the namespace.
    async fn read_counters(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, i64>, CacheError>;

    /// Sets all counters of the namespace back to zero.
    async fn reset_counters(&self, namespace: &Namespace) -> Result<(), CacheError>;
}

const _: Option<&dyn CacheBackend> = None;
const _: Option<&dyn Counters> = None;
