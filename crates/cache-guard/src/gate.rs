//! Who may call the store now: one breaker for the store, one for its taking writes.

use std::sync::Arc;
use std::time::Instant;

use cache_core::{CacheError, ErrorKind};
use tokio::sync::watch;

use crate::breaker::{Breaker, BreakerState, Change, Pass, Refusal, Verdict};
use crate::counts::Counts;
use crate::operation::Part;
use crate::{GuardOptions, Operation};

/// Where the breakers of a guard stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct GuardState {
    /// The store as a whole: whether it answers, in time, and lets us in.
    pub store: BreakerState,
    /// Whether it takes writes and leases: a full store and a replica do not, and are read all the
    /// same.
    pub writes: BreakerState,
}

#[derive(Debug)]
pub(crate) struct Gate {
    store: Breaker,
    writes: Breaker,
    strict: bool,
    state: watch::Sender<GuardState>,
    counts: Arc<Counts>,
}

/// The right to make a call, and the duty to say how it went. Dropped, it says nothing.
#[derive(Debug)]
pub(crate) struct Permit {
    gate: Arc<Gate>,
    operation: Operation,
    store: Option<Pass>,
    writes: Option<Pass>,
}

impl Gate {
    pub(crate) fn new(options: &GuardOptions, counts: Arc<Counts>) -> Self {
        Self {
            store: Breaker::new(options.breaker),
            writes: Breaker::new(options.breaker),
            strict: options.strict,
            state: watch::Sender::default(),
            counts,
        }
    }

    pub(crate) fn state(&self) -> GuardState {
        GuardState { store: self.store.state(), writes: self.writes.state() }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<GuardState> {
        self.state.subscribe()
    }

    /// Lets a call through, or gives the error that it ends in.
    pub(crate) fn admit(self: &Arc<Self>, operation: Operation) -> Result<Permit, CacheError> {
        self.try_admit(operation).map_err(|refusal| {
            self.counts.refused(operation);
            refusal_error(refusal)
        })
    }

    /// As [`admit`](Self::admit), for calls that can wait.
    pub(crate) fn try_admit(self: &Arc<Self>, operation: Operation) -> Result<Permit, Refusal> {
        let now = Instant::now();
        let mut permit = Permit { gate: Arc::clone(self), operation, store: None, writes: None };
        permit.store = self.pass(&self.store, operation.on_store(), now)?;
        permit.writes = self.pass(&self.writes, operation.on_writes(), now)?;
        if [permit.store, permit.writes].iter().flatten().any(|pass| pass.probe) {
            self.publish();
        }
        Ok(permit)
    }

    fn pass(&self, breaker: &Breaker, part: Part, now: Instant) -> Result<Option<Pass>, Refusal> {
        let pass = match part {
            Part::Tells => breaker.admit(now).map(Some),
            Part::Yields => breaker.refuses(now).map_or(Ok(None), Err),
            Part::Passes => Ok(None),
        };
        if self.strict { Ok(pass.unwrap_or(None)) } else { pass }
    }

    /// The error of a write that the store would not take now anyway.
    pub(crate) fn refused_write(&self) -> Option<CacheError> {
        self.writes.refuses(Instant::now()).map(refusal_error)
    }

    fn record(&self, permit: &mut Permit, store: Verdict, writes: Verdict) {
        let now = Instant::now();
        let parts = [
            ("the cache store", &self.store, permit.store.take(), store),
            ("writing to the cache store", &self.writes, permit.writes.take(), writes),
        ];
        let mut news = false;
        for (what, breaker, pass, verdict) in parts {
            let Some(pass) = pass else { continue };
            let change = breaker.record(pass, verdict, now);
            news |= pass.probe || change.is_some();
            if let Some(change) = change {
                self.counts.changed(change);
                tell(what, change);
            }
        }
        if news {
            self.publish();
        }
    }

    /// Tells those who watch, if there is news. The state is read under the channel's lock, so that
    /// the last to tell tells the latest.
    fn publish(&self) {
        self.state.send_if_modified(|known| {
            let now = self.state();
            std::mem::replace(known, now) != now
        });
    }
}

impl Permit {
    /// The call was answered in time.
    pub(crate) fn succeeded(mut self, wrote: bool) {
        let writes = if wrote { Verdict::Healthy } else { Verdict::Unknown };
        Arc::clone(&self.gate).record(&mut self, Verdict::Healthy, writes);
    }

    /// The call failed.
    pub(crate) fn failed(mut self, error: &CacheError) {
        self.gate.counts.failed(self.operation, error);
        let (store, writes) = match error.is_of_a_part() {
            // Left alone, the store would give no hits of the parts that are well.
            true => (Verdict::Unknown, Verdict::Unknown),
            false => verdicts(error.kind()),
        };
        Arc::clone(&self.gate).record(&mut self, store, writes);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.store.is_some() || self.writes.is_some() {
            Arc::clone(&self.gate).record(self, Verdict::Unknown, Verdict::Unknown);
        }
    }
}

/// What a kind of error says of the store, and of its taking writes.
fn verdicts(kind: ErrorKind) -> (Verdict, Verdict) {
    match kind {
        ErrorKind::Full | ErrorKind::ReadOnly => (Verdict::Healthy, Verdict::Ill(kind)),
        ErrorKind::PermissionDenied | ErrorKind::WrongType | ErrorKind::Conflict => {
            (Verdict::Healthy, Verdict::Unknown)
        }
        // Not of the store's making.
        ErrorKind::InvalidInput | ErrorKind::Unsupported => (Verdict::Unknown, Verdict::Unknown),
        // It does not answer, or not in time, or not to us, or nothing that makes sense.
        _ => (Verdict::Ill(kind), Verdict::Unknown),
    }
}

/// Whether an error says that the store is ill, as a whole or for writes: that passes.
pub(crate) fn is_outage(kind: ErrorKind) -> bool {
    let ill = |verdict| matches!(verdict, Verdict::Ill(_));
    let (store, writes) = verdicts(kind);
    ill(store) || ill(writes)
}

fn refusal_error(refusal: Refusal) -> CacheError {
    let (kind, what) = match refusal.cause {
        kind @ (ErrorKind::Full | ErrorKind::ReadOnly) => (kind, "takes no writes"),
        _ => (ErrorKind::Unavailable, "has failed repeatedly"),
    };
    let message = format!(
        "the store {what} ({}) and is left alone for {} ms more",
        refusal.cause.as_str(),
        refusal.pause.as_millis()
    );
    CacheError::new(kind, message)
}

fn tell(what: &str, change: Change) {
    match change {
        Change::Opened(cause) => tracing::warn!(
            cause = cause.as_str(),
            "{what} fails: going on without it, and trying again"
        ),
        Change::Closed => tracing::info!("{what} works again"),
    }
}
