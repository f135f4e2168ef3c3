//! The contract of [`CacheBackend`].

use std::sync::Arc;
use std::time::Duration;

use super::{coordination, fresh_namespace, keys};
use crate::{
    CacheBackend, CacheBackendExt, CacheKey, ClearOptions, ClearProgress, DiagnoseOptions,
    GetOptions, KeyKind, KeySpace, Namespace, PutEntry, PutOptions, StoredValue, Ttl,
};

/// Every check of this module but [`bounded`], which needs a small store.
pub async fn run(backend: Arc<dyn CacheBackend>) {
    values(&*backend).await;
    empty_batches(&*backend).await;
    order(&*backend).await;
    overwriting(&*backend).await;
    removing(&*backend).await;
    expiry(&*backend).await;
    touching(&*backend).await;
    namespaces(&*backend).await;
    clearing_in_steps(&*backend).await;
    generations(&*backend).await;
    large_batches(&*backend).await;
    cancellation(&*backend).await;
    concurrency(Arc::clone(&backend)).await;
    reports(&*backend).await;
    coordination::leases(Arc::clone(&backend)).await;
    coordination::counters(backend).await;
}

fn value(bytes: impl Into<Vec<u8>>) -> StoredValue {
    StoredValue::new(bytes.into())
}

async fn put(backend: &dyn CacheBackend, key: &CacheKey, bytes: &[u8], ttl: Ttl) {
    backend.put(key.clone(), value(bytes), ttl).await.expect("a write succeeds");
}

async fn get(backend: &dyn CacheBackend, key: &CacheKey) -> Option<Vec<u8>> {
    backend.get(key).await.expect("a read succeeds").map(|v| v.bytes().to_vec())
}

async fn get_all(backend: &dyn CacheBackend, keys: &[CacheKey]) -> Vec<Option<Vec<u8>>> {
    let values = backend.get_many(keys, &GetOptions::default()).await.expect("a read succeeds");
    values.into_iter().map(|v| v.map(|v| v.bytes().to_vec())).collect()
}

fn millis(ms: u64) -> Ttl {
    Ttl::new(Duration::from_millis(ms)).expect("invariant: positive")
}

/// Values come back byte for byte, the empty one included.
pub async fn values(backend: &dyn CacheBackend) {
    let samples: Vec<Vec<u8>> =
        vec![vec![], vec![0], (0..=255).collect(), b"\r\n$-1\r\n".to_vec(), vec![0xff; 1 << 20]];
    let keys = keys(&fresh_namespace("values"), samples.len());
    let entries: Vec<_> = keys
        .iter()
        .zip(&samples)
        .map(|(key, bytes)| PutEntry::new(key.clone(), value(bytes.clone()), Ttl::FOREVER))
        .collect();
    backend.put_many(&entries, &PutOptions::default()).await.expect("a write succeeds");
    let found = get_all(backend, &keys).await;
    for (sample, found) in samples.iter().zip(found) {
        assert!(
            found.as_ref() == Some(sample),
            "a value of {} bytes came back other",
            sample.len()
        );
    }
    assert_eq!(get(backend, &keys[0]).await, Some(vec![]), "an empty value is no miss");
}

/// Empty slices are answered with empty results.
pub async fn empty_batches(backend: &dyn CacheBackend) {
    assert!(get_all(backend, &[]).await.is_empty());
    backend.put_many(&[], &PutOptions::default()).await.expect("nothing to write succeeds");
    assert!(backend.remove_many(&[]).await.expect("nothing to remove succeeds").is_empty());
    assert!(backend.contains_many(&[]).await.expect("nothing to look for succeeds").is_empty());
    assert!(backend.touch_many(&[]).await.expect("nothing to touch succeeds").is_empty());
}

/// One result per element, in the order of the slice, repeated keys included.
pub async fn order(backend: &dyn CacheBackend) {
    let keys = keys(&fresh_namespace("order"), 6);
    for i in [4, 1, 2] {
        put(backend, &keys[i], &[u8::try_from(i).expect("invariant: small")], Ttl::FOREVER).await;
    }
    let asked: Vec<_> = [2, 0, 4, 2, 5, 1].iter().map(|&i| keys[i].clone()).collect();
    let expected = [Some(vec![2]), None, Some(vec![4]), Some(vec![2]), None, Some(vec![1])];
    assert_eq!(get_all(backend, &asked).await, expected, "results in the order of the keys");
    let there = backend.contains_many(&asked).await.expect("succeeds");
    assert_eq!(there, [true, false, true, true, false, true]);
}

/// Overwriting replaces value and expiry; the last of a repeated key in a batch wins.
pub async fn overwriting(backend: &dyn CacheBackend) {
    let keys = keys(&fresh_namespace("overwriting"), 2);
    put(backend, &keys[0], b"old", millis(150)).await;
    put(backend, &keys[0], b"new", Ttl::FOREVER).await;
    let twice = [b"first".to_vec(), b"last".to_vec()]
        .map(|bytes| PutEntry::new(keys[1].clone(), value(bytes), Ttl::FOREVER));
    backend.put_many(&twice, &PutOptions::default()).await.expect("a write succeeds");
    assert_eq!(get(backend, &keys[1]).await, Some(b"last".to_vec()), "the last entry wins");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        get(backend, &keys[0]).await,
        Some(b"new".to_vec()),
        "overwriting replaces the expiry of the old value"
    );
}

/// Removing says what was there.
pub async fn removing(backend: &dyn CacheBackend) {
    let keys = keys(&fresh_namespace("removing"), 3);
    put(backend, &keys[0], b"x", Ttl::FOREVER).await;
    put(backend, &keys[2], b"z", millis(60_000)).await;
    let again = [keys[0].clone(), keys[1].clone(), keys[0].clone(), keys[2].clone()];
    let removed = backend.remove_many(&again).await.expect("removing succeeds");
    assert_eq!(removed, [true, false, false, true], "the first occurrence was there");
    assert_eq!(get_all(backend, &keys).await, [None, None, None]);
}

/// An entry is gone when its TTL has passed, and not before: TTLs are in milliseconds.
pub async fn expiry(backend: &dyn CacheBackend) {
    let keys = keys(&fresh_namespace("expiry"), 3);
    put(backend, &keys[0], b"short", millis(120)).await;
    put(backend, &keys[1], b"longer", millis(1_900)).await;
    put(backend, &keys[2], b"always", Ttl::FOREVER).await;
    assert_eq!(get(backend, &keys[0]).await, Some(b"short".to_vec()), "not before its time");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(get(backend, &keys[0]).await, None, "gone after its time");
    let there = backend.contains_many(&keys).await.expect("succeeds");
    assert_eq!(there, [false, true, true], "an expired entry is not there");
    assert!(!backend.remove(&keys[0]).await.expect("succeeds"), "an expired entry is not there");
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(
        get(backend, &keys[1]).await,
        Some(b"longer".to_vec()),
        "1900 ms are not rounded down to a second"
    );
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    let expected = [None, None, Some(b"always".to_vec())];
    assert_eq!(get_all(backend, &keys).await, expected);
    let usage = backend.usage(keys[0].space().namespace()).await.expect("succeeds");
    assert_eq!(usage.entries, 1, "expired entries are not counted");
}

/// Touching gives a new time to live from now, or none, and does not bring the dead back.
pub async fn touching(backend: &dyn CacheBackend) {
    let keys = keys(&fresh_namespace("touching"), 4);
    for key in &keys[..3] {
        put(backend, key, b"x", millis(400)).await;
    }
    let touch = [
        (keys[0].clone(), millis(60_000)),
        (keys[1].clone(), Ttl::FOREVER),
        (keys[2].clone(), millis(50)),
        (keys[3].clone(), millis(60_000)),
    ];
    let touched = backend.touch_many(&touch).await.expect("succeeds");
    assert_eq!(touched, [true, true, true, false]);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let there = backend.contains_many(&keys).await.expect("succeeds");
    assert_eq!(there, [true, true, false, false], "a touch replaces the expiry");
    let dead = backend.touch_many(&touch[2..]).await.expect("succeeds");
    assert_eq!(dead, [false, false], "a touch does not bring an expired entry back");
}

/// Clearing and counting one namespace leaves others alone, however alike their names are.
pub async fn namespaces(backend: &dyn CacheBackend) {
    let mine = fresh_namespace("ns");
    let alike: Vec<_> = ["1", ".x", "-", "_"]
        .iter()
        .map(|suffix| Namespace::new(&format!("{mine}{suffix}")).expect("invariant: allowed"))
        .collect();
    let own = keys(&mine, 5);
    for key in &own {
        put(backend, key, b"mine", Ttl::FOREVER).await;
    }
    for other in &alike {
        put(backend, &keys(other, 1)[0], b"theirs", Ttl::FOREVER).await;
    }
    let usage = backend.usage(&mine).await.expect("succeeds");
    assert_eq!(usage.entries, 5, "usage counts the namespace's entries");
    assert!(usage.bytes >= 5 * 4, "usage counts their bytes");
    assert_eq!(backend.clear_all(&mine).await.expect("clearing succeeds"), 5);
    assert_eq!(backend.usage(&mine).await.expect("succeeds").entries, 0);
    for other in &alike {
        let theirs = get(backend, &keys(other, 1)[0]).await;
        assert_eq!(theirs, Some(b"theirs".to_vec()), "clearing touched another namespace");
        assert_eq!(backend.clear_all(other).await.expect("clearing succeeds"), 1);
    }
}

/// Clearing goes in bounded steps and ends.
pub async fn clearing_in_steps(backend: &dyn CacheBackend) {
    let namespace = fresh_namespace("steps");
    let keys = keys(&namespace, 300);
    let entries: Vec<_> =
        keys.iter().map(|k| PutEntry::new(k.clone(), value("x"), Ttl::FOREVER)).collect();
    backend.put_many(&entries, &PutOptions::default()).await.expect("a write succeeds");
    let options = ClearOptions::default().with_step(50);
    let mut progress = ClearProgress::default();
    let mut steps = 0;
    while !progress.is_done() {
        progress = backend.clear(&namespace, progress, &options).await.expect("a step succeeds");
        steps += 1;
        assert!(steps < 1_000_000, "clearing does not end");
    }
    assert_eq!(progress.removed, 300);
    assert!(steps > 1, "a step of 50 removed all 300 entries at once");
    assert!(get_all(backend, &keys).await.iter().all(Option::is_none));
}

/// Entries of one generation are invisible in another.
pub async fn generations(backend: &dyn CacheBackend) {
    let namespace = fresh_namespace("generations");
    let old = &keys(&namespace, 1)[0];
    let space = KeySpace::new(namespace, KeyKind::Embedding, 1);
    let new = CacheKey::new(space, *old.hash());
    put(backend, old, b"old", Ttl::FOREVER).await;
    assert_eq!(get(backend, &new).await, None, "another generation's entry was served");
}

/// Thousands of entries in one batch.
pub async fn large_batches(backend: &dyn CacheBackend) {
    let namespace = fresh_namespace("large");
    let keys = keys(&namespace, 2_500);
    let entries: Vec<_> = keys
        .iter()
        .map(|k| PutEntry::new(k.clone(), value(k.hash().repeat(8)), millis(60_000)))
        .collect();
    backend.put_many(&entries, &PutOptions::default()).await.expect("a large write succeeds");
    let found = get_all(backend, &keys).await;
    for (key, found) in keys.iter().zip(&found) {
        assert!(found.as_deref() == Some(&key.hash().repeat(8)[..]), "another key's value");
    }
    assert_eq!(backend.remove_many(&keys).await.expect("succeeds"), vec![true; 2_500]);
}

/// Dropped calls do not disturb later ones.
pub async fn cancellation(backend: &dyn CacheBackend) {
    let namespace = fresh_namespace("cancel");
    let keys = keys(&namespace, 64);
    for key in &keys {
        put(backend, key, key.hash(), Ttl::FOREVER).await;
    }
    for (round, key) in keys.iter().cycle().take(256).enumerate() {
        let hurry = Duration::from_micros(7 * (round as u64 % 16));
        let _ = tokio::time::timeout(hurry, backend.get(key)).await;
        let other = &keys[(round * 31 + 7) % keys.len()];
        let found = get(backend, other).await;
        assert!(found.as_deref() == Some(other.hash()), "a dropped call shifted the answers");
    }
}

/// Many tasks at once see only their own values.
pub async fn concurrency(backend: Arc<dyn CacheBackend>) {
    let namespace = fresh_namespace("concurrency");
    let keys = Arc::new(keys(&namespace, 32 * 8));
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..32 {
        let (backend, keys) = (Arc::clone(&backend), Arc::clone(&keys));
        tasks.spawn(async move {
            let mine = &keys[task * 8..(task + 1) * 8];
            for round in 0..10u8 {
                let bytes = |key: &CacheKey| [&key.hash()[..], &[round]].concat();
                let entries: Vec<_> = mine
                    .iter()
                    .map(|k| PutEntry::new(k.clone(), value(bytes(k)), millis(60_000)))
                    .collect();
                backend.put_many(&entries, &PutOptions::default()).await.expect("succeeds");
                let found = get_all(&*backend, mine).await;
                for (key, found) in mine.iter().zip(found) {
                    assert!(found == Some(bytes(key)), "a task saw another's or an old value");
                }
            }
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.expect("no task fails");
    }
}

/// A backend describes itself.
pub async fn reports(backend: &dyn CacheBackend) {
    assert!(!backend.info().kind.is_empty());
    assert!(backend.capabilities().max_value_bytes > 0);
    let status = backend.status().await.expect("a store that works has a status");
    assert!(!status.server.is_empty() && !status.version.is_empty());
    let options = DiagnoseOptions::new(fresh_namespace("reports"));
    let findings = backend.diagnose(&options).await.expect("a store that works can be diagnosed");
    let sorted = findings.is_sorted_by(|one, next| one.severity >= next.severity);
    assert!(sorted, "the worst finding comes first");
    for finding in status.findings.iter().chain(&findings) {
        assert!(!finding.what.is_empty() && !finding.code.as_str().is_empty(), "{finding:?}");
    }
}

/// For a store that takes about `max_bytes`: ten times as much is written; the bound holds, and
/// entries that are read all the while outlive those that are not.
pub async fn bounded(backend: &dyn CacheBackend, max_bytes: u64) {
    const VALUE: usize = 2_000;
    let namespace = fresh_namespace("bounded");
    let count = usize::try_from(max_bytes).expect("invariant: small") * 10 / VALUE;
    let keys = keys(&namespace, count);
    let hot = &keys[..count / 100];
    for chunk in keys.chunks(count.div_ceil(100)) {
        let entries: Vec<_> = chunk
            .iter()
            .map(|k| PutEntry::new(k.clone(), value(vec![7; VALUE]), Ttl::FOREVER))
            .collect();
        backend.put_many(&entries, &PutOptions::default()).await.expect("a full store evicts");
        get_all(backend, hot).await;
        // Stores that keep time of use coarsely get a little of it.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let usage = backend.usage(&namespace).await.expect("succeeds");
    assert!(usage.bytes <= max_bytes, "{} bytes in a store of {max_bytes}", usage.bytes);
    assert!(usage.entries > 0, "a full store keeps something");
    let survivors = get_all(backend, hot).await.iter().flatten().count();
    assert!(
        survivors * 10 >= hot.len() * 9,
        "{survivors} of {} entries in constant use survived",
        hot.len()
    );
    backend.clear_all(&namespace).await.expect("clearing succeeds");
}
