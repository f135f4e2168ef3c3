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
//! stays its answer for ever. Its cluster client is not used either: its pipelines are of one slot,
//! and it waits and repeats by rules of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache_core::CacheError;
use tokio::sync::watch;

use super::{Dialer, Failure, Greeting, Live, Wanted};
use crate::address::Endpoint;
use crate::error;
use crate::topology::Sentinels;

const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Which server a connection is to.
pub(crate) enum Place {
    /// This one, whatever it is.
    Fixed(Endpoint),
    /// This node of a cluster; whether it is to answer readings as a replica, too.
    Node(Endpoint, bool),
    /// The one that the Sentinels call the primary at the time.
    Sentinel(Arc<Sentinels>),
}

/// Makes the connection and keeps it.
pub(crate) struct Connector {
    dialer: Arc<Dialer>,
    place: Place,
    location: String,
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
    reason: Failure,
    failures: u32,
    next_attempt: Instant,
}

impl Connector {
    /// Connects to nothing yet.
    pub(crate) fn new(dialer: Arc<Dialer>, place: Place) -> Self {
        let location = match &place {
            Place::Fixed(endpoint) | Place::Node(endpoint, _) => dialer.location(endpoint),
            Place::Sentinel(sentinels) => sentinels.location().to_owned(),
        };
        Self { dialer, place, location, state: Mutex::new(State::Idle) }
    }

    /// The server's URL without the password.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// The server's address, where it is always the same.
    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        match &self.place {
            Place::Fixed(endpoint) | Place::Node(endpoint, _) => Some(endpoint),
            Place::Sentinel(_) => None,
        }
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
                Err(reason) => return Err(CacheError::from(&reason)),
            }
        }
    }

    /// The connection if there is one; otherwise one is being made, for those who come later.
    pub(crate) fn ready(self: &Arc<Self>) -> Option<Arc<Live>> {
        match self.way(false) {
            Ok(Way::Open(live)) => Some(live),
            Ok(Way::Wait(_)) | Err(_) => None,
        }
    }

    /// The connection if there is one.
    pub(crate) fn standing(&self) -> Option<Arc<Live>> {
        match &*self.state() {
            State::Up(live) => Some(Arc::clone(live)),
            _ => None,
        }
    }

    /// Forgets a connection. Calls that still wait on it get their answers.
    pub(crate) fn discard(&self, live: &Arc<Live>) {
        let mut state = self.state();
        if matches!(&*state, State::Up(current) if Arc::ptr_eq(current, live)) {
            *state = State::Idle;
        }
    }

    /// Forgets whatever connection or failure there is: the server is another one now.
    pub(crate) fn start_over(&self) {
        let mut state = self.state();
        if !matches!(&*state, State::Connecting(_)) {
            *state = State::Idle;
        }
    }

    /// Takes note of an answer of a form that its command does not have. On a connection on which
    /// a byte was lost, answers may belong to other calls from then on, for ever. A young one is
    /// spared, as in [`Live::answered`].
    pub(crate) fn distrust(&self) {
        let mut state = self.state();
        if matches!(&*state, State::Up(live) if !live.is_young()) {
            *state = State::Idle;
        }
    }

    /// Forgets a connection and makes no other for a moment, as after a failed attempt.
    pub(crate) fn rest(&self, live: &Arc<Live>, reason: Failure) {
        let mut state = self.state();
        if matches!(&*state, State::Up(current) if Arc::ptr_eq(current, live)) {
            *state = State::Down(Outage::new(reason, u32::MAX));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, or the running attempt to make one, begun now if it is time; or why the
    /// last one failed. Who has waited for an attempt takes its outcome.
    fn way(self: &Arc<Self>, waited: bool) -> Result<Way, Failure> {
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

    async fn connect(self: &Arc<Self>, failures: u32) {
        let outcome = match tokio::time::timeout(self.dialer.timeout(), self.reach()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(error::connect_timeout(&self.location)),
        };
        *self.state() = match outcome {
            Ok(live) => {
                tracing::debug!(server = %self.location, failures, "connected");
                State::Up(Arc::new(live))
            }
            Err(error) => {
                if failures == 0 {
                    tracing::warn!(server = %self.location, %error, "cannot connect");
                }
                State::Down(Outage::new(error.into(), failures.saturating_add(1)))
            }
        };
    }

    /// A connection to the server that is meant.
    async fn reach(self: &Arc<Self>) -> Result<Live, CacheError> {
        match &self.place {
            Place::Fixed(endpoint) => {
                let opened = self.dialer.open(endpoint, &Wanted::default()).await?;
                let greeting = Greeting::of(&opened).await;
                Ok(Live::new(opened, greeting))
            }
            Place::Node(endpoint, replica) => {
                let wanted = Wanted { replica: *replica, ..Wanted::default() };
                let opened = self.dialer.open(endpoint, &wanted).await?;
                Ok(Live::new(opened, Greeting::default()))
            }
            Place::Sentinel(sentinels) => {
                let live = sentinels.reach_primary(&self.dialer).await?;
                sentinels.follow(self);
                Ok(live)
            }
        }
    }
}

impl Outage {
    fn new(reason: Failure, failures: u32) -> Self {
        let doubled = FIRST_BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(10));
        Self { reason, failures, next_attempt: Instant::now() + doubled.min(MAX_BACKOFF) }
    }
}
