//! What the guard counts.

use cache_guard::{BreakerState, GuardedBackend};
use cache_metrics::Publisher;

use super::{Source, number};
use crate::OpenedBackend;

#[derive(Debug)]
struct Guard(GuardedBackend, Publisher);

pub(super) fn of(store: &OpenedBackend) -> Option<Box<dyn Source>> {
    let guard = store.guard.clone()?;
    Some(Box::new(Guard(guard, Publisher::new("guard"))))
}

impl Source for Guard {
    fn publish(&mut self) {
        let Self(guard, publisher) = self;
        let (state, seen) = (guard.state(), guard.snapshot());
        publisher.gauges(&[
            ("store_closed", closed(state.store)),
            ("writes_closed", closed(state.writes)),
        ]);
        publisher.counters(&[
            ("failures", seen.failed()),
            ("left_out", seen.left_out()),
            ("opened", seen.opened),
        ]);
        if let Some(queue) = seen.queue {
            publisher.gauges(&[
                ("queue_entries", number(queue.entries as u64)),
                ("queue_bytes", number(queue.bytes as u64)),
            ]);
            publisher.counters(&[
                ("queue_written", queue.written),
                ("queue_refused", queue.refused),
                ("queue_lost", queue.lost),
            ]);
        }
    }
}

/// 1 while the store is used, 0 while it is left alone or tried.
fn closed(breaker: BreakerState) -> f64 {
    (breaker == BreakerState::Closed).into()
}
