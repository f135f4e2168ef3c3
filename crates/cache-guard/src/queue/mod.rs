//! Writes that wait for their turn.
//!
//! An entry stays in the queue until the store has it: whoever reads meanwhile is given it from
//! here. One task writes, one batch after the other, in the order of the calls.

mod batch;
mod state;
mod worker;

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache_core::{
    CacheError, CacheKey, ErrorKind, LeaseToken, Namespace, PutEntry, PutOptions, StoredValue, Ttl,
};
use tokio::sync::Notify;

use crate::WriteBehind;
use state::State;
pub(crate) use worker::work;

/// The value that a queued write gives its key; `None` once that has expired.
pub(crate) type Found = Option<StoredValue>;

/// How a queue of writes is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueSnapshot {
    /// Entries in it now.
    pub entries: usize,
    /// What they take in this process's memory, in bytes.
    pub bytes: usize,
    /// Entries written so far.
    pub written: u64,
    /// Entries that were not taken since the queue was full. Their calls failed.
    pub refused: u64,
    /// Entries that were dropped: the store would not take them, or not in time.
    pub lost: u64,
}

/// What was taken out of the queue.
#[derive(Debug)]
pub(crate) struct Settled {
    /// Whether there was a live entry, for each key.
    pub(crate) had: Vec<bool>,
    /// Leases that would have ended with the writes.
    pub(crate) leases: Vec<(CacheKey, LeaseToken)>,
}

#[derive(Debug)]
pub(crate) struct Queue {
    options: WriteBehind,
    state: Mutex<State>,
    /// The state has changed in a way that somebody may wait for.
    moved: Notify,
}

impl Queue {
    pub(crate) fn new(options: WriteBehind) -> Self {
        Self { options, state: Mutex::default(), moved: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshot(&self) -> QueueSnapshot {
        self.state().snapshot()
    }

    /// Whether these entries are too many even for an empty queue.
    pub(crate) fn can_never_hold(&self, entries: &[PutEntry]) -> bool {
        entries.len() > self.options.max_entries || state::size(entries) > self.options.max_bytes
    }

    /// Takes entries in, all or none.
    pub(crate) fn push(
        &self,
        entries: &[PutEntry],
        options: &PutOptions,
    ) -> Result<(), CacheError> {
        if self.state().push(entries, options.release, &self.options, Instant::now()) {
            return Ok(());
        }
        let message = "the queue of writes is full: the store does not keep up";
        Err(CacheError::new(ErrorKind::Full, message))
    }

    /// Lets leases be given up after what is queued now. Says whether there is anything to come
    /// after.
    pub(crate) fn push_release(&self, keys: &[CacheKey], token: LeaseToken) -> bool {
        self.state().push_release(keys, token, &self.options)
    }

    /// What the queue knows of each key; `None` when it knows none of them.
    pub(crate) fn look_up(&self, keys: &[CacheKey]) -> Option<Vec<Option<Found>>> {
        let state = self.state();
        if state.is_empty() {
            return None;
        }
        let now = Instant::now();
        let known: Vec<_> = keys.iter().map(|key| state.value(key, now)).collect();
        known.iter().any(Option::is_some).then_some(known)
    }

    /// What the queue knows of a key.
    pub(crate) fn value(&self, key: &CacheKey) -> Option<Found> {
        let state = self.state();
        if state.is_empty() { None } else { state.value(key, Instant::now()) }
    }

    /// Takes writes of these keys out, and waits until none is under way.
    pub(crate) async fn settle(
        &self,
        keys: &[CacheKey],
        limit: Duration,
    ) -> Result<Settled, CacheError> {
        let mut taken = Settled { had: vec![false; keys.len()], leases: Vec::new() };
        let settled = self.until(limit, |state| {
            let now = Instant::now();
            state.remove(|queue| {
                for (key, had) in keys.iter().zip(&mut taken.had) {
                    if let Some((alive, release)) = queue.take(key, now) {
                        *had |= alive;
                        taken.leases.extend(release.map(|token| (key.clone(), token)));
                    }
                }
            });
            (!keys.iter().any(|key| state.is_under_way(key))).then_some(())
        });
        let settled = settled.await;
        self.moved.notify_waiters();
        settled.ok_or_else(|| busy(limit)).map(|()| taken)
    }

    /// Takes writes of a namespace out, and waits until none is under way.
    pub(crate) async fn settle_namespace(
        &self,
        namespace: &Namespace,
        limit: Duration,
    ) -> Result<(), CacheError> {
        let is_of = |key: &CacheKey| key.space().namespace() == namespace;
        let settled = self.until(limit, |state| {
            let keys: Vec<_> = state.keys().filter(|key| is_of(key)).cloned().collect();
            let now = Instant::now();
            state.remove(|queue| keys.iter().for_each(|key| _ = queue.take(key, now)));
            (!state.any_under_way(is_of)).then_some(())
        });
        let settled = settled.await;
        self.moved.notify_waiters();
        settled.ok_or_else(|| busy(limit))
    }

    /// Gives queued entries a new time to live from now: `Some(true)` for those. Waits for writes
    /// of the keys that are under way.
    pub(crate) async fn touch(
        &self,
        keys: &[(CacheKey, Ttl)],
        limit: Duration,
    ) -> Result<Vec<Option<bool>>, CacheError> {
        let touched = self.until(limit, |state| {
            let free = !keys.iter().any(|(key, _)| state.is_under_way(key));
            let now = Instant::now();
            free.then(|| keys.iter().map(|(key, ttl)| state.touch(key, *ttl, now)).collect())
        });
        touched.await.ok_or_else(|| busy(limit))
    }

    /// Waits until everything that is queued now has been written.
    pub(crate) async fn flush(&self) -> Result<(), CacheError> {
        let lost_before = self.state().lost();
        if self.wait(self.options.flush).await {
            return self.complain_of(self.state().lost() - lost_before);
        }
        let message = format!(
            "{} writes have not been made within {} ms; they are still tried",
            self.snapshot().entries,
            self.options.flush.as_millis()
        );
        Err(CacheError::new(ErrorKind::Timeout, message))
    }

    /// As [`flush`](Self::flush) within this time; then the rest is dropped.
    pub(crate) async fn drain(&self, deadline: Duration) -> Result<(), CacheError> {
        let lost_before = self.state().lost();
        if !self.wait(deadline).await {
            self.state().give_up();
            self.moved.notify_waiters();
        }
        self.complain_of(self.state().lost() - lost_before)
    }

    fn complain_of(&self, lost: u64) -> Result<(), CacheError> {
        if lost == 0 {
            return Ok(());
        }
        let message = format!("{lost} queued writes were lost: the store did not take them");
        Err(CacheError::new(ErrorKind::Unavailable, message))
    }

    /// Waits until everything that is queued now has been done; says whether it has.
    pub(crate) async fn wait(&self, limit: Duration) -> bool {
        let mark = self.state().mark();
        self.until(limit, |state| state.is_done_before(mark).then_some(())).await.is_some()
    }

    /// Waits until the state shows what is looked for; `None` when that takes too long.
    fn until<T>(
        &self,
        limit: Duration,
        mut look: impl FnMut(&mut State) -> Option<T> + Send,
    ) -> impl Future<Output = Option<T>> + Send
    where
        T: Send,
    {
        let looking = async move {
            loop {
                let moved = self.moved.notified();
                tokio::pin!(moved);
                moved.as_mut().enable(); // Before the look: a change after it wakes this up.
                if let Some(found) = look(&mut self.state()) {
                    return found;
                }
                moved.await;
            }
        };
        async move { tokio::time::timeout(limit, looking).await.ok() }
    }
}

fn busy(limit: Duration) -> CacheError {
    let message = format!("a write under way did not end within {} ms", limit.as_millis());
    CacheError::new(ErrorKind::Timeout, message)
}
