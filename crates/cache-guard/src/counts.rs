//! Counting what went wrong, and saying it once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache_core::{CacheError, ErrorKind};

use crate::breaker::Change;
use crate::{Operation, QueueSnapshot};

/// The same failure is logged again after this time at the earliest.
const SAID: Duration = Duration::from_secs(60);

/// What a guard has seen, since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuardSnapshot {
    /// Calls that failed, by operation and cause, in a fixed order. A call that was over its budget
    /// is a [`Timeout`](ErrorKind::Timeout), whatever became of it later.
    pub failures: Vec<Failures>,
    /// Calls that were not made since the store was left alone, by operation.
    pub refused: Vec<(Operation, u64)>,
    /// How often a breaker has opened.
    pub opened: u64,
    /// How often a breaker has closed again.
    pub closed: u64,
    /// The queue of writes, where there is one.
    pub queue: Option<QueueSnapshot>,
}

impl GuardSnapshot {
    /// Failed calls, of all operations and causes.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.iter().map(|failures| failures.count).sum()
    }

    /// Calls that were not made, of all operations.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.refused.iter().map(|(_, count)| count).sum()
    }
}

/// Failed calls of one operation for one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failures {
    /// What was done.
    pub operation: Operation,
    /// Why it failed.
    pub kind: ErrorKind,
    /// How often.
    pub count: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    failures: HashMap<(Operation, ErrorKind), Seen>,
    refused: HashMap<Operation, u64>,
    opened: u64,
    closed: u64,
}

#[derive(Debug)]
struct Seen {
    count: u64,
    said_at: Instant,
}

impl Counts {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a failed call, and logs it unless one like it was logged lately.
    pub(crate) fn failed(&self, operation: Operation, error: &CacheError) {
        if self.inner().count(operation, error.kind(), Instant::now()) {
            tracing::warn!(
                operation = operation.as_str(),
                kind = error.kind().as_str(),
                %error,
                "a call of the cache store failed; the like of it are counted for a minute, not logged"
            );
        }
    }

    pub(crate) fn refused(&self, operation: Operation) {
        *self.inner().refused.entry(operation).or_default() += 1;
    }

    pub(crate) fn changed(&self, change: Change) {
        let mut inner = self.inner();
        match change {
            Change::Opened(_) => inner.opened += 1,
            Change::Closed => inner.closed += 1,
        }
    }

    pub(crate) fn snapshot(&self, queue: Option<QueueSnapshot>) -> GuardSnapshot {
        let inner = self.inner();
        let failures = inner.failures.iter().map(|(&(operation, kind), seen)| Failures {
            operation,
            kind,
            count: seen.count,
        });
        let mut failures: Vec<_> = failures.collect();
        failures.sort_by_key(|failures| (failures.operation, failures.kind.as_str()));
        let mut refused: Vec<_> = inner.refused.iter().map(|(op, count)| (*op, *count)).collect();
        refused.sort_unstable();
        GuardSnapshot { failures, refused, opened: inner.opened, closed: inner.closed, queue }
    }
}

impl Inner {
    /// Counts one; says whether it is to be logged.
    fn count(&mut self, operation: Operation, kind: ErrorKind, now: Instant) -> bool {
        match self.failures.entry((operation, kind)) {
            Entry::Vacant(vacant) => {
                vacant.insert(Seen { count: 1, said_at: now });
                true
            }
            Entry::Occupied(mut seen) => {
                let seen = seen.get_mut();
                seen.count += 1;
                let due = now.saturating_duration_since(seen.said_at) >= SAID;
                if due {
                    seen.said_at = now;
                }
                due
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_is_said_once_a_minute() {
        let (mut inner, now) = (Inner::default(), Instant::now());
        assert!(inner.count(Operation::Get, ErrorKind::Timeout, now));
        assert!(!inner.count(Operation::Get, ErrorKind::Timeout, now + SAID / 2));
        assert!(inner.count(Operation::Put, ErrorKind::Timeout, now));
        assert!(inner.count(Operation::Get, ErrorKind::Full, now));
        assert!(inner.count(Operation::Get, ErrorKind::Timeout, now + SAID));
        assert_eq!(inner.failures[&(Operation::Get, ErrorKind::Timeout)].count, 3);
    }
}
