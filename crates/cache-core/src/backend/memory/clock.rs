//! The clock by which entries in memory end. Every hit asks it, so it is a cheap one: of the system's
//! monotonic clock the form that moves in ticks (1 to 10 ms), where there is such. A clock that is
//! read to the nanosecond takes a fifth of a hit.

use std::time::{Duration, Instant};

/// The end of an entry. It is noticed up to a tick late.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(Duration);

impl Moment {
    /// So long from now; `None` beyond the clock's range.
    pub(super) fn after(life: Duration) -> Option<Self> {
        system::exactly().checked_add(life).map(Self)
    }

    /// The moment of an instant. One that is over has come at once.
    pub(super) fn at(instant: Instant) -> Option<Self> {
        match instant.checked_duration_since(Instant::now()) {
            Some(life) => Self::after(life),
            None => Some(Self(Duration::ZERO)),
        }
    }

    pub(super) fn has_come(self) -> bool {
        self.0 <= system::roughly()
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

    /// Counted from before the first entry, so that zero has always come.
    pub(super) fn exactly() -> Duration {
        START.elapsed()
    }

    pub(super) use exactly as roughly;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_comes_in_time_and_a_tick_later_at_most() {
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
        assert!(Moment::at(now).unwrap().has_come());
        assert!(!Moment::at(now + Duration::from_secs(60)).unwrap().has_come());
        assert!(Moment::after(Duration::MAX).is_none());
    }
}
