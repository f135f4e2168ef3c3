//! One deployment's manners, shared by everybody who asks it.

mod allowance;
mod bucket;
mod pace;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::time::{Instant, sleep_until, timeout_at};

use state::{State, Wait};

/// What the caller knows of a deployment's quota. Both are optional: without them the service's
/// headers and refusals are obeyed all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests per minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens per minute, as the provider counts them.
    pub tokens_per_minute: Option<u32>,
}

impl RateLimit {
    /// Allows so many requests per minute, evenly after a burst of one second's worth; zero counts
    /// as one.
    #[must_use]
    pub fn with_requests_per_minute(mut self, requests: u32) -> Self {
        self.requests_per_minute = Some(requests.max(1));
        self
    }

    /// Allows so many tokens per minute; zero counts as one. A request of more tokens than a minute
    /// has is sent when the minute is full.
    #[must_use]
    pub fn with_tokens_per_minute(mut self, tokens: u32) -> Self {
        self.tokens_per_minute = Some(tokens.max(1));
        self
    }
}

/// Lets requests start, in the order in which they asked, as the service bears them.
///
/// It knows four things, and the strictest counts: the configured rate; what the service's headers
/// say is left; the pause after a refusal, which holds for everybody; and after a refusal a pace,
/// measured on what the service had accepted, that quickens slowly.
#[derive(Default)]
pub(super) struct Limiter {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Whoever holds it is the next to start; it is a fair queue.
    turn: tokio::sync::Mutex<()>,
}

/// A request under way. Dropping it, in whatever way the request ended, takes it off the books.
pub(super) struct Permit {
    shared: Arc<Shared>,
    tokens: u64,
    started: Instant,
}

/// The request cannot start in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLate {
    /// How much longer the service wants to be left alone, when it said so.
    pub(super) pause: Option<Duration>,
}

impl Limiter {
    pub(super) fn set_rate(&self, rate: RateLimit) {
        self.shared.state().set_rate(rate, Instant::now());
    }

    /// Waits for a start. Fails at once when it could only come after the deadline, or when the
    /// service wants to be left alone for longer than `longest`.
    pub(super) async fn acquire(
        &self,
        tokens: u64,
        deadline: Instant,
        longest: Duration,
    ) -> Result<Permit, TooLate> {
        // Without queueing behind those who have more time.
        self.shared.check_pause(deadline, longest)?;
        let Ok(_turn) = timeout_at(deadline, self.shared.turn.lock()).await else {
            return Err(TooLate { pause: self.shared.state().pause(Instant::now()) });
        };
        loop {
            self.shared.check_pause(deadline, longest)?;
            let now = Instant::now();
            // Bound first, so that the lock is not held while waiting.
            let start = self.shared.state().start(tokens, now);
            match start {
                Ok(()) => break,
                Err(Wait(until)) if until > deadline => return Err(TooLate { pause: None }),
                Err(Wait(until)) => sleep_until(until).await,
            }
        }
        Ok(Permit { shared: Arc::clone(&self.shared), tokens, started: Instant::now() })
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_pause(&self, deadline: Instant, longest: Duration) -> Result<(), TooLate> {
        let now = Instant::now();
        match self.state().pause(now) {
            Some(pause) if pause > longest || now + pause > deadline => {
                Err(TooLate { pause: Some(pause) })
            }
            _ => Ok(()),
        }
    }
}

impl Permit {
    /// The service took the request.
    pub(super) fn accepted(&self, headers: &HeaderMap) {
        self.shared.state().accepted(headers, Instant::now());
    }

    /// The service refused the request because there were too many (HTTP 429), and maybe said when to
    /// come back.
    pub(super) fn throttled(&self, delay: Option<Duration>, headers: &HeaderMap) {
        self.shared.state().throttled(self.started, delay, headers, Instant::now());
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.state().ended(self.tokens);
    }
}
