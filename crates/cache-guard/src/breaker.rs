//! A circuit breaker: a state machine without a clock or a runtime of its own.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache_core::ErrorKind;

use crate::BreakerOptions;

/// Failures are counted in windows of so long.
const WINDOW: Duration = Duration::from_secs(10);

/// A breaker that opens again within this time goes on with its pauses where it was.
const RELAPSE: Duration = Duration::from_secs(5);

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Calls go through.
    #[default]
    Closed,
    /// Calls fail at once.
    Open,
    /// One call has been let through to try; the others fail at once.
    HalfOpen,
}

impl BreakerState {
    /// A short, stable label for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// What the outcome of a call says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Healthy,
    Ill(ErrorKind),
    /// Nothing.
    Unknown,
}

/// The right to make one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    epoch: u64,
    /// The call tries whether the breaker may close.
    pub(crate) probe: bool,
}

/// No call now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Why the breaker opened.
    pub(crate) cause: ErrorKind,
    /// When it is worth asking again.
    pub(crate) pause: Duration,
}

/// What an outcome changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Opened(ErrorKind),
    Closed,
}

#[derive(Debug)]
pub(crate) struct Breaker {
    options: BreakerOptions,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    /// Counts changes of state: what began before a change says nothing after it.
    epoch: u64,
    /// How often in a row the pause was doubled.
    level: u32,
    closed_at: Option<Instant>,
}

#[derive(Debug)]
enum State {
    Closed(Tally),
    Open { until: Instant, cause: ErrorKind },
    HalfOpen { cause: ErrorKind },
}

#[derive(Debug, Default)]
struct Tally {
    in_a_row: u32,
    since: Option<Instant>,
    calls: u32,
    failures: u32,
}

impl Breaker {
    pub(crate) fn new(options: BreakerOptions) -> Self {
        let inner =
            Inner { state: State::Closed(Tally::default()), epoch: 0, level: 0, closed_at: None };
        Self { options, inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.inner().state {
            State::Closed(_) => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Lets a call through, or says why not. Of the calls after a pause one gets through.
    pub(crate) fn admit(&self, now: Instant) -> Result<Pass, Refusal> {
        let mut inner = self.inner();
        match inner.state {
            State::Closed(_) => Ok(Pass { epoch: inner.epoch, probe: false }),
            State::Open { until, cause } if until <= now => {
                inner.enter(State::HalfOpen { cause });
                Ok(Pass { epoch: inner.epoch, probe: true })
            }
            State::Open { until, cause } => Err(Refusal { cause, pause: until - now }),
            State::HalfOpen { cause } => Err(Refusal { cause, pause: self.options.first_pause }),
        }
    }

    /// Whether a call would be refused now; changes nothing.
    pub(crate) fn refuses(&self, now: Instant) -> Option<Refusal> {
        match self.inner().state {
            State::Open { until, cause } if until > now => {
                Some(Refusal { cause, pause: until - now })
            }
            _ => None,
        }
    }

    /// Takes note of how a call went that was let through.
    pub(crate) fn record(&self, pass: Pass, verdict: Verdict, now: Instant) -> Option<Change> {
        let mut inner = self.inner();
        if pass.epoch != inner.epoch {
            return None;
        }
        match (&mut inner.state, verdict) {
            (State::Closed(tally), verdict) => {
                let cause = tally.count(verdict, now, &self.options)?;
                let relapse = inner.closed_at.is_some_and(|at| now < at + RELAPSE);
                inner.level = if relapse { inner.level + 1 } else { 0 };
                self.open(&mut inner, cause, now);
                Some(Change::Opened(cause))
            }
            (State::HalfOpen { .. }, Verdict::Healthy) => {
                inner.closed_at = Some(now);
                inner.enter(State::Closed(Tally::default()));
                Some(Change::Closed)
            }
            (State::HalfOpen { .. }, Verdict::Ill(cause)) => {
                inner.level += 1;
                self.open(&mut inner, cause, now);
                None
            }
            (&mut State::HalfOpen { cause }, Verdict::Unknown) => {
                inner.enter(State::Open { until: now, cause }); // The next one tries.
                None
            }
            (State::Open { .. }, _) => None, // Nothing is let through under this epoch.
        }
    }

    fn open(&self, inner: &mut Inner, cause: ErrorKind, now: Instant) {
        let doubled = self.options.first_pause.saturating_mul(1 << inner.level.min(16));
        let pause = doubled.min(self.options.longest_pause).mul_f64(0.5 + 0.5 * random());
        inner.enter(State::Open { until: now + pause, cause });
    }
}

impl Inner {
    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }
}

impl Tally {
    /// Counts one call; gives the cause when that was one failure too many.
    fn count(
        &mut self,
        verdict: Verdict,
        now: Instant,
        options: &BreakerOptions,
    ) -> Option<ErrorKind> {
        let cause = match verdict {
            Verdict::Unknown => return None,
            Verdict::Healthy => None,
            Verdict::Ill(cause) => Some(cause),
        };
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) > WINDOW {
            (self.since, self.calls, self.failures) = (Some(now), 0, 0);
        }
        self.calls = self.calls.saturating_add(1);
        let Some(cause) = cause else {
            self.in_a_row = 0;
            return None;
        };
        self.in_a_row += 1;
        self.failures += 1;
        let too_many = self.calls >= options.at_least
            && f64::from(self.failures) >= options.ratio * f64::from(self.calls);
        (self.in_a_row >= options.consecutive || too_many).then_some(cause)
    }
}

/// From 0 to 1, other in every process: the standard hasher is seeded by the operating system.
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(bits >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ILL: Verdict = Verdict::Ill(ErrorKind::Timeout);

    fn breaker() -> (Breaker, Instant) {
        (Breaker::new(BreakerOptions::default()), Instant::now())
    }

    fn call(breaker: &Breaker, verdict: Verdict, now: Instant) -> Option<Change> {
        let pass = breaker.admit(now).expect("the breaker lets calls through");
        breaker.record(pass, verdict, now)
    }

    fn opened(breaker: &Breaker, now: Instant) {
        for _ in 0..4 {
            assert_eq!(call(breaker, ILL, now), None);
        }
        assert_eq!(call(breaker, ILL, now), Some(Change::Opened(ErrorKind::Timeout)));
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_begins_anew() {
        let (breaker, now) = breaker();
        for _ in 0..4 {
            call(&breaker, ILL, now);
        }
        call(&breaker, Verdict::Unknown, now);
        call(&breaker, Verdict::Healthy, now);
        opened(&breaker, now);
        assert_eq!(breaker.state(), BreakerState::Open);
        let refusal = breaker.admit(now).unwrap_err();
        assert_eq!(refusal.cause, ErrorKind::Timeout);
        assert!(refusal.pause >= Duration::from_millis(50), "{refusal:?}");
        assert!(refusal.pause <= Duration::from_millis(100), "{refusal:?}");
    }

    #[test]
    fn half_of_the_calls_failing_opens_it() {
        let (breaker, now) = breaker();
        for _ in 0..9 {
            assert_eq!(call(&breaker, Verdict::Healthy, now), None);
            assert_eq!(call(&breaker, ILL, now), None, "too few calls to tell");
        }
        call(&breaker, Verdict::Healthy, now);
        assert!(call(&breaker, ILL, now).is_some());
    }

    #[test]
    fn failures_of_an_earlier_window_do_not_count() {
        let (breaker, now) = breaker();
        for second in 0..60 {
            let now = now + Duration::from_secs(second);
            call(&breaker, ILL, now);
            call(&breaker, Verdict::Healthy, now);
            call(&breaker, Verdict::Healthy, now);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn one_call_tries_and_its_success_closes() {
        let (breaker, now) = breaker();
        opened(&breaker, now);
        let later = now + Duration::from_millis(100);
        let probe = breaker.admit(later).unwrap();
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(breaker.admit(later).is_err(), "one at a time");
        assert_eq!(breaker.record(probe, Verdict::Healthy, later), Some(Change::Closed));
        assert_eq!(call(&breaker, Verdict::Healthy, later), None);
    }

    #[test]
    fn a_failed_try_doubles_the_pause_up_to_the_longest() {
        let (breaker, mut now) = breaker();
        opened(&breaker, now);
        for longest in [100, 200, 400, 500, 500] {
            let pause = breaker.admit(now).unwrap_err().pause;
            let longest = Duration::from_millis(longest);
            assert!(pause >= longest / 2 && pause <= longest, "{pause:?} of {longest:?}");
            now += pause;
            let probe = breaker.admit(now).unwrap();
            assert_eq!(breaker.record(probe, ILL, now), None, "it is the same outage");
        }
    }

    #[test]
    fn a_try_that_says_nothing_leaves_it_to_the_next() {
        let (breaker, now) = breaker();
        opened(&breaker, now);
        let later = now + Duration::from_millis(100);
        let probe = breaker.admit(later).unwrap();
        breaker.record(probe, Verdict::Unknown, later);
        assert!(breaker.admit(later).is_ok());
    }

    #[test]
    fn what_began_before_a_change_says_nothing_after_it() {
        let (breaker, now) = breaker();
        let early = breaker.admit(now).unwrap();
        opened(&breaker, now);
        assert_eq!(breaker.record(early, Verdict::Healthy, now), None);
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[test]
    fn a_relapse_goes_on_with_the_pauses() {
        let (breaker, now) = breaker();
        opened(&breaker, now);
        let now = now + Duration::from_millis(100);
        call(&breaker, Verdict::Healthy, now);
        opened(&breaker, now);
        assert!(breaker.admit(now).unwrap_err().pause >= Duration::from_millis(100));
    }
}
