//! One connection to one server, made again when it is lost.
//!
//! The connection is made by a task of its own, so that a caller who gives up early does not take
//! the attempt with it, and all who wait share its outcome. While the server is down, attempts are
//! spaced (50 ms, doubling up to a second); calls in between fail at once with the last reason
//! instead of queueing up.
//!
//! The client library's own `ConnectionManager` is not used: while it retries, calls wait for its
//! whole backoff; without retries, the first call after an outage gets the failure of the last one
//! within it; and an attempt that fails with anything but an I/O error (a refused `AUTH`, say)
//! stays its answer for ever.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache_core::CacheError;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Value};
use tokio::sync::watch;

use crate::RedisConfig;
use crate::address::Address;
use crate::error::{self, Phase};

const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// After so many calls in a row without an answer, a connection is taken for dead: a host that
/// vanished closes nothing, and the system would go on trying for a quarter of an hour.
const TIMEOUTS_OF_A_DEAD_CONNECTION: u32 = 3;

/// Calls that may queue at one connection before callers wait for a place.
const QUEUE: usize = 512;

/// Makes the connection and keeps it.
pub(crate) struct Connector {
    client: Client,
    location: String,
    settings: AsyncConnectionConfig,
    state: Mutex<State>,
}

enum State {
    Idle,
    /// The channel closes when the attempt is over.
    Connecting(watch::Receiver<()>),
    Up(Arc<Live>),
    Down(Outage),
}

enum Way {
    Open(Arc<Live>),
    Wait(watch::Receiver<()>),
}

struct Outage {
    reason: RedisError,
    failures: u32,
    next_attempt: Instant,
}

impl Connector {
    /// Checks the configuration and connects to nothing yet.
    pub(crate) fn new(config: &RedisConfig) -> Result<Self, CacheError> {
        let Address { client, location } = Address::new(config)?;
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(config.connect_timeout))
            .set_response_timeout(None) // the link's affair
            .set_pipeline_buffer_size(QUEUE);
        Ok(Self { client, location, settings, state: Mutex::new(State::Idle) })
    }

    /// The URL without the password.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// The connection, made if there is none, within the connect timeout.
    pub(crate) async fn live(self: &Arc<Self>) -> Result<Arc<Live>, CacheError> {
        let mut waited = false;
        loop {
            match self.way(waited) {
                Ok(Way::Open(live)) => return Ok(live),
                Ok(Way::Wait(mut attempt)) => {
                    // Nothing is ever sent: the channel closes.
                    let _ = attempt.changed().await;
                    waited = true;
                }
                Err(reason) => {
                    return Err(error::of_connection(&reason, &self.location, Phase::Connecting));
                }
            }
        }
    }

    /// Forgets a connection. Calls that still wait on it get their answers.
    pub(crate) fn discard(&self, live: &Arc<Live>) {
        let mut state = self.state();
        if matches!(&*state, State::Up(current) if Arc::ptr_eq(current, live)) {
            *state = State::Idle;
        }
    }

    /// Takes note of an answer of a form that its command does not have. On a connection on which
    /// a byte was lost, answers may belong to other calls from then on, for ever. A young one is
    /// spared, as in [`Live::answered`].
    pub(crate) fn distrust(&self) {
        let mut state = self.state();
        if matches!(&*state, State::Up(live) if live.since.elapsed() >= MAX_BACKOFF) {
            *state = State::Idle;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, or the running attempt to make one, begun now if it is time; or why the
    /// last one failed. Who has waited for an attempt takes its outcome.
    fn way(self: &Arc<Self>, waited: bool) -> Result<Way, RedisError> {
        let mut state = self.state();
        let failures = match &*state {
            State::Up(live) => return Ok(Way::Open(Arc::clone(live))),
            // A closed channel with the state unchanged: the attempt's runtime was shut down.
            State::Connecting(attempt) if attempt.has_changed().is_ok() => {
                return Ok(Way::Wait(attempt.clone()));
            }
            State::Down(outage) if waited || Instant::now() < outage.next_attempt => {
                return Err(outage.reason.clone());
            }
            State::Down(outage) => outage.failures,
            State::Idle | State::Connecting(_) => 0,
        };
        let (done, attempt) = watch::channel(());
        *state = State::Connecting(attempt.clone());
        drop(state);
        let connector = Arc::clone(self);
        tokio::spawn(async move {
            connector.connect(failures).await;
            drop(done);
        });
        Ok(Way::Wait(attempt))
    }

    async fn connect(&self, failures: u32) {
        let outcome =
            self.client.get_multiplexed_async_connection_with_config(&self.settings).await;
        *self.state() = match outcome {
            Ok(connection) => {
                tracing::debug!(server = %self.location, failures, "connected");
                State::Up(Arc::new(Live::new(connection)))
            }
            Err(reason) => {
                if failures == 0 {
                    let error = error::of_connection(&reason, &self.location, Phase::Connecting);
                    tracing::warn!(server = %self.location, %error, "cannot connect");
                }
                State::Down(Outage::new(reason, failures.saturating_add(1)))
            }
        };
    }
}

impl Outage {
    fn new(reason: RedisError, failures: u32) -> Self {
        let doubled = FIRST_BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(10));
        Self { reason, failures, next_attempt: Instant::now() + doubled.min(MAX_BACKOFF) }
    }
}

/// A connection that was made.
pub(crate) struct Live {
    connection: MultiplexedConnection,
    since: Instant,
    timeouts: AtomicU32,
}

impl Live {
    fn new(connection: MultiplexedConnection) -> Self {
        Self { connection, since: Instant::now(), timeouts: AtomicU32::new(0) }
    }

    /// A handle to send with.
    pub(crate) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    /// Takes note of an answer; says whether it asks for another connection. After a failover the
    /// address may lead to another server, and after a change of passwords only a new connection
    /// authenticates. In place of a young one, another would not help: a lasting misconfiguration
    /// must not mean a connection for every call.
    pub(crate) fn answered(&self, replies: &[Value]) -> bool {
        self.timeouts.store(0, Ordering::Relaxed);
        let asks = |reply: &Value| matches!(reply, Value::ServerError(error) if matches!(error.code(), "READONLY" | "NOAUTH"));
        replies.iter().any(asks) && self.since.elapsed() >= MAX_BACKOFF
    }

    /// Takes note of a call without an answer; says whether the connection is to be given up.
    pub(crate) fn timed_out(&self) -> bool {
        self.timeouts.fetch_add(1, Ordering::Relaxed) + 1 >= TIMEOUTS_OF_A_DEAD_CONNECTION
    }
}
