//! The contracts of [`Leases`] and [`Counters`].

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{fresh_namespace, keys};
use crate::{
    CacheBackend, CacheBackendExt, CacheKey, Counters, LeaseOutcome, LeaseRequest, LeaseToken,
    Leases, PutEntry, PutOptions, StoredValue, Ttl, Wakeup,
};

/// Leases, where the backend has them.
pub(super) async fn leases(backend: Arc<dyn CacheBackend>) {
    if backend.leases().is_some() {
        lease_life(&*backend).await;
        lease_batches(&*backend).await;
        waiting(&backend).await;
        one_of_many(backend).await;
    }
}

fn of(backend: &dyn CacheBackend) -> &dyn Leases {
    backend.leases().expect("invariant: checked by the caller")
}

fn request(token: LeaseToken, millis: u64) -> LeaseRequest {
    LeaseRequest { token, duration: Duration::from_millis(millis) }
}

async fn ask(
    backend: &dyn CacheBackend,
    key: &CacheKey,
    token: LeaseToken,
    ms: u64,
) -> LeaseOutcome {
    let outcomes =
        of(backend).get_or_lease_many(std::slice::from_ref(key), &request(token, ms)).await;
    let mut outcomes = outcomes.expect("asking for a lease succeeds");
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

fn acquired(outcome: &LeaseOutcome) -> bool {
    matches!(outcome, LeaseOutcome::Acquired)
}

async fn lease_life(backend: &dyn CacheBackend) {
    let keys = keys(&fresh_namespace("lease"), 2);
    let key = &keys[0];
    let (a, b) = (LeaseToken::unique(), LeaseToken::unique());
    assert!(acquired(&ask(backend, key, a, 10_000).await), "a free lease is acquired");
    assert!(acquired(&ask(backend, key, a, 10_000).await), "its holder acquires it again");
    match ask(backend, key, b, 10_000).await {
        LeaseOutcome::Held(left) => {
            assert!(left <= Duration::from_secs(10) && left > Duration::from_secs(5));
        }
        other => panic!("a held lease was given as {other:?}"),
    }
    let slice = std::slice::from_ref(key);
    of(backend).release_leases(slice, b).await.expect("succeeds");
    assert!(!acquired(&ask(backend, key, b, 10_000).await), "another's token released the lease");
    let renewed = of(backend).renew_leases(slice, &request(b, 10_000)).await.expect("succeeds");
    assert_eq!(renewed, [false], "another's token renewed the lease");
    of(backend).release_leases(slice, a).await.expect("succeeds");
    assert!(acquired(&ask(backend, key, b, 200).await), "a released lease is free");

    tokio::time::sleep(Duration::from_millis(100)).await;
    let renewed = of(backend).renew_leases(slice, &request(b, 400)).await.expect("succeeds");
    assert_eq!(renewed, [true]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!acquired(&ask(backend, key, a, 10_000).await), "a renewed lease lives on");
    tokio::time::sleep(Duration::from_millis(400)).await;
    let renewed = of(backend).renew_leases(slice, &request(b, 400)).await.expect("succeeds");
    assert_eq!(renewed, [false], "a lease that has ended can't be renewed");
    assert!(acquired(&ask(backend, key, a, 10_000).await), "a lease ends when its time is over");

    let entry = PutEntry::new(key.clone(), StoredValue::new("v"), Ttl::FOREVER);
    let other = PutEntry::new(keys[1].clone(), StoredValue::new("v"), Ttl::FOREVER);
    let options = PutOptions::default().with_release(a);
    backend.put_many(&[entry, other], &options).await.expect("succeeds");
    match ask(backend, key, b, 10_000).await {
        LeaseOutcome::Value(value) => assert_eq!(&value.bytes()[..], b"v"),
        other => panic!("a key with a value gave {other:?}"),
    }
    assert!(backend.remove(key).await.expect("succeeds"));
    assert!(acquired(&ask(backend, key, b, 10_000).await), "putting with the token releases");
    let usage = backend.usage(key.space().namespace()).await.expect("succeeds");
    assert_eq!(usage.entries, 1, "a lease is no entry");
    backend.clear_all(key.space().namespace()).await.expect("succeeds");
    assert!(acquired(&ask(backend, key, a, 10).await), "clearing removes leases");
}

async fn lease_batches(backend: &dyn CacheBackend) {
    let keys = keys(&fresh_namespace("leases"), 4);
    let (a, b) = (LeaseToken::unique(), LeaseToken::unique());
    backend
        .put(keys[1].clone(), StoredValue::new("1"), Ttl::FOREVER)
        .await
        .expect("a write succeeds");
    assert!(acquired(&ask(backend, &keys[2], a, 10_000).await));
    let outcomes =
        of(backend).get_or_lease_many(&keys, &request(b, 10_000)).await.expect("succeeds");
    let shape: String = outcomes
        .iter()
        .map(|outcome| match outcome {
            LeaseOutcome::Value(_) => 'v',
            LeaseOutcome::Acquired => 'a',
            LeaseOutcome::Held(_) => 'h',
        })
        .collect();
    assert_eq!(shape, "avha", "outcomes in the order of the keys");
    assert!(of(backend).get_or_lease_many(&[], &request(b, 1)).await.expect("ok").is_empty());
    of(backend).release_leases(&[], b).await.expect("nothing to release succeeds");
    assert!(of(backend).renew_leases(&[], &request(b, 1)).await.expect("ok").is_empty());
}

/// Longer than any wake-up takes on a busy machine, shorter than the leases.
const SOON: Duration = Duration::from_secs(10);

/// Who waits for a key is woken by its value, by the release of its lease, and by clearing; what
/// has happened before counts; and without cause nobody is woken over and over.
async fn waiting(backend: &Arc<dyn CacheBackend>) {
    let keys = keys(&fresh_namespace("waiting"), 3);
    let a = LeaseToken::unique();
    let lease = || async {
        for key in &keys {
            assert!(acquired(&ask(&**backend, key, a, 60_000).await), "the lease is free");
        }
    };
    lease().await;
    let cannot_tell =
        async || wait(backend, &keys, Duration::from_millis(200)).await == Some(Wakeup::Unknown);
    let mut attempts = 0;
    while cannot_tell().await {
        attempts += 1;
        if attempts == 20 {
            return; // It cannot tell, and says so.
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut wakeups = 0;
    let awake = async {
        while of(&**backend).changed(&keys).await == Wakeup::Changed {
            wakeups += 1;
            tokio::task::yield_now().await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(300), awake).await;
    assert!(wakeups <= 2, "{wakeups} wake-ups in 300 ms, while nothing happened");

    let entry = PutEntry::new(keys[1].clone(), StoredValue::new("v"), Ttl::FOREVER);
    let releasing = PutOptions::default().with_release(a);
    woken_by(backend, &keys, backend.put_many(&[entry], &releasing)).await;
    assert_eq!(wait(backend, &keys, SOON).await, Some(Wakeup::Changed), "what has been counts");
    backend.remove(&keys[1]).await.expect("succeeds");
    assert_eq!(wait(backend, &keys, SOON).await, Some(Wakeup::Changed), "a free lease counts");
    assert!(acquired(&ask(&**backend, &keys[1], a, 60_000).await), "the lease is free");

    woken_by(backend, &keys, of(&**backend).release_leases(&keys[2..], a)).await;
    assert!(acquired(&ask(&**backend, &keys[2], a, 60_000).await), "the lease is free");
    woken_by(backend, &keys, backend.clear_all(keys[0].space().namespace())).await;
}

async fn wait(
    backend: &Arc<dyn CacheBackend>,
    keys: &[CacheKey],
    at_most: Duration,
) -> Option<Wakeup> {
    tokio::time::timeout(at_most, of(&**backend).changed(keys)).await.ok()
}

/// Two wait, and both are woken by what is then done.
async fn woken_by<T>(
    backend: &Arc<dyn CacheBackend>,
    keys: &[CacheKey],
    done: impl Future<Output = Result<T, crate::CacheError>>,
) {
    let mut waiters = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (backend, keys) = (Arc::clone(backend), keys.to_vec());
        waiters.spawn(async move { wait(&backend, &keys, SOON).await });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(done.await.is_ok(), "what wakes succeeds");
    for told in waiters.join_all().await {
        assert_eq!(told, Some(Wakeup::Changed), "a waiter slept on");
    }
}

async fn one_of_many(backend: Arc<dyn CacheBackend>) {
    let key = keys(&fresh_namespace("race"), 1).remove(0);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (backend, key) = (Arc::clone(&backend), key.clone());
        tasks.spawn(
            async move { acquired(&ask(&*backend, &key, LeaseToken::unique(), 30_000).await) },
        );
    }
    let winners = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(winners, 1, "of 64 callers {winners} acquired one lease");
}

/// Counters, where the backend has them.
pub(super) async fn counters(backend: Arc<dyn CacheBackend>) {
    fn of(backend: &dyn CacheBackend) -> &dyn Counters {
        backend.counters().expect("invariant: checked below")
    }
    if backend.counters().is_none() {
        return;
    }
    let (mine, other) = (fresh_namespace("counters"), fresh_namespace("counters"));
    assert!(of(&*backend).read_counters(&mine).await.expect("succeeds").is_empty());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (backend, mine) = (Arc::clone(&backend), mine.clone());
        tasks.spawn(async move {
            let deltas = [("hits", 3), ("misses", 1), ("saved.micros", 1_000_000)];
            of(&*backend).add_counters(&mine, &deltas).await.expect("adding succeeds");
        });
    }
    tasks.join_all().await;
    of(&*backend).add_counters(&mine, &[("misses", -5)]).await.expect("adding succeeds");
    let expected: BTreeMap<String, i64> =
        [("hits", 60), ("misses", 15), ("saved.micros", 20_000_000)]
            .map(|(name, count)| (name.to_owned(), count))
            .into();
    let read = of(&*backend).read_counters(&mine).await.expect("succeeds");
    assert_eq!(read, expected, "no addition is lost");
    assert!(of(&*backend).read_counters(&other).await.expect("succeeds").is_empty());
    let usage = backend.usage(&mine).await.expect("succeeds");
    assert_eq!(usage.entries, 0, "a counter is no entry");
    of(&*backend).reset_counters(&mine).await.expect("succeeds");
    assert!(of(&*backend).read_counters(&mine).await.expect("succeeds").is_empty());
}
