//! What is done to a store, and the keys of its metrics.

use metrics::{Key, Label};

use crate::catalogue::{STORE_KEYS, STORE_READ_BYTES, STORE_SECONDS, STORE_WRITTEN_BYTES};
use crate::watch::OK;

/// One name, one variant.
macro_rules! operations {
    ($($variant:ident $name:literal,)*) => {
        /// An operation on a store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Operation {
            $($variant,)*
        }

        impl Operation {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// A short, stable label.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

operations! {
    Get "get",
    ReadLocal "read_local",
    Put "put",
    Remove "remove",
    Contains "contains",
    Touch "touch",
    Clear "clear",
    Usage "usage",
    Status "status",
    Diagnose "diagnose",
    Lease "lease",
    RenewLeases "renew_leases",
    ReleaseLeases "release_leases",
    AddCounters "add_counters",
    ReadCounters "read_counters",
    ResetCounters "reset_counters",
}

/// The keys of a store's metrics, made once: a hit allocates nothing for them.
#[derive(Debug)]
pub(crate) struct StoreKeys {
    pub(crate) store: &'static str,
    pub(crate) read_bytes: Key,
    pub(crate) written_bytes: Key,
    succeeded: Vec<Key>,
    keys: Vec<Key>,
}

impl StoreKeys {
    pub(crate) fn new(store: &'static str) -> Self {
        let bytes = |name: &'static str| Key::from_parts(name, labels(store, &[]));
        let keys = |operation: &Operation| {
            let more = [("operation", operation.as_str())];
            Key::from_parts(STORE_KEYS, labels(store, &more))
        };
        Self {
            store,
            read_bytes: bytes(STORE_READ_BYTES),
            written_bytes: bytes(STORE_WRITTEN_BYTES),
            succeeded: Operation::ALL.iter().map(|it| seconds(store, *it, OK)).collect(),
            keys: Operation::ALL.iter().map(keys).collect(),
        }
    }

    pub(crate) fn keys(&self, operation: Operation) -> &Key {
        &self.keys[operation as usize]
    }

    /// The key of a time, given to the function.
    pub(crate) fn with_seconds(
        &self,
        operation: Operation,
        outcome: &'static str,
        then: impl FnOnce(&Key),
    ) {
        match outcome {
            OK => then(&self.succeeded[operation as usize]),
            _ => then(&seconds(self.store, operation, outcome)),
        }
    }
}

fn seconds(store: &'static str, operation: Operation, outcome: &'static str) -> Key {
    let more = [("operation", operation.as_str()), ("outcome", outcome)];
    Key::from_parts(STORE_SECONDS, labels(store, &more))
}

fn labels(store: &'static str, more: &[(&'static str, &'static str)]) -> Vec<Label> {
    let store = [("store", store)];
    let all = store.iter().chain(more);
    all.map(|(name, value)| Label::from_static_parts(name, value)).collect()
}
