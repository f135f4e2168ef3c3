//! Of all who want a key at once, one computes, and nobody is left waiting.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use cache_core::{
    Abandoned, CacheKey, Flights, Follower, Joined, KeyFields, KeyKind, KeyProfile, KeySpace,
    LeaderGuard, Namespace,
};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

fn keys(count: usize) -> Vec<CacheKey> {
    let space = KeySpace::new(Namespace::default(), KeyKind::Embedding, 0);
    let profile = KeyProfile::new(space, KeyFields::new(KeyKind::Embedding), None);
    (0..count).map(|i| profile.key(&i.to_string())).collect()
}

fn key() -> CacheKey {
    keys(1).remove(0)
}

fn join(flights: &Flights<u32>, key: &CacheKey) -> Joined<u32> {
    flights.join(key, flights.ticket())
}

fn lead(flights: &Flights<u32>, key: &CacheKey) -> LeaderGuard<u32> {
    match join(flights, key) {
        Joined::Leader(guard) => guard,
        Joined::Follower(_) => panic!("somebody else leads"),
    }
}

fn follow(flights: &Flights<u32>, key: &CacheKey) -> Follower<u32> {
    match join(flights, key) {
        Joined::Follower(follower) => follower,
        Joined::Leader(_) => panic!("nobody leads"),
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Bell {
    fn rings(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll<F: Future + Unpin>(future: &mut F, bell: &Arc<Bell>) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(&Waker::from(Arc::clone(bell))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_tasks_one_leads_and_all_get_its_value() {
    let flights = Arc::new(Flights::new());
    let everybody_joined = Arc::new(Barrier::new(64));
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let (flights, joined) = (Arc::clone(&flights), Arc::clone(&everybody_joined));
        tasks.spawn(async move {
            match join(&flights, &key()) {
                Joined::Leader(guard) => {
                    joined.wait().await;
                    guard.publish(task);
                    (true, task)
                }
                Joined::Follower(follower) => {
                    joined.wait().await;
                    (false, follower.await.unwrap())
                }
            }
        });
    }
    let results = tasks.join_all().await;
    let leaders: Vec<u32> = results.iter().filter(|(led, _)| *led).map(|(_, v)| *v).collect();
    assert_eq!(leaders.len(), 1);
    assert!(results.iter().all(|(_, value)| *value == leaders[0]));
    assert!(flights.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_the_leader_goes_one_follower_takes_over() {
    let flights = Arc::new(Flights::new());
    let guard = lead(&flights, &key());
    let rejoined = Arc::new(Barrier::new(16));
    let mut tasks = JoinSet::new();
    for task in 0..16 {
        let follower = follow(&flights, &key());
        let (flights, rejoined) = (Arc::clone(&flights), Arc::clone(&rejoined));
        tasks.spawn(async move {
            follower.await.unwrap_err();
            match join(&flights, &key()) {
                Joined::Leader(guard) => {
                    rejoined.wait().await;
                    guard.publish(task);
                    (true, task)
                }
                Joined::Follower(follower) => {
                    rejoined.wait().await;
                    (false, follower.await.unwrap())
                }
            }
        });
    }
    drop(guard);
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|(led, _)| *led).count(), 1);
    assert!(results.windows(2).all(|pair| pair[0].1 == pair[1].1));
}

#[tokio::test]
async fn a_published_value_reaches_those_who_wait_and_ends_the_flight() {
    let flights = Flights::new();
    let guard = lead(&flights, &key());
    let (early, own) = (follow(&flights, &key()), guard.follower());
    guard.publish(1);
    assert_eq!((early.await, own.await), (Ok(1), Ok(1)));
    assert!(flights.is_empty());
    drop(lead(&flights, &key()));
}

#[test]
fn a_flight_that_ended_after_the_ticket_asks_for_another_look() {
    let flights = Flights::new();
    let [key, other] = <[CacheKey; 2]>::try_from(keys(2)).unwrap();
    let must_look_again = |ticket| match flights.join(&key, ticket) {
        Joined::Leader(guard) => guard.must_look_again(),
        Joined::Follower(_) => panic!("nobody leads"),
    };
    assert!(!must_look_again(flights.ticket()), "nothing ever ended");

    let before = flights.ticket();
    let guard = lead(&flights, &key);
    let during = flights.ticket();
    guard.publish(1);
    let after = flights.ticket();
    assert!(!must_look_again(after), "the store was read after the value had been stored");
    for ticket in [before, during] {
        assert!(must_look_again(ticket), "the store was read before the value was there");
    }

    let ticket = flights.ticket();
    drop(lead(&flights, &key));
    assert!(must_look_again(ticket), "an abandoned flight may have stored its value");
    let ticket = flights.ticket();
    let _flying = lead(&flights, &other);
    assert!(!must_look_again(ticket), "a flight that only began has stored nothing");
}

#[test]
fn a_dropped_follower_is_not_woken_and_disturbs_nobody() {
    let flights = Flights::new();
    let guard = lead(&flights, &key());
    let (gone, stays, unpolled) =
        (Arc::new(Bell::default()), Arc::new(Bell::default()), follow(&flights, &key()));
    let (mut dropped, mut kept) = (follow(&flights, &key()), follow(&flights, &key()));
    assert_eq!(poll(&mut dropped, &gone), Poll::Pending);
    assert_eq!(poll(&mut kept, &stays), Poll::Pending);
    drop(dropped);
    drop(unpolled);
    assert_eq!(Arc::strong_count(&gone), 1, "its waker is not kept");
    guard.publish(7);
    assert_eq!((gone.rings(), stays.rings()), (0, 1));
    assert_eq!(poll(&mut kept, &stays), Poll::Ready(Ok(7)));
}

#[test]
fn a_follower_wakes_the_task_that_polled_it_last() {
    let flights = Flights::new();
    let guard = lead(&flights, &key());
    let mut follower = follow(&flights, &key());
    let (first, second) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    for bell in [&first, &first, &second] {
        assert_eq!(poll(&mut follower, bell), Poll::Pending);
    }
    drop(guard);
    assert_eq!((first.rings(), second.rings()), (0, 1));
    assert!(matches!(poll(&mut follower, &second), Poll::Ready(Err(Abandoned { .. }))));
}

/// An executor may drop a task, with the followers in it, when its last waker goes.
#[test]
fn a_waker_may_drop_another_follower_of_the_flight() {
    struct Task {
        _held: Follower<u32>,
    }
    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }
    let flights = Flights::new();
    let guard = lead(&flights, &key());
    let mut followers = [follow(&flights, &key()), follow(&flights, &key())];
    let bell = Arc::new(Bell::default());
    for follower in &mut followers {
        let mut inner = follow(&flights, &key());
        assert_eq!(poll(&mut inner, &bell), Poll::Pending);
        let task = Waker::from(Arc::new(Task { _held: inner }));
        let polled = pin!(follower).poll(&mut Context::from_waker(&task));
        assert_eq!(polled, Poll::Pending);
    }
    let [mut replaced, dropped] = followers;
    assert_eq!(poll(&mut replaced, &bell), Poll::Pending);
    drop(dropped);
    assert_eq!(Arc::strong_count(&bell), 2, "only the replaced waker is left");
    drop(guard);
    assert_eq!(bell.rings(), 1);
}

#[tokio::test]
async fn a_leader_that_panics_abandons_its_flight() {
    let flights = Arc::new(Flights::new());
    let guard = lead(&flights, &key());
    let follower = follow(&flights, &key());
    let task = tokio::spawn(async move {
        let _guard = guard;
        tokio::task::yield_now().await;
        panic!("the computation failed badly");
    });
    follower.await.unwrap_err();
    assert!(task.await.unwrap_err().is_panic());
    assert!(flights.is_empty());
    drop(lead(&flights, &key()));
}

#[tokio::test]
async fn the_computation_survives_the_caller_that_started_it() {
    let flights = Arc::new(Flights::new());
    let caller = {
        let flights = Arc::clone(&flights);
        async move {
            let guard = lead(&flights, &key());
            let result = guard.follower();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                guard.publish(9);
            });
            result.await
        }
    };
    let gave_up = tokio::time::timeout(Duration::from_millis(5), caller).await;
    assert!(gave_up.is_err(), "the caller is gone before the computation ends");
    assert_eq!(follow(&flights, &key()).await, Ok(9));
}

#[test]
fn keys_fly_side_by_side() {
    let flights = Flights::new();
    let keys = keys(1_000);
    let guards: Vec<_> = keys.iter().map(|key| lead(&flights, key)).collect();
    assert_eq!(flights.len(), 1_000);
    for (guard, key) in guards.iter().zip(&keys) {
        assert_eq!(guard.key(), key);
        drop(follow(&flights, key));
    }
    drop(guards);
    assert!(flights.is_empty());
}

/// What services do: look, join, look again when told to, compute, store, publish.
async fn get_or_compute(
    flights: &Flights<u32>,
    store: &Mutex<HashMap<CacheKey, u32>>,
    key: &CacheKey,
    computed: &AtomicUsize,
) -> u32 {
    let look = || store.lock().unwrap().get(key).copied();
    loop {
        let ticket = flights.ticket();
        if let Some(value) = look() {
            return value;
        }
        tokio::task::yield_now().await;
        match flights.join(key, ticket) {
            Joined::Leader(guard) => {
                if guard.must_look_again()
                    && let Some(value) = look()
                {
                    guard.publish(value);
                    return value;
                }
                tokio::task::yield_now().await;
                let value = u32::try_from(computed.fetch_add(1, Ordering::SeqCst)).unwrap();
                store.lock().unwrap().insert(key.clone(), value);
                guard.publish(value);
                return value;
            }
            Joined::Follower(follower) => {
                if let Ok(value) = follower.await {
                    return value;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_computed_twice() {
    const KEYS: usize = 200;
    let flights = Arc::new(Flights::new());
    let store = Arc::new(Mutex::new(HashMap::new()));
    let computed = Arc::new(AtomicUsize::new(0));
    let keys = Arc::new(keys(KEYS));
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let (flights, store) = (Arc::clone(&flights), Arc::clone(&store));
        let (computed, keys) = (Arc::clone(&computed), Arc::clone(&keys));
        tasks.spawn(async move {
            for i in 0..KEYS {
                let key = &keys[(i + task % 3) % KEYS];
                let value = get_or_compute(&flights, &store, key, &computed).await;
                assert_eq!(Some(&value), store.lock().unwrap().get(key));
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(computed.load(Ordering::SeqCst), KEYS, "one computation for each key");
    assert!(flights.is_empty());
}

/// Sees, when it is woken, whether a flight is still under way.
struct Witness(Arc<Flights<u32>>, AtomicUsize);

impl Wake for Witness {
    fn wake(self: Arc<Self>) {
        self.1.store(1 + self.0.len(), Ordering::SeqCst);
    }
}

#[test]
fn a_finished_flight_is_gone_before_anybody_hears_of_it() {
    let (flights, key) = (Arc::new(Flights::new()), key());
    let guard = lead(&flights, &key);
    let mut follower = pin!(follow(&flights, &key));
    let witness = Arc::new(Witness(Arc::clone(&flights), AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&witness));
    assert!(follower.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    guard.publish(7);
    assert_eq!(witness.1.load(Ordering::SeqCst), 1, "woken, and no flight left");
    // The key's next flight is not ended by what is left of the first.
    let next = lead(&flights, &key);
    assert_eq!(follower.poll(&mut Context::from_waker(&waker)), Poll::Ready(Ok(7)));
    assert_eq!(flights.len(), 1);
    drop(next);
    assert!(flights.is_empty());
}
