//! The clocks by which entries in memory end. Every hit asks one, so the usual one is cheap: of the
//! system's monotonic clock the form that moves in ticks, where there is such. A clock that is read to
//! the nanosecond takes a fifth of a hit.

use std::time::{Duration, Instant};

/// The end of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    /// Noticed when a tick comes: of a kernel's usual ones 1 to 10 ms late.
    Roughly(Duration),
    /// Noticed at once.
    Exactly(Instant),
}

impl Moment {
    /// So long from now, roughly; `None` beyond the clock's range.
    pub(super) fn after(life: Duration) -> Option<Self> {
        system::exactly().checked_add(life).map(Self::Roughly)
    }

    pub(super) fn has_come(self) -> bool {
        match self {
            Self::Roughly(end) => end <= system::roughly(),
            Self::Exactly(end) => end <= Instant::now(),
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn exactly() -> Duration {
        read(ClockId::Monotonic)
    }

    pub(super) fn roughly() -> Duration {
        read(ClockId::MonotonicCoarse)
    }

    /// Counted from the start of the system: never negative.
    fn read(clock: ClockId) -> Duration {
        Duration::try_from(clock_gettime(clock)).unwrap_or(Duration::ZERO)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn exactly() -> Duration {
        START.elapsed()
    }

    pub(super) use exactly as roughly;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_comes_and_not_too_early() {
        let life = Duration::from_millis(30);
        let (start, moment) = (Instant::now(), Moment::after(life).unwrap());
        while !moment.has_come() {
            assert!(start.elapsed() < Duration::from_secs(10), "time stands still");
        }
        assert!(start.elapsed() >= life);
    }

    #[test]
    fn what_is_over_has_come() {
        let now = Instant::now();
        assert!(Moment::Exactly(now).has_come());
        assert!(!Moment::Exactly(now + Duration::from_secs(60)).has_come());
        assert!(Moment::after(Duration::MAX).is_none());
    }
}
