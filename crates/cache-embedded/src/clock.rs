//! The wall clock, which all processes of a machine share.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache_core::Ttl;

/// Milliseconds since 1970: what expiry is counted in.
pub(crate) fn millis() -> i64 {
    i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX)
}

/// Microseconds since 1970: what the order of use is kept in.
pub(crate) fn micros() -> i64 {
    i64::try_from(since_epoch().as_micros()).unwrap_or(i64::MAX)
}

/// The first millisecond at which an entry written `now` is gone; `None` is never.
pub(crate) fn expiry(now: i64, ttl: Ttl) -> Option<i64> {
    ttl.as_millis().map(|millis| after(now, millis))
}

/// A number of milliseconds after `now`.
pub(crate) fn after(now: i64, millis: u64) -> i64 {
    now.saturating_add(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
