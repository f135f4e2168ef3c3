//! Counting what a service does, in this process and for all of them: what the statistics of all
//! services are made from. Programs read those of the services.

mod shared;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use shared::{Live, SharedCounts};

/// Counts at one moment, as [`statistics!`](crate::statistics) makes them.
pub trait Tally: Copy + Default + Send + Sync + 'static {
    /// What has come since `earlier`.
    #[must_use]
    fn since(&self, earlier: &Self) -> Self;

    /// Names and counts as the store's counters have them, those that are zero left out.
    fn to_counters(&self) -> Vec<(&'static str, i64)>;
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

/// Picodollars (10⁻¹² US dollars) in US dollars.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "an amount for people")]
pub fn dollars(picodollars: u64) -> f64 {
    picodollars as f64 / 1e12
}

/// Makes a service's statistics of a list of counters: one name, one field, one slot.
///
/// It gives the struct, a [`Tally`](crate::stats::Tally) with `to_pairs` and `since`, a private
/// struct `Counts` of the live counters, in the order of the fields, with `snapshot`, and for the
/// service's own use `from_counters`. The store has the counts under names that begin with the
/// prefix.
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

            fn to_counters(&self) -> Vec<(&'static str, i64)> {
                let all = [$((concat!($prefix, stringify!($name)), self.$name),)*];
                let signed = |(name, count)| (name, i64::try_from(count).unwrap_or(i64::MAX));
                all.into_iter().filter(|(_, count)| *count > 0).map(signed).collect()
            }
        }
    };
}

#[cfg(test)]
mod tests;
