//! The task that writes what is queued. It runs as long as there is something to write.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{CacheError, LeaseToken, PutEntry, PutOptions};

use super::Queue;
use super::batch::{Outcome, Step};
use crate::Operation;
use crate::call::{LATE, Shared, over_budget};
use crate::gate::{Permit, is_outage};

/// The worker looks at least this often whether the store may be tried again.
const NAP: Duration = Duration::from_millis(50);

/// Sees to it that a worker runs.
pub(crate) fn work(shared: &Arc<Shared>) {
    let Some(queue) = &shared.queue else { return };
    if queue.state().start() {
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            if let Some(queue) = &shared.queue {
                let mut working = Working { queue, ended: false };
                run(&shared, queue).await;
                working.ended = true;
            }
        });
    }
}

/// A worker that is dropped with its runtime, or panics, leaves its work to the next one.
struct Working<'q> {
    queue: &'q Queue,
    /// By itself: another may have begun since.
    ended: bool,
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.queue.state().stop();
        }
    }
}

async fn run(shared: &Shared, queue: &Queue) {
    while !queue.state().rest(queue.options.keep, Instant::now()) {
        let permit = match shared.gate.try_admit(Operation::Put) {
            Ok(permit) => permit,
            Err(refusal) => {
                queue.moved.notify_waiters(); // Old writes may have been dropped.
                tokio::time::sleep(refusal.pause.min(NAP)).await;
                continue;
            }
        };
        let step = queue.state().begin(Instant::now());
        let outcome = match step {
            Some(Step::Write { entries, release }) => shared.write(entries, release, permit).await,
            Some(Step::Release { keys, token }) => {
                drop(permit); // It has one of its own.
                // A lease that could not be given up ends by itself; the failure is counted.
                let _ = shared.release(keys, token).await;
                Outcome::Done
            }
            None => continue,
        };
        let again = matches!(outcome, Outcome::Again);
        queue.state().finish(outcome);
        queue.moved.notify_waiters();
        if again {
            // Where only a part of the store is lost, no breaker sees to a pause.
            tokio::time::sleep(NAP).await;
        }
    }
    queue.moved.notify_waiters();
}

impl Shared {
    async fn write(
        &self,
        entries: Vec<PutEntry>,
        release: Option<LeaseToken>,
        permit: Permit,
    ) -> Outcome {
        let keys: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
        let result = self.write_in_time(&entries, release, permit).await;
        let Err(error) = result else { return Outcome::Done };
        if is_outage(error.kind()) {
            return Outcome::Again;
        }
        if let Some(token) = release {
            let _ = self.release(keys, token).await; // As above.
        }
        Outcome::Never
    }

    /// Writes, however long it takes: the queue's books have to be right. But a store that takes
    /// longer than the budget is ill.
    async fn write_in_time(
        &self,
        entries: &[PutEntry],
        release: Option<LeaseToken>,
        permit: Permit,
    ) -> Result<(), CacheError> {
        let mut options = PutOptions::default();
        options.release = release;
        let bytes = entries.iter().map(|entry| entry.value.size_hint()).sum();
        let budget = self.options.budgets.grown(self.options.budgets.write, entries.len(), bytes);
        let mut writing = self.inner.put_many(entries, &options);
        match tokio::time::timeout(budget, &mut writing).await {
            Ok(Ok(())) => permit.succeeded(true),
            Ok(Err(error)) => {
                permit.failed(&error);
                return Err(error);
            }
            Err(_) => {
                permit.failed(&over_budget(Operation::Put, budget));
                let late = tokio::time::timeout(LATE, writing).await;
                return late.unwrap_or_else(|_| Err(over_budget(Operation::Put, LATE)));
            }
        }
        Ok(())
    }
}
