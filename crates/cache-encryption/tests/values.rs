//! Values that are sealed, moved, damaged, and sealed with other keys.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cache_core::{
    CacheBackend, CacheBackendExt, CacheKey, GetOptions, LeaseOutcome, LeaseRequest, LeaseToken,
    MemoryBackend, PutEntry, PutOptions, StoredValue,
};
use cache_encryption::{EncryptedBackend, OVERHEAD_BYTES, PlainValues};
use redis_test_server::TestServer;
use support::{all, data_key, get, hour, keys, put, redis, ring, shared};

fn memory() -> Arc<MemoryBackend> {
    Arc::new(MemoryBackend::new(64 << 20))
}

/// What lies under a key.
async fn sealed(store: &dyn CacheBackend, key: &CacheKey) -> Vec<u8> {
    let values = store.get_many(std::slice::from_ref(key), &GetOptions::default()).await.unwrap();
    values[0].as_ref().unwrap().bytes().to_vec()
}

async fn store(backend: &dyn CacheBackend, key: &CacheKey, bytes: impl Into<bytes::Bytes>) {
    let entry = PutEntry::new(key.clone(), StoredValue::new(bytes), hour());
    backend.put_many(&[entry], &PutOptions::default()).await.unwrap();
}

#[tokio::test]
async fn keys_are_rotated_while_the_program_runs() {
    let (store, keyring) = (memory(), shared(&[1]));
    let backend = EncryptedBackend::new(store.clone(), keyring.clone());
    let keys = keys(4);
    put(&backend, &keys[..2]).await;
    // Everywhere first the new key is known, then it is used, then the old one is forgotten.
    keyring.replace(ring(&[1, 2]));
    assert_eq!(get(&backend, &keys[..2]).await, all(2));
    let old = keyring.replace(ring(&[2, 1]));
    assert_eq!(old.active().id(), data_key(1).id());
    let before = sealed(&*store, &keys[0]).await;
    put(&backend, &keys[..1]).await;
    let after = sealed(&*store, &keys[0]).await;
    assert_eq!(before[4..12].escape_ascii().to_string(), old_id(1), "sealed with the old key");
    assert_eq!(after[4..12].escape_ascii().to_string(), old_id(2), "sealed with the new key");
    assert_eq!(get(&backend, &keys[..2]).await, all(2), "both are read");
    keyring.replace(ring(&[2]));
    let expected = [all(1), vec![None]].concat();
    assert_eq!(get(&backend, &keys[..2]).await, expected, "what was not rewritten is a miss");
    let statistics = backend.statistics();
    assert_eq!((statistics.unknown_key, statistics.damaged), (1, 0));
    assert_eq!((statistics.sealed, statistics.opened), (3, 5));
}

/// A key's id as it is stored.
fn old_id(key: u8) -> String {
    let id = data_key(key).id().to_string();
    let bytes: Vec<u8> =
        (0..16).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()).collect();
    bytes.escape_ascii().to_string()
}

#[tokio::test]
async fn another_ring_reads_nothing() {
    let (store, keys) = (memory(), keys(10));
    put(&EncryptedBackend::new(store.clone(), ring(&[1])), &keys).await;
    let other = EncryptedBackend::new(store.clone(), ring(&[2, 3]));
    assert_eq!(get(&other, &keys).await, vec![None; 10]);
    assert_eq!(other.statistics().unknown_key, 10);
    put(&other, &keys).await;
    assert_eq!(get(&other, &keys).await, all(10), "misses are overwritten");
}

#[tokio::test]
async fn a_value_copied_to_another_key_is_a_miss() {
    let server = TestServer::start();
    let store = Arc::new(redis(&server.url()).await);
    let backend = EncryptedBackend::new(store, ring(&[1]));
    let keys = keys(4);
    put(&backend, &keys).await;
    let name = |i: usize| keys[i].to_string();
    server.command(&["COPY", &name(0), &name(1), "REPLACE"]);
    server.command(&["RENAME", &name(2), "swapped"]);
    server.command(&["RENAME", &name(3), &name(2)]);
    server.command(&["RENAME", "swapped", &name(3)]);
    let expected = [all(1), vec![None; 3]].concat();
    assert_eq!(get(&backend, &keys).await, expected);
    assert_eq!(backend.statistics().damaged, 3);
}

#[tokio::test]
async fn damage_is_a_miss_and_never_an_error() {
    let (store_, key) = (memory(), keys(1).remove(0));
    let backend = EncryptedBackend::new(store_.clone(), ring(&[1]));
    put(&backend, std::slice::from_ref(&key)).await;
    let good = sealed(&*store_, &key).await;
    let mut bad: Vec<Vec<u8>> = (0..good.len()).map(|length| good[..length].to_vec()).collect();
    bad.extend((0..8 * good.len()).map(|bit| {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    }));
    bad.push([&good[..], b"more"].concat());
    let count = bad.len() as u64;
    for bytes in bad {
        store(&*store_, &key, bytes).await;
        assert!(backend.get(&key).await.unwrap().is_none());
    }
    let statistics = backend.statistics();
    let found = statistics.damaged + statistics.unknown_key + statistics.refused_plain;
    assert_eq!((found, statistics.opened), (count, 0), "every one is counted");
    store(&*store_, &key, good).await;
    assert_eq!(get(&backend, &[key]).await, all(1), "and the good one still opens");
}

#[tokio::test]
async fn plain_values_are_read_only_while_a_migration_allows_it() {
    let (store, keys) = (memory(), keys(3));
    put(&*store, &keys).await;
    let strict = EncryptedBackend::new(store.clone(), ring(&[1]));
    assert_eq!(get(&strict, &keys).await, vec![None; 3]);
    assert_eq!(strict.statistics().refused_plain, 3);
    let lenient = strict.with_plain_values(PlainValues::Read);
    assert_eq!(get(&lenient, &keys).await, all(3));
    put(&lenient, &keys[..2]).await;
    assert_eq!(get(&lenient, &keys).await, all(3), "old and new side by side");
    assert_eq!((lenient.statistics().plain, lenient.statistics().opened), (4, 2));
    let done = lenient.with_plain_values(PlainValues::Refuse);
    assert_eq!(get(&done, &keys).await, [all(2), vec![None]].concat());
}

#[tokio::test]
async fn a_lease_gives_opened_values_and_is_held_of_unreadable_ones() {
    let server = TestServer::start();
    let redis: Arc<dyn CacheBackend> = Arc::new(redis(&server.url()).await);
    for store in [redis, memory() as Arc<dyn CacheBackend>] {
        lease_of_an_unreadable_value(store).await;
    }
}

async fn lease_of_an_unreadable_value(store: Arc<dyn CacheBackend>) {
    let keys = keys(3);
    let backend = EncryptedBackend::new(store.clone(), ring(&[1]));
    put(&backend, &keys[..1]).await;
    put(&EncryptedBackend::new(store.clone(), ring(&[2])), &keys[1..2]).await;
    let request = LeaseRequest { token: LeaseToken::unique(), duration: Duration::from_secs(60) };
    let leases = backend.leases().unwrap();
    let outcomes = leases.get_or_lease_many(&keys, &request).await.unwrap();
    match &outcomes[0] {
        LeaseOutcome::Value(value) => assert_eq!(value.bytes(), support::text(0).as_bytes()),
        other => panic!("{other:?}"),
    }
    assert!(matches!(outcomes[1..], [LeaseOutcome::Acquired, LeaseOutcome::Acquired]));
    let renewed = leases.renew_leases(&keys, &request).await.unwrap();
    assert_eq!(renewed, [false, true, true], "the unreadable value is not in the way of a lease");
    let other = LeaseRequest { token: LeaseToken::unique(), ..request };
    let outcomes = leases.get_or_lease_many(&keys[1..], &other).await.unwrap();
    assert!(outcomes.iter().all(|it| matches!(it, LeaseOutcome::Held(_))), "{outcomes:?}");
    let entry = PutEntry::new(keys[1].clone(), StoredValue::new("new"), hour());
    let options = PutOptions::default().with_release(request.token);
    backend.put_many(&[entry], &options).await.unwrap();
    assert_eq!(get(&backend, &keys[1..2]).await, [Some("new".to_owned())]);
    let outcomes = leases.get_or_lease_many(&keys[1..2], &other).await.unwrap();
    assert!(matches!(&outcomes[0], LeaseOutcome::Value(value) if value.bytes() == &b"new"[..]));
}

/// A store that writes as it goes is given values that are made and sealed when their turn comes,
/// and only once.
#[tokio::test]
async fn deferred_values_are_made_once() {
    let server = TestServer::start();
    let redis: Arc<dyn CacheBackend> = Arc::new(redis(&server.url()).await);
    for store in [redis, memory() as Arc<dyn CacheBackend>] {
        let backend = EncryptedBackend::new(store, ring(&[1]));
        let (made, keys) = (Arc::new(AtomicUsize::new(0)), keys(200));
        let value = |i: usize| {
            let made = Arc::clone(&made);
            let large = if i == 7 { 1 << 20 } else { 100 };
            StoredValue::deferred(large, move || {
                made.fetch_add(1, Ordering::Relaxed);
                format!("{i}{}", "x".repeat(large)).into()
            })
        };
        let entries: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(i, key)| PutEntry::new(key.clone(), value(i), hour()))
            .collect();
        backend.put_many(&entries, &PutOptions::default()).await.unwrap();
        let found = get(&backend, &keys).await;
        for (entry, found) in entries.iter().zip(found) {
            assert_eq!(entry.value.bytes(), found.unwrap().as_bytes());
        }
        assert_eq!(made.load(Ordering::Relaxed), 200);
        assert_eq!(backend.statistics().sealed, 200);
    }
}

#[tokio::test]
async fn sizes_are_those_of_the_wrapped_store_without_the_seal() {
    let store = Arc::new(MemoryBackend::new(100_000));
    let backend = EncryptedBackend::new(store.clone(), ring(&[1]));
    let (inner, outer) = (store.capabilities(), backend.capabilities());
    assert_eq!(outer.max_value_bytes, inner.max_value_bytes - OVERHEAD_BYTES as u64);
    assert!(inner.keeps_decoded && !outer.keeps_decoded);
    let (key, form) = (keys(1).remove(0), Arc::new(5u32));
    let value = StoredValue::new("text").with_decoded(form, 4);
    backend.put(key.clone(), value, hour()).await.unwrap();
    let lying = store.get(&key).await.unwrap().unwrap();
    assert!(lying.decoded::<u32>().is_none(), "no decoded form lies beside a sealed value");
    assert!(!backend.read_local(&key, &mut |_| panic!("a sealed value is shown to nobody")));
}

/// While a large batch is sealed and opened, other tasks of the only thread go on.
#[tokio::test]
async fn large_batches_do_not_hold_the_runtime() {
    const BYTES: usize = 1 << 20;
    let backend = EncryptedBackend::new(Arc::new(MemoryBackend::new(256 << 20)), ring(&[1]));
    let entries: Vec<_> = keys(16)
        .into_iter()
        .map(|key| PutEntry::new(key, StoredValue::new(vec![7; BYTES]), hour()))
        .collect();
    let keys: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
    let ticks = Arc::new(AtomicUsize::new(0));
    let ticking = tokio::spawn({
        let ticks = Arc::clone(&ticks);
        async move {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                ticks.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    backend.put_many(&entries, &PutOptions::default()).await.unwrap();
    let after_sealing = ticks.load(Ordering::Relaxed);
    let found = backend.get_many(&keys, &GetOptions::default()).await.unwrap();
    assert!(found.iter().flatten().all(|value| value.bytes().len() == BYTES));
    let after_opening = ticks.load(Ordering::Relaxed);
    // Had it been done here, the other task would not have run once.
    assert!(after_sealing > 0, "nothing else ran while 16 MiB were sealed");
    assert!(after_opening > after_sealing, "nothing else ran while 16 MiB were opened");
    ticking.abort();
}
