//! The life of one connection on which a server tells what changes.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;

/// `vouched_until` of a session that is over. It stays so.
const OVER: u64 = 0;
/// Of one that has not vouched for anything yet.
const NOT_YET: u64 = 1;

/// One connection from the moment that tracking is on until it is lost, or the time during which a
/// server refuses to track.
pub(crate) struct Session {
    vouched_until: AtomicU64,
    /// So many of the wanted prefixes are tracked, the first ones.
    prefixes: AtomicUsize,
    /// None where the server refuses.
    connection: Option<MultiplexedConnection>,
}

impl Session {
    /// With a server that tells.
    pub(super) fn telling(connection: MultiplexedConnection) -> Self {
        let prefixes = AtomicUsize::new(0);
        Self { vouched_until: AtomicU64::new(NOT_YET), prefixes, connection: Some(connection) }
    }

    /// With a server that refuses to tell. It vouches for everything: what is kept must end in time
    /// by itself.
    pub(super) fn mute() -> Self {
        Self {
            vouched_until: AtomicU64::new(u64::MAX),
            prefixes: AtomicUsize::new(usize::MAX),
            connection: None,
        }
    }

    /// Whether what was read during it may be used now.
    pub(crate) fn vouches(&self) -> bool {
        nanos(Instant::now()) < self.vouched_until.load(Ordering::Acquire)
    }

    /// Whether the server tells what changes.
    pub(crate) fn tells(&self) -> bool {
        self.connection.is_some()
    }

    /// The connection, on which reading means to be told of what was read where keys are tracked
    /// one by one. None with a server that refuses.
    pub(crate) fn connection(&self) -> Option<MultiplexedConnection> {
        self.connection.clone()
    }

    /// Whether changes under the prefix of this number are told.
    pub(crate) fn tracks(&self, prefix: usize) -> bool {
        prefix < self.prefixes.load(Ordering::Acquire)
    }

    pub(super) fn set_tracked(&self, prefixes: usize) {
        self.prefixes.store(prefixes, Ordering::Release);
    }

    /// All changes up to `at` have been told; that is enough for so long after it.
    pub(super) fn vouch(&self, at: Instant, for_so_long: Duration) {
        let until = nanos(at.checked_add(for_so_long).unwrap_or(at)).max(NOT_YET);
        let later = |known| (known != OVER).then_some(until);
        // Fails when it is over, which then stays so.
        let _ = self.vouched_until.fetch_update(Ordering::AcqRel, Ordering::Acquire, later);
    }

    /// Ends it; says whether it had not ended before.
    pub(super) fn end(&self) -> bool {
        self.vouched_until.swap(OVER, Ordering::AcqRel) != OVER
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("vouches", &self.vouches())
            .field("tells", &self.tells())
            .finish_non_exhaustive()
    }
}

/// Nanoseconds since this was first called: enough for 500 years.
fn nanos(at: Instant) -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    // A second back, so that no time is one of the two marks.
    let start = *START.get_or_init(|| at.checked_sub(Duration::from_secs(1)).unwrap_or(at));
    u64::try_from(at.saturating_duration_since(start).as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_vouches_for_a_time_and_never_after_its_end() {
        let session = Session {
            vouched_until: AtomicU64::new(NOT_YET),
            prefixes: AtomicUsize::new(0),
            connection: None,
        };
        assert!(!session.vouches(), "nothing was told yet");
        session.vouch(Instant::now(), Duration::from_secs(60));
        assert!(session.vouches());
        let past = Instant::now().checked_sub(Duration::from_millis(20)).unwrap();
        session.vouch(past, Duration::from_millis(10));
        assert!(!session.vouches(), "that was too long ago");
        session.vouch(Instant::now(), Duration::from_secs(60));
        assert!(session.end() && !session.vouches());
        session.vouch(Instant::now(), Duration::from_secs(60));
        assert!(!session.vouches() && !session.end(), "a late answer revived it");
    }

    #[test]
    fn prefixes_are_tracked_in_their_order() {
        let session = Session::mute();
        session.set_tracked(2);
        assert!(session.tracks(0) && session.tracks(1) && !session.tracks(2));
    }
}
