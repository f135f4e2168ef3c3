//! Calls end in time, and an ill store is left alone.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{
    CacheBackend, CacheBackendExt, ErrorKind, LeaseOutcome, LeaseRequest, LeaseToken, PutOptions,
};
use cache_guard::{BreakerState, GuardOptions, GuardState, GuardedBackend, Operation, guard};
use common::{Mood, Moody, entry, keys, millis};

fn guarded() -> (Arc<Moody>, GuardedBackend) {
    let store = Arc::new(Moody::new());
    (store.clone(), GuardedBackend::new(store))
}

fn silent() -> Mood {
    Mood { delay: Duration::from_secs(1), ..Mood::default() }
}

async fn opened(store: &Moody, guard: &GuardedBackend, mood: Mood) {
    store.is(mood);
    for _ in 0..5 {
        guard.get(&keys(1)[0]).await.unwrap_err();
    }
    assert_eq!(guard.state().store, BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_silent_store_is_waited_for_as_long_as_the_budget() {
    let (store, guard) = guarded();
    store.is(silent());
    let start = tokio::time::Instant::now();
    let error = guard.get(&keys(1)[0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(start.elapsed(), millis(50));
    let start = tokio::time::Instant::now();
    guard.get_many(&keys(201), &Default::default()).await.unwrap_err();
    assert_eq!(start.elapsed(), millis(70), "ten more for each further hundred keys");
}

#[tokio::test(start_paused = true)]
async fn a_write_over_its_budget_is_made_all_the_same() {
    let (store, guard) = guarded();
    let key = &keys(1)[0];
    store.is(silent());
    let put = guard.put_many(&[entry(key, "v")], &PutOptions::default()).await;
    assert_eq!(put.unwrap_err().kind(), ErrorKind::Timeout);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(store.inner.get(key).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_comes_too_late_is_given_back() {
    let (store, guard) = guarded();
    let key = keys(1);
    store.is(silent());
    let request = |token| LeaseRequest { token, duration: Duration::from_secs(3_600) };
    let leases = guard.leases().unwrap();
    leases.get_or_lease_many(&key, &request(LeaseToken::unique())).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let theirs = store.inner.leases().unwrap();
    let outcome = theirs.get_or_lease_many(&key, &request(LeaseToken::unique())).await.unwrap();
    assert!(matches!(outcome[0], LeaseOutcome::Acquired), "{outcome:?}");
}

#[tokio::test]
async fn an_ill_store_is_left_alone_until_it_answers_again() {
    let (store, guard) = guarded();
    let mut states = guard.watch();
    let down = Mood { fails: Some(ErrorKind::Unavailable), ..Mood::default() };
    opened(&store, &guard, down).await;
    assert!(
        states.has_changed().unwrap() && states.borrow_and_update().store == BreakerState::Open
    );
    let calls = store.calls();
    let start = Instant::now();
    assert_eq!(guard.get(&keys(1)[0]).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(start.elapsed() < millis(40) && store.calls() == calls, "nobody asks it");
    guard.status().await.unwrap_err();
    assert_eq!(store.calls(), calls + 1, "what is about the store itself asks the store");
    store.is(Mood::default());
    let closed = states.wait_for(|state| state.store == BreakerState::Closed);
    let asking = async {
        while guard.get(&keys(1)[0]).await.is_err() {
            tokio::time::sleep(millis(5)).await;
        }
    };
    let (closed, ()) = tokio::join!(closed, asking);
    closed.unwrap();
    let snapshot = guard.snapshot();
    assert_eq!((snapshot.opened, snapshot.closed), (1, 1));
    let of = |operation, kind| {
        let found = snapshot.failures.iter().find(|f| f.operation == operation && f.kind == kind);
        found.map_or(0, |failures| failures.count)
    };
    assert_eq!(of(Operation::Get, ErrorKind::Unavailable), 5);
    assert_eq!(of(Operation::Admin, ErrorKind::Unavailable), 1);
    assert!(snapshot.left_out() >= 1);
}

#[tokio::test]
async fn a_full_store_is_read_all_the_same() {
    let (store, guard) = guarded();
    let key = &keys(1)[0];
    let put = async || guard.put_many(&[entry(key, "v")], &PutOptions::default()).await;
    put().await.unwrap();
    store.is(Mood { writes_fail: Some(ErrorKind::Full), ..Mood::default() });
    for _ in 0..6 {
        assert_eq!(put().await.unwrap_err().kind(), ErrorKind::Full);
        assert!(guard.get(key).await.unwrap().is_some());
    }
    assert_eq!(guard.state().writes, BreakerState::Open);
    assert_eq!(guard.state().store, BreakerState::Closed);
}

/// One of several nodes: what the others hold would be lost, too, if all were left alone.
#[tokio::test]
async fn a_store_of_which_a_part_is_lost_is_not_left_alone() {
    let (store, guard) = guarded();
    let fails = Some(ErrorKind::Unavailable);
    store.is(Mood { fails, of_a_part: true, ..Mood::default() });
    let key = &keys(1)[0];
    for _ in 0..50 {
        assert!(guard.get(key).await.unwrap_err().is_of_a_part());
        guard.put_many(&[entry(key, "v")], &PutOptions::default()).await.unwrap_err();
    }
    assert_eq!(guard.state(), GuardState::default(), "both breakers are closed");
    assert_eq!((guard.snapshot().failed(), guard.snapshot().left_out()), (100, 0));
    opened(&store, &guard, Mood { fails, ..Mood::default() }).await;
}

#[tokio::test]
async fn errors_of_the_caller_open_nothing() {
    let (store, guard) = guarded();
    for kind in [ErrorKind::InvalidInput, ErrorKind::WrongType, ErrorKind::PermissionDenied] {
        store.is(Mood { fails: Some(kind), ..Mood::default() });
        for _ in 0..30 {
            assert_eq!(guard.get(&keys(1)[0]).await.unwrap_err().kind(), kind);
        }
    }
    assert_eq!(guard.state(), Default::default());
}

#[tokio::test]
async fn a_strict_guard_always_asks_the_store() {
    let store = Arc::new(Moody::new());
    let guard = GuardedBackend::with_options(store.clone(), GuardOptions::new().with_strict(true));
    let full = Mood { fails: Some(ErrorKind::Corrupt), ..Mood::default() };
    opened(&store, &guard, full).await;
    assert_eq!(guard.get(&keys(1)[0]).await.unwrap_err().kind(), ErrorKind::Corrupt);
    store.is(Mood::default());
    guard.get(&keys(1)[0]).await.unwrap();
    store.is(silent());
    let start = Instant::now();
    guard.get(&keys(1)[0]).await.unwrap_err();
    assert!(start.elapsed() < millis(900), "budgets hold");
}

#[tokio::test]
async fn nobody_is_guarded_twice() {
    let once = guard(Arc::new(Moody::new()), Some(GuardOptions::new()));
    assert!(once.guard.is_some());
    let twice = guard(Arc::clone(&once.backend), Some(GuardOptions::new()));
    assert!(twice.guard.is_none() && Arc::ptr_eq(&once.backend, &twice.backend));
    assert!(guard(Arc::new(Moody::new()), None).guard.is_none());
}
