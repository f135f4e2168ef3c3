//! The single flight under every interleaving that loom finds. Run it with
//! `RUSTFLAGS="--cfg flight_loom" cargo test -p cache-core --test flight_loom`.
#![cfg(flight_loom)]
#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cache_core::{
    CacheKey, Flights, Follower, Joined, KeyFields, KeyKind, KeyProfile, KeySpace, LeaderGuard,
    Namespace,
};
use loom::future::block_on;
use loom::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use loom::thread;

fn key() -> CacheKey {
    let space = KeySpace::new(Namespace::default(), KeyKind::Embedding, 0);
    KeyProfile::new(space, KeyFields::new(KeyKind::Embedding), None).key("text")
}

fn lead(flights: &Flights<usize>) -> LeaderGuard<usize> {
    match flights.join(&key(), flights.ticket()) {
        Joined::Leader(guard) => guard,
        Joined::Follower(_) => panic!("somebody else leads"),
    }
}

fn follow(flights: &Flights<usize>) -> Follower<usize> {
    match flights.join(&key(), flights.ticket()) {
        Joined::Follower(follower) => follower,
        Joined::Leader(_) => panic!("nobody leads"),
    }
}

/// A store of one entry, and how often it was computed.
#[derive(Default)]
struct Store {
    entry: Mutex<Option<usize>>,
    computed: AtomicUsize,
}

impl Store {
    fn look(&self) -> Option<usize> {
        *self.entry.lock().unwrap()
    }

    fn compute(&self) -> usize {
        let value = self.computed.fetch_add(1, Ordering::Relaxed);
        *self.entry.lock().unwrap() = Some(value);
        value
    }
}

/// What services do: look, join, look again when told to, compute, store, publish.
fn get_or_compute(flights: &Flights<usize>, store: &Store) -> usize {
    let ticket = flights.ticket();
    if let Some(value) = store.look() {
        return value;
    }
    match flights.join(&key(), ticket) {
        Joined::Leader(guard) => {
            let known = if guard.must_look_again() { store.look() } else { None };
            let value = known.unwrap_or_else(|| store.compute());
            guard.publish(value);
            value
        }
        Joined::Follower(follower) => block_on(follower).unwrap(),
    }
}

#[test]
fn a_missing_value_is_computed_once() {
    loom::model(|| {
        let flights = Arc::new(Flights::new());
        let store = Arc::new(Store::default());
        let other = {
            let (flights, store) = (Arc::clone(&flights), Arc::clone(&store));
            thread::spawn(move || get_or_compute(&flights, &store))
        };
        let value = get_or_compute(&flights, &store);
        assert_eq!(other.join().unwrap(), value);
        assert_eq!(store.computed.load(Ordering::Relaxed), 1);
        assert!(flights.is_empty());
    });
}

#[test]
fn a_follower_is_always_woken() {
    for publish in [true, false] {
        loom::model(move || {
            let flights = Flights::new();
            let guard = lead(&flights);
            let follower = follow(&flights);
            let leader = thread::spawn(move || {
                if publish {
                    guard.publish(1);
                }
            });
            assert_eq!(block_on(follower).ok(), publish.then_some(1));
            leader.join().unwrap();
        });
    }
}

#[test]
fn a_joiner_meets_the_flight_or_starts_the_next_one() {
    loom::model(|| {
        let flights = Arc::new(Flights::new());
        let guard = lead(&flights);
        let ticket = flights.ticket();
        let joiner = {
            let flights = Arc::clone(&flights);
            thread::spawn(move || match flights.join(&key(), ticket) {
                Joined::Leader(guard) => {
                    assert!(guard.must_look_again(), "the first flight ended after the ticket");
                }
                Joined::Follower(follower) => assert_eq!(block_on(follower), Ok(1)),
            })
        };
        guard.publish(1);
        joiner.join().unwrap();
        assert!(flights.is_empty());
    });
}

#[test]
fn of_two_abandoned_followers_one_leads_next() {
    // Three threads: every interleaving would take hours; of those with three forced switches
    // most defects of this kind are known to show.
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let flights = Arc::new(Flights::new());
        let leading = Arc::new(AtomicUsize::new(0));
        let guard = lead(&flights);
        let followers = [follow(&flights), follow(&flights)].map(|follower| {
            let (flights, leading) = (Arc::clone(&flights), Arc::clone(&leading));
            thread::spawn(move || {
                block_on(follower).unwrap_err();
                if let Joined::Leader(guard) = flights.join(&key(), flights.ticket()) {
                    assert_eq!(leading.fetch_add(1, Ordering::AcqRel), 0, "two lead at once");
                    leading.fetch_sub(1, Ordering::AcqRel);
                    guard.publish(2);
                }
            })
        });
        drop(guard);
        for follower in followers {
            follower.join().unwrap();
        }
        assert!(flights.is_empty());
    });
}

#[test]
fn a_follower_that_leaves_takes_nobody_with_it() {
    loom::model(|| {
        let flights = Flights::new();
        let guard = lead(&flights);
        let (mut leaving, staying) = (follow(&flights), follow(&flights));
        let leader = thread::spawn(move || guard.publish(3));
        let polled = pin!(&mut leaving).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending | Poll::Ready(Ok(3))));
        drop(leaving);
        assert_eq!(block_on(staying), Ok(3));
        leader.join().unwrap();
    });
}
