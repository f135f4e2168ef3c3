//! Counts, and how they are shared.

use std::sync::Arc;

use super::*;
use crate::{CacheBackend, MemoryBackend, Namespace};

crate::statistics! {
    /// Of this test.
    struct Statistics in "test." {
        /// Once.
        one,
        /// Twice.
        two,
    }
}

#[test]
fn pairs_and_descriptions_are_those_of_the_list() {
    let counts = Counts::default();
    add(&counts.one, 3);
    add(&counts.two, 2);
    assert_eq!(counts.snapshot().to_pairs(), [("one", 3), ("two", 2)]);
    assert_eq!(Statistics::DESCRIPTIONS, [("one", " Once."), ("two", " Twice.")]);
}

#[test]
fn counters_go_and_come_back() {
    let statistics = Statistics { one: 7, two: 0 };
    assert_eq!(statistics.to_counters(), [("test.one", 7)]);
    let stored = [("test.one", 7), ("test.two", -1), ("other.two", 5)];
    let stored = stored.map(|(name, count)| (name.to_owned(), count)).into();
    assert_eq!(Statistics::from_counters(&stored), statistics);
}

impl Live for Counts {
    type Tally = Statistics;

    fn snapshot(&self) -> Statistics {
        self.snapshot()
    }
}

fn shared(backend: &Arc<MemoryBackend>) -> Arc<SharedCounts<Counts>> {
    let counts = SharedCounts::new(Counts::default(), backend.clone(), Namespace::default());
    Arc::new(counts)
}

#[test]
fn what_is_given_back_is_shared_next_time() {
    let counts = shared(&Arc::new(MemoryBackend::new(1 << 20)));
    assert!(counts.due().is_some() && counts.due().is_none());
    add(&counts.one, 3);
    let first = counts.take();
    assert_eq!((first.one, first.two), (3, 0));
    assert_eq!(counts.take(), Statistics::default());
    assert!(counts.due().is_some());
    counts.give_back(&first);
    add(&counts.two, 2);
    let second = counts.take();
    assert_eq!(second.to_pairs(), [("one", 3), ("two", 2)]);
}

async fn stored(backend: &MemoryBackend) -> u64 {
    let counters = backend.counters().expect("it counts");
    let counters = counters.read_counters(&Namespace::default()).await.expect("it is in memory");
    Statistics::from_counters(&counters).one
}

#[tokio::test]
async fn each_event_is_shared_once() {
    let backend = Arc::new(MemoryBackend::new(1 << 20));
    let counts = shared(&backend);
    assert!(counts.rest().is_none(), "nothing was counted");
    add(&counts.one, 3);
    let due = counts.due().unwrap();
    assert!(counts.due().is_none(), "it is arranged");
    add(&counts.one, 1);
    due.await.unwrap();
    assert_eq!(stored(&backend).await, 4);
    counts.share().await.unwrap();
    assert_eq!(stored(&backend).await, 4, "nothing was counted since");
    add(&counts.one, 2);
    let (due, rest) = (counts.due().unwrap(), counts.rest().unwrap());
    drop(counts);
    due.await.unwrap();
    assert_eq!(stored(&backend).await, 4, "it held nothing alive");
    rest.await.unwrap();
    assert_eq!(stored(&backend).await, 6);
}
