//! Queued writes: read back at once, made in order, never brought back to life, never in the way.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{
    CacheBackend, CacheBackendExt, ErrorKind, LeaseOutcome, LeaseRequest, LeaseToken, PutEntry,
    PutOptions, StoredValue, Ttl,
};
use cache_guard::{GuardOptions, GuardedBackend, WriteBehind};
use common::{Mood, Moody, entry, keys, millis};

fn guarded(queue: WriteBehind) -> (Arc<Moody>, GuardedBackend) {
    let store = Arc::new(Moody::new());
    let guard =
        GuardedBackend::with_options(store.clone(), GuardOptions::new().with_write_behind(queue));
    (store, guard)
}

fn down() -> Mood {
    Mood { fails: Some(ErrorKind::Unavailable), ..Mood::default() }
}

async fn put(guard: &GuardedBackend, entries: &[PutEntry]) {
    guard.put_many(entries, &PutOptions::default()).await.unwrap();
}

async fn text(store: &impl CacheBackend, key: &cache_core::CacheKey) -> Option<Vec<u8>> {
    store.get(key).await.unwrap().map(|value| value.bytes().to_vec())
}

#[tokio::test]
async fn a_write_waits_for_nobody_and_is_read_at_once() {
    let (store, guard) = guarded(WriteBehind::new());
    let keys = keys(3);
    store.is(Mood { delay: millis(300), ..Mood::default() });
    let start = Instant::now();
    put(&guard, &[entry(&keys[0], "a"), entry(&keys[1], "b")]).await;
    put(&guard, &[entry(&keys[1], "c")]).await;
    assert_eq!(text(&guard, &keys[0]).await.unwrap(), b"a");
    assert_eq!(text(&guard, &keys[1]).await.unwrap(), b"c", "the last one counts");
    assert!(guard.read_local(&keys[0], &mut |_| {}));
    assert!(start.elapsed() < millis(250), "{:?}", start.elapsed());
    guard.flush().await.unwrap();
    store.is(Mood::default());
    assert_eq!(text(&store.inner, &keys[1]).await.unwrap(), b"c");
    assert_eq!(guard.snapshot().queue.unwrap().entries, 0);
    assert_eq!(text(&guard, &keys[1]).await.unwrap(), b"c");
}

#[tokio::test]
async fn what_a_store_that_is_down_does_not_take_is_written_when_it_is_back() {
    let (store, guard) = guarded(WriteBehind::new());
    let keys = keys(50);
    store.is(down());
    for key in &keys {
        put(&guard, &[entry(key, "v")]).await;
    }
    tokio::time::sleep(millis(300)).await;
    assert_eq!(guard.get_many(&keys, &Default::default()).await.unwrap().len(), 50);
    store.is(Mood::default());
    guard.flush().await.unwrap();
    let written = store.inner.get_many(&keys, &Default::default()).await.unwrap();
    assert!(written.iter().all(Option::is_some));
    let queue = guard.snapshot().queue.unwrap();
    assert_eq!((queue.written, queue.lost, queue.entries, queue.bytes), (50, 0, 0, 0));
}

#[tokio::test]
async fn what_is_removed_does_not_come_back() {
    let (store, guard) = guarded(WriteBehind::new());
    let keys = keys(3);
    // One under way, one waiting.
    store.is(Mood { delay: millis(200), ..Mood::default() });
    put(&guard, &[entry(&keys[0], "a")]).await;
    tokio::time::sleep(millis(50)).await;
    put(&guard, &[entry(&keys[1], "b")]).await;
    let removed = guard.remove_many(&keys).await.unwrap();
    assert_eq!(removed, [true, true, false]);
    guard.flush().await.unwrap();
    store.is(Mood::default());
    assert_eq!(store.inner.contains_many(&keys).await.unwrap(), [false; 3]);

    store.is(Mood { delay: millis(200), ..Mood::default() });
    put(&guard, &[entry(&keys[0], "a")]).await;
    guard.clear_all(keys[0].space().namespace()).await.unwrap();
    guard.flush().await.unwrap();
    assert!(!store.inner.contains_many(&keys).await.unwrap()[0]);
}

#[tokio::test]
async fn lives_count_from_the_call() {
    let (store, guard) = guarded(WriteBehind::new());
    let keys = keys(2);
    store.is(down());
    let short = |key: &cache_core::CacheKey| {
        PutEntry::new(key.clone(), StoredValue::new("v"), Ttl::new(millis(300)).unwrap())
    };
    put(&guard, &[short(&keys[0]), short(&keys[1])]).await;
    let touched = guard.touch_many(&[(keys[1].clone(), Ttl::FOREVER)]).await.unwrap();
    assert_eq!(touched, [true]);
    tokio::time::sleep(millis(400)).await;
    assert_eq!(
        guard.get_many(&keys, &Default::default()).await.unwrap().iter().flatten().count(),
        1
    );
    store.is(Mood::default());
    guard.flush().await.unwrap();
    tokio::time::sleep(millis(20)).await;
    assert_eq!(store.inner.contains_many(&keys).await.unwrap(), [false, true]);
}

#[tokio::test]
async fn leases_end_with_the_write_and_not_before() {
    let (store, guard) = guarded(WriteBehind::new());
    let key = keys(1);
    let request = |token| LeaseRequest { token, duration: Duration::from_secs(60) };
    let mine = LeaseToken::unique();
    let leases = guard.leases().unwrap();
    leases.get_or_lease_many(&key, &request(mine)).await.unwrap();
    store.is(Mood { delay: millis(200), ..Mood::default() });
    let options = PutOptions::default().with_release(mine);
    guard.put_many(&[entry(&key[0], "v")], &options).await.unwrap();
    let theirs = store.inner.leases().unwrap();
    let outcome = theirs.get_or_lease_many(&key, &request(LeaseToken::unique())).await.unwrap();
    assert!(matches!(outcome[0], LeaseOutcome::Held(_)), "{outcome:?}");
    let outcome = leases.get_or_lease_many(&key, &request(LeaseToken::unique())).await.unwrap();
    assert!(matches!(outcome[0], LeaseOutcome::Value(_)), "what is queued is there: {outcome:?}");
    guard.flush().await.unwrap();
    store.inner.remove(&key[0]).await.unwrap();
    let outcome = theirs.get_or_lease_many(&key, &request(LeaseToken::unique())).await.unwrap();
    assert!(matches!(outcome[0], LeaseOutcome::Acquired), "{outcome:?}");
}

#[tokio::test]
async fn a_full_queue_refuses_what_is_new() {
    let (store, guard) = guarded(WriteBehind::new().with_bounds(3, 1 << 20));
    let keys = keys(10);
    store.is(down());
    for key in &keys[..3] {
        put(&guard, &[entry(key, "v")]).await;
    }
    let refused = guard.put_many(&[entry(&keys[3], "v")], &PutOptions::default()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Full);
    put(&guard, &[entry(&keys[2], "w")]).await; // In the place of the other.
    assert_eq!(guard.snapshot().queue.unwrap().refused, 1);
    store.is(Mood::default());
    guard.flush().await.unwrap();
    assert_eq!(text(&store.inner, &keys[2]).await.unwrap(), b"w");
    // More than the queue ever holds is written through it.
    let all: Vec<_> = keys.iter().map(|key| entry(key, "x")).collect();
    put(&guard, &all).await;
    assert_eq!(text(&store.inner, &keys[9]).await.unwrap(), b"x");
}

#[tokio::test]
async fn a_drained_queue_is_empty_and_says_what_it_lost() {
    let (store, guard) = guarded(WriteBehind::new().with_flush(millis(100)));
    let keys = keys(2);
    store.is(down());
    put(&guard, &[entry(&keys[0], "v"), entry(&keys[1], "v")]).await;
    assert_eq!(guard.flush().await.unwrap_err().kind(), ErrorKind::Timeout);
    let error = guard.drain(millis(100)).await.unwrap_err();
    assert!(error.to_string().starts_with("2 queued writes"), "{error}");
    store.is(Mood::default());
    guard.drain(millis(1_000)).await.unwrap();
    assert_eq!(store.inner.contains_many(&keys).await.unwrap(), [false, false]);
    put(&guard, &[entry(&keys[0], "v")]).await;
    guard.drain(millis(5_000)).await.unwrap(); // The breaker may still be in its pause.
    assert!(store.inner.contains_many(&keys).await.unwrap()[0], "it goes on");
}

#[tokio::test]
async fn what_the_store_never_takes_is_lost_and_counted() {
    let (store, guard) = guarded(WriteBehind::new());
    store.is(Mood { writes_fail: Some(ErrorKind::PermissionDenied), ..Mood::default() });
    put(&guard, &[entry(&keys(1)[0], "v")]).await;
    assert!(guard.flush().await.is_err());
    assert_eq!(guard.snapshot().queue.unwrap().lost, 1);
}

/// A worker dies with its runtime; the next call starts another.
#[test]
fn a_queue_outlives_its_runtime() {
    let (store, guard) = guarded(WriteBehind::new());
    let keys = keys(2);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    store.is(down());
    runtime().block_on(async {
        put(&guard, &[entry(&keys[0], "v")]).await;
        tokio::time::sleep(millis(50)).await;
    });
    store.is(Mood::default());
    runtime().block_on(async {
        put(&guard, &[entry(&keys[1], "v")]).await;
        guard.flush().await.unwrap();
    });
    let there = runtime().block_on(store.inner.contains_many(&keys)).unwrap();
    assert_eq!(there, [true, true]);
}
