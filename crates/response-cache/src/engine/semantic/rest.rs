//! A stage that keeps failing is left alone for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row that bring it about.
const FAILURES: u32 = 3;
const LENGTH: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Rest(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    until: Option<Instant>,
}

impl Rest {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_on(&self) -> bool {
        self.state().until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// Says whether a rest begins. After one, a single failure brings the next.
    pub(super) fn failed(&self) -> bool {
        let mut state = self.state();
        state.failures += 1;
        let begins = state.failures >= FAILURES;
        if begins {
            state.until = Some(Instant::now() + LENGTH);
        }
        begins
    }
}
