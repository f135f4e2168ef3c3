//! The calls of the provider under way in this process: of all who want an answer, one asks.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cache_core::CacheKey;

use super::generations::Stamps;
use super::run::{Ended, Run, Watcher};
use crate::Error;

/// What a run is of. Identifiers of groups are part of it: who comes after an invalidation must not
/// be given what was asked for before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RunKey {
    pub(super) slot: CacheKey,
    pub(super) stamps: Stamps,
    pub(super) with_usage: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Runs(Arc<Table>);

#[derive(Debug, Default)]
struct Table {
    runs: Mutex<HashMap<RunKey, Arc<Run>>>,
    /// Runs that have left the table.
    completed: AtomicU64,
}

/// When a caller looked into the store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket(u64);

pub(super) enum Joined {
    /// Nobody was asking: the caller does.
    Leader(RunGuard, Watcher),
    Follower(Watcher),
}

impl Table {
    fn runs(&self) -> MutexGuard<'_, HashMap<RunKey, Arc<Run>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runs {
    /// To be taken before looking into the store.
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.0.completed.load(Ordering::Acquire))
    }

    /// Joins the run of this key, or starts one.
    pub(super) fn join(&self, key: RunKey, ticket: Ticket) -> Joined {
        let mut runs = self.0.runs();
        let entry = runs.entry(key);
        if let Entry::Occupied(there) = &entry
            && let Some(watcher) = there.get().watch()
        {
            return Joined::Follower(watcher);
        }
        let (key, run) = (entry.key().clone(), Arc::new(Run::default()));
        entry.insert_entry(Arc::clone(&run));
        let watcher = run.watch().expect("invariant: nobody has given up a new run");
        let look_again = self.0.completed.load(Ordering::Acquire) != ticket.0;
        Joined::Leader(RunGuard { table: Arc::clone(&self.0), key, run, look_again }, watcher)
    }

    /// Starts a run that nobody watches, unless there is one.
    pub(super) fn start(&self, key: RunKey) -> Option<RunGuard> {
        match self.0.runs().entry(key) {
            Entry::Occupied(_) => None,
            Entry::Vacant(entry) => {
                let (key, run) = (entry.key().clone(), Arc::new(Run::default()));
                entry.insert(Arc::clone(&run));
                Some(RunGuard { table: Arc::clone(&self.0), key, run, look_again: true })
            }
        }
    }
}

/// The duty to ask. Dropped without an end, it ends the run in an error.
#[derive(Debug)]
pub(super) struct RunGuard {
    table: Arc<Table>,
    key: RunKey,
    run: Arc<Run>,
    look_again: bool,
}

impl RunGuard {
    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    pub(super) fn key(&self) -> &RunKey {
        &self.key
    }

    /// Whether another run has ended since the ticket was taken: it may have been of this key, so
    /// that the miss is out of date.
    pub(super) fn must_look_again(&self) -> bool {
        self.look_again
    }

    /// Gives the result to those who watch. Whoever comes now finds no run any more.
    pub(super) fn end(self, result: Result<Ended, Error>) {
        self.leave();
        self.run.end(result);
    }

    fn leave(&self) {
        let mut runs = self.table.runs();
        if runs.get(&self.key).is_some_and(|run| Arc::ptr_eq(run, &self.run)) {
            // Counted before the run can be missed: whoever finds the table without it also finds
            // the count raised.
            self.table.completed.fetch_add(1, Ordering::Release);
            runs.remove(&self.key);
        }
    }
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        self.leave();
        self.run.end(Err(Error::Aborted));
    }
}
