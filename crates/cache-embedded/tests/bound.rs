//! The bound on bytes, and what is evicted to keep it.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use cache_core::{CacheBackend, CacheBackendExt, ErrorKind, GetOptions, PutEntry, PutOptions};
use cache_embedded::{EmbeddedBackend, EmbeddedConfig};
use cache_test_support::{Process, wait_for_go};
use support::{assert_sound, closed, entry, key, namespace, role, start_together, value};

const BOUND: u64 = 1 << 20;

async fn open(file: &Path, bound: u64) -> EmbeddedBackend {
    EmbeddedBackend::open_with(EmbeddedConfig::new(file).with_max_bytes(bound)).await.unwrap()
}

async fn put(backend: &EmbeddedBackend, names: std::ops::Range<usize>, bytes: usize) {
    let entries: Vec<PutEntry> = names.map(|i| entry(i, bytes)).collect();
    backend.put_many(&entries, &PutOptions::default()).await.unwrap();
}

async fn there(backend: &EmbeddedBackend, names: std::ops::Range<usize>) -> Vec<bool> {
    backend.contains_many(&names.map(key).collect::<Vec<_>>()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_for_several_processes() {
    if let Some((file, me)) = role() {
        let backend = open(&file, BOUND).await;
        wait_for_go();
        for i in 0..150 {
            let batch: Vec<_> = (0..10).map(|j| entry(format!("{me}/{i}/{j}"), 2_000)).collect();
            backend.put_many(&batch, &PutOptions::default()).await.unwrap();
            let used = backend.status().await.unwrap().used_bytes.unwrap();
            assert!(used <= BOUND, "{used} bytes in a store of {BOUND}");
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    // 4 × 150 × 10 entries of 2 KB are more than ten times the bound.
    let processes = start_together(4, "holds_for_several_processes", &file);
    processes.into_iter().for_each(Process::finish);
    assert_sound(&file);
    let usage = open(&file, BOUND).await.usage(&namespace()).await.unwrap();
    assert!(usage.bytes <= BOUND && usage.bytes > BOUND * 9 / 10, "{} bytes", usage.bytes);
    let length = std::fs::metadata(&file).unwrap().len();
    assert!(length < BOUND * 2, "a file of {length} bytes for entries of {BOUND}");
}

#[tokio::test]
async fn the_least_recently_used_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(&folder.path().join("cache.db"), BOUND).await;
    // 400 entries of about 2.3 KB fill it up to nine tenths.
    put(&backend, 0..200, 2_000).await;
    put(&backend, 200..400, 2_000).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let first: Vec<_> = (0..100).map(key).collect();
    backend.get_many(&first, &GetOptions::default()).await.unwrap();
    // Looking whether something is there is no use.
    assert!(there(&backend, 100..200).await.iter().all(|there| *there));
    put(&backend, 400..600, 2_000).await;
    assert!(there(&backend, 0..100).await.iter().all(|there| *there), "the read ones stay");
    assert!(there(&backend, 400..600).await.iter().all(|there| *there), "the new ones stay");
    let evicted = there(&backend, 100..400).await;
    let survivors = evicted.iter().position(|there| *there).unwrap_or(evicted.len());
    assert!(survivors >= 100, "those read least recently are gone");
    assert!(evicted[survivors..].iter().all(|there| *there), "evicted in the order of use");
}

#[tokio::test]
async fn what_another_process_reads_stays() {
    if let Some((file, _)) = role() {
        let backend = open(&file, BOUND).await;
        let hot: Vec<_> = (0..50).map(key).collect();
        backend.get_many(&hot, &GetOptions::default()).await.unwrap();
        // It only reads, so nothing but time makes it write its uses down.
        tokio::time::sleep(Duration::from_secs(2)).await;
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let backend = open(&file, BOUND).await;
    put(&backend, 0..400, 2_000).await;
    support::start("what_another_process_reads_stays", &file, "reader").finish();
    put(&backend, 400..600, 2_000).await;
    assert!(there(&backend, 0..50).await.iter().all(|there| *there));
    assert!(there(&backend, 50..100).await.iter().all(|there| !there));
}

#[tokio::test]
async fn the_expired_go_before_the_living() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(&folder.path().join("cache.db"), BOUND).await;
    put(&backend, 0..200, 2_000).await;
    let short: Vec<_> = (200..400)
        .map(|i| PutEntry::new(key(i), value(&key(i), 2_000), support::millis(20)))
        .collect();
    backend.put_many(&short, &PutOptions::default()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    put(&backend, 400..600, 2_000).await;
    assert!(there(&backend, 0..200).await.iter().all(|there| *there), "the living stay");
    assert!(there(&backend, 400..600).await.iter().all(|there| *there));
}

#[tokio::test]
async fn an_entry_larger_than_the_bound_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(&folder.path().join("cache.db"), BOUND).await;
    let largest = usize::try_from(backend.capabilities().max_value_bytes).unwrap();
    let batch = [entry("small", 10), entry("large", largest + 1)];
    let error = backend.put_many(&batch, &PutOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(backend.get(&key("small")).await.unwrap().is_none(), "nothing was written");
    backend.put_many(&[entry("largest", largest)], &PutOptions::default()).await.unwrap();
    let found = backend.get(&key("largest")).await.unwrap().expect("what is promised to fit fits");
    assert_eq!(found.bytes().len(), largest);
}

#[tokio::test]
async fn a_lower_bound_holds_from_the_opening_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let backend = open(&file, 16 * BOUND).await;
    put(&backend, 0..6_000, 2_000).await;
    drop(backend);
    let backend = open(&file, BOUND).await;
    let usage = backend.usage(&namespace()).await.unwrap();
    assert!(usage.bytes <= BOUND && usage.entries > 0);
    assert!(there(&backend, 5_900..6_000).await.iter().all(|there| *there), "the newest stay");
    assert!(backend.clear_all(&namespace()).await.unwrap() > 0);
    drop(backend);
    closed(&file);
    assert_sound(&file);
    let length = std::fs::metadata(&file).unwrap().len();
    assert!(length < 16 * BOUND / 4, "clearing gives space back, yet the file has {length} bytes");
}
