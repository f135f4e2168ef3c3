//! Counting what a service does, in this process and for all of them: what the statistics of all
//! services are made from. Programs read those of the services.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counts at one moment, as [`statistics!`](crate::statistics) makes them.
pub trait Tally: Copy + Default {
    /// What has come since `earlier`.
    #[must_use]
    fn since(&self, earlier: &Self) -> Self;
}

/// Which counts of this process the store has not got yet.
///
/// Counting itself goes on without a lock; only those who share take turns.
#[derive(Debug, Default)]
pub struct Unshared<T> {
    shared: Mutex<T>,
    /// Whether a flush is due: set by the first event after a flush.
    dirty: AtomicBool,
}

impl<T: Tally> Unshared<T> {
    fn shared(&self) -> MutexGuard<'_, T> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called after something was counted: whether the caller should arrange a flush. True
    /// once after every flush.
    pub fn becomes_dirty(&self) -> bool {
        !self.dirty.load(Ordering::Relaxed) && !self.dirty.swap(true, Ordering::Relaxed)
    }

    /// What has not been shared yet. It counts as shared from now on, unless it is
    /// [given back](Self::give_back).
    pub fn take(&self, snapshot: impl FnOnce() -> T) -> T {
        self.dirty.store(false, Ordering::Relaxed);
        let mut shared = self.shared();
        // Read under the lock: an older snapshot than another caller's would turn `shared` back.
        let now = snapshot();
        let unshared = now.since(&shared);
        *shared = now;
        unshared
    }

    /// The store did not take them: they are shared with the next flush.
    pub fn give_back(&self, unshared: &T) {
        let mut shared = self.shared();
        *shared = shared.since(unshared);
    }
}

/// Adds to a live counter.
pub fn add(counter: &AtomicU64, count: u64) {
    if count > 0 {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

/// A time as it is counted.
#[must_use]
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Makes a service's statistics of a list of counters: one name, one field, one slot.
///
/// It gives the struct, with `to_pairs` and `since`, a private struct `Counts` of the live
/// counters, in the order of the fields, with `snapshot`, and for the service's own use
/// `to_counters` and `from_counters`, under names that begin with the prefix.
#[macro_export]
macro_rules! statistics {
    (
        $(#[$outer:meta])*
        $vis:vis struct $statistics:ident in $prefix:literal {
            $($(#[doc = $doc:literal])* $name:ident),* $(,)?
        }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        $vis struct $statistics {
            $($(#[doc = $doc])* $vis $name: u64,)*
        }

        #[derive(Debug, Default)]
        struct Counts {
            $($name: ::std::sync::atomic::AtomicU64,)*
        }

        impl Counts {
            fn snapshot(&self) -> $statistics {
                let read = |counter: &::std::sync::atomic::AtomicU64| {
                    counter.load(::std::sync::atomic::Ordering::Relaxed)
                };
                $statistics { $($name: read(&self.$name),)* }
            }
        }

        impl $statistics {
            /// What each count says, by its name, in Markdown: for references and exporters.
            $vis const DESCRIPTIONS: &[(&'static str, &'static str)] =
                &[$((stringify!($name), concat!($($doc),*)),)*];

            /// Names and counts, for tables and exporters.
            #[must_use]
            $vis fn to_pairs(self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }

            /// What has come since `earlier`.
            #[must_use]
            $vis fn since(&self, earlier: &Self) -> Self {
                Self { $($name: self.$name.saturating_sub(earlier.$name),)* }
            }

            /// Names and counts as the store's counters have them, those that are zero left out.
            pub(crate) fn to_counters(self) -> Vec<(&'static str, i64)> {
                let all = [$((concat!($prefix, stringify!($name)), self.$name),)*];
                let signed = |(name, count)| (name, i64::try_from(count).unwrap_or(i64::MAX));
                all.into_iter().filter(|(_, count)| *count > 0).map(signed).collect()
            }

            /// Reads counts by name; unknown names are ignored, missing ones are zero.
            pub(crate) fn from_counters(
                counters: &::std::collections::BTreeMap<String, i64>,
            ) -> Self {
                let read = |name| counters.get(name).map_or(0, |n| u64::try_from(*n).unwrap_or(0));
                Self { $($name: read(concat!($prefix, stringify!($name))),)* }
            }
        }

        impl $crate::stats::Tally for $statistics {
            fn since(&self, earlier: &Self) -> Self {
                Self::since(self, earlier)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::statistics! {
        /// Of this test.
        struct Statistics in "test." {
            /// Once.
            one,
            /// Twice.
            two,
        }
    }

    #[test]
    fn what_is_given_back_is_shared_next_time() {
        let (counts, unshared) = (Counts::default(), Unshared::<Statistics>::default());
        assert!(unshared.becomes_dirty() && !unshared.becomes_dirty());
        add(&counts.one, 3);
        let first = unshared.take(|| counts.snapshot());
        assert_eq!((first.one, first.two), (3, 0));
        assert_eq!(unshared.take(|| counts.snapshot()), Statistics::default());
        assert!(unshared.becomes_dirty());
        unshared.give_back(&first);
        add(&counts.two, 2);
        let second = unshared.take(|| counts.snapshot());
        assert_eq!(second.to_pairs(), [("one", 3), ("two", 2)]);
        assert_eq!(Statistics::DESCRIPTIONS, [("one", " Once."), ("two", " Twice.")]);
    }

    #[test]
    fn counters_go_and_come_back() {
        let statistics = Statistics { one: 7, two: 0 };
        assert_eq!(statistics.to_counters(), [("test.one", 7)]);
        let stored = [("test.one", 7), ("test.two", -1), ("other.two", 5)];
        let stored = stored.map(|(name, count)| (name.to_owned(), count)).into();
        assert_eq!(Statistics::from_counters(&stored), statistics);
    }
}
