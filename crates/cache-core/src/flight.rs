//! Single flight: of all who want a key at once, one computes.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[cfg(flight_loom)]
use loom::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
#[cfg(not(flight_loom))]
use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};

use crate::CacheKey;

#[cfg(not(flight_loom))]
const SHARDS: usize = 64;
#[cfg(flight_loom)]
const SHARDS: usize = 2;

/// The computations under way in this process, by key.
///
/// ```text
/// let ticket = flights.ticket();          // before looking into the store
/// // … the store has no value …
/// match flights.join(&key, ticket) {
///     Joined::Leader(guard) => { /* compute, store, guard.publish(result) */ }
///     Joined::Follower(follower) => follower.await,
/// }
/// ```
///
/// The leader's guard may be moved to another task, so that the computation survives the caller
/// that started it. A guard that is dropped without a result abandons the flight: every follower
/// gets [`Abandoned`] and may join again, one of them as the new leader.
///
/// It needs no runtime and starts no task.
#[derive(Debug)]
pub struct Flights<T> {
    inner: Arc<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    shards: Vec<Mutex<HashMap<CacheKey, Arc<Flight<T>>>>>,
    /// Flights that have left the table.
    completed: AtomicU64,
}

/// When a caller looked into the store. See [`LeaderGuard::must_look_again`].
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

/// What joining a flight gave.
#[derive(Debug)]
pub enum Joined<T> {
    /// Nobody was computing this key: the caller does.
    Leader(LeaderGuard<T>),
    /// Another is computing it.
    Follower(Follower<T>),
}

/// The leader went away without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the computation was abandoned by the caller that had started it")]
#[non_exhaustive]
pub struct Abandoned;

impl<T: Clone> Flights<T> {
    /// No flights yet.
    #[must_use]
    pub fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(HashMap::new())).collect();
        Self { inner: Arc::new(Inner { shards, completed: AtomicU64::new(0) }) }
    }

    /// To be taken before looking into the store.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        Ticket(self.inner.completed.load(Ordering::Acquire))
    }

    /// Joins the flight of this key, or starts one.
    #[must_use]
    pub fn join(&self, key: &CacheKey, ticket: Ticket) -> Joined<T> {
        let mut shard = self.inner.shard(key);
        match shard.entry(key.clone()) {
            Entry::Occupied(entry) => Joined::Follower(Follower::new(entry.get())),
            Entry::Vacant(entry) => {
                let flight = Arc::new(Flight::default());
                entry.insert(Arc::clone(&flight));
                Joined::Leader(LeaderGuard {
                    inner: Arc::clone(&self.inner),
                    key: key.clone(),
                    flight,
                    look_again: self.inner.completed.load(Ordering::Acquire) != ticket.0,
                })
            }
        }
    }

    /// How many keys are being computed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether nothing is being computed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Clone> Default for Flights<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Inner<T> {
    fn shard(&self, key: &CacheKey) -> MutexGuard<'_, HashMap<CacheKey, Arc<Flight<T>>>> {
        // The last byte: the table itself uses the first ones.
        lock(&self.shards[usize::from(key.hash()[31]) % SHARDS])
    }
}

/// Nothing panics while a lock is held, and the data would be sound even so.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The duty to compute one key.
#[derive(Debug)]
pub struct LeaderGuard<T> {
    inner: Arc<Inner<T>>,
    key: CacheKey,
    flight: Arc<Flight<T>>,
    look_again: bool,
}

impl<T> LeaderGuard<T> {
    /// The key to compute.
    #[must_use]
    pub fn key(&self) -> &CacheKey {
        &self.key
    }

    /// Whether another flight has ended since the ticket was taken: it may have been of this key,
    /// so that the miss is out of date and the store must be read again before computing.
    #[must_use]
    pub fn must_look_again(&self) -> bool {
        self.look_again
    }

    /// A handle that waits for this very flight, for the caller that hands its guard to a task.
    pub fn follower(&self) -> Follower<T> {
        Follower::new(&self.flight)
    }

    /// Ends the flight, and then gives its result to everybody who waits: whoever has got it, and
    /// whoever joins from now on, finds no flight any more. To be called once the store has the
    /// value: who does not find the flight then finds the value.
    pub fn publish(self, result: T) {
        self.leave();
        self.flight.end(Ok(result));
    }

    fn leave(&self) {
        let mut shard = self.inner.shard(&self.key);
        // After `publish`, the key's flight may be another's.
        if shard.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
            // Counted before the flight can be missed: whoever finds the table without it also
            // finds the count raised.
            self.inner.completed.fetch_add(1, Ordering::Release);
            shard.remove(&self.key);
        }
    }
}

impl<T> Drop for LeaderGuard<T> {
    fn drop(&mut self) {
        self.leave();
        self.flight.end(Err(Abandoned));
    }
}

#[derive(Debug)]
struct Flight<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    result: Option<Result<T, Abandoned>>,
    next_id: u64,
    waiting: BTreeMap<u64, Waker>,
}

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { result: None, next_id: 0, waiting: BTreeMap::new() }) }
    }
}

impl<T> Flight<T> {
    fn end(&self, result: Result<T, Abandoned>) {
        let waiting = {
            let mut state = lock(&self.state);
            if state.result.is_some() {
                return;
            }
            state.result = Some(result);
            std::mem::take(&mut state.waiting)
        };
        for waker in waiting.into_values() {
            waker.wake();
        }
    }
}

/// Waits for a flight. Resolves to its result, or to [`Abandoned`].
#[derive(Debug)]
#[must_use = "a follower does nothing until it is awaited"]
pub struct Follower<T> {
    flight: Arc<Flight<T>>,
    id: Option<u64>,
}

impl<T> Follower<T> {
    fn new(flight: &Arc<Flight<T>>) -> Self {
        Self { flight: Arc::clone(flight), id: None }
    }
}

impl<T: Clone> Future for Follower<T> {
    type Output = Result<T, Abandoned>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut state = lock(&this.flight.state);
        if let Some(result) = &state.result {
            return Poll::Ready(result.clone());
        }
        let id = *this.id.get_or_insert_with(|| {
            state.next_id += 1;
            state.next_id
        });
        let replaced = state.waiting.insert(id, cx.waker().clone());
        drop(state);
        drop(replaced); // A waker may run anything when it goes: not while the lock is held.
        Poll::Pending
    }
}

impl<T> Drop for Follower<T> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let waker = lock(&self.flight.state).waiting.remove(&id);
            drop(waker); // After the lock, as above.
        }
    }
}
