//! One call of the provider under way, and those who watch it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Error;
use crate::stored::{Kept, Timed};

/// A call of the provider. Its chunks, if it streams, are kept until nobody watches it any more, so
/// that whoever joins sees it from its beginning.
#[derive(Debug, Default)]
pub(super) struct Run {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    chunks: Vec<Timed>,
    /// The provider has begun to stream.
    begun: bool,
    ended: Option<Result<Ended, Error>>,
    watchers: usize,
    /// Given up: nobody may join any more.
    closed: bool,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) kept: Kept,
    /// Another call, in this process or another, had asked for it.
    pub(super) elsewhere: bool,
}

impl Run {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_waiters();
    }

    /// Watches it from its beginning; `None` once it has been given up.
    pub(super) fn watch(self: &Arc<Self>) -> Option<Watcher> {
        let mut state = self.state();
        (!state.closed).then(|| {
            state.watchers += 1;
            Watcher { run: Arc::clone(self), next: 0 }
        })
    }

    /// The provider streams.
    pub(super) fn begin(&self) {
        self.change(|state| state.begun = true);
    }

    pub(super) fn push(&self, chunk: Timed) {
        self.change(|state| state.chunks.push(chunk));
    }

    /// Every chunk there was.
    pub(super) fn chunks(&self) -> Vec<Timed> {
        self.state().chunks.clone()
    }

    /// The first end counts.
    pub(super) fn end(&self, end: Result<Ended, Error>) {
        self.change(|state| {
            state.ended.get_or_insert(end);
        });
    }

    /// Waits until nobody watches, and then lets nobody join.
    pub(super) async fn abandoned(&self) {
        self.until(|state| {
            state.closed |= state.watchers == 0;
            state.closed.then_some(())
        })
        .await;
    }

    /// Waits until the state shows what is looked for.
    async fn until<T>(&self, look: impl Fn(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable(); // Before the look: a change after it wakes this up.
            if let Some(found) = look(&mut self.state()) {
                return found;
            }
            changed.await;
        }
    }
}

/// Sees a run from its beginning to its end.
#[derive(Debug)]
pub(super) struct Watcher {
    run: Arc<Run>,
    next: usize,
}

/// What a watcher sees next.
#[derive(Debug)]
pub(super) enum Seen {
    Chunk(Timed),
    End(Result<Ended, Error>),
}

impl Watcher {
    /// Waits until it streams or has ended; gives the end, if that came before any chunk.
    pub(super) async fn begun(&self) -> Option<Result<Ended, Error>> {
        self.run
            .until(|state| match &state.ended {
                Some(ended) if state.chunks.is_empty() => Some(Some(ended.clone())),
                ended => (ended.is_some() || state.begun).then_some(None),
            })
            .await
    }

    pub(super) async fn ended(&self) -> Result<Ended, Error> {
        self.run.until(|state| state.ended.clone()).await
    }

    pub(super) async fn next(&mut self) -> Seen {
        let at = self.next;
        let seen = self
            .run
            .until(|state| match state.chunks.get(at) {
                Some(chunk) => Some(Seen::Chunk(chunk.clone())),
                None => state.ended.clone().map(Seen::End),
            })
            .await;
        self.next += 1;
        seen
    }

    /// Whether a chunk has been seen.
    pub(super) fn has_begun(&self) -> bool {
        self.next > 0
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.run.change(|state| state.watchers -= 1);
    }
}
