//! Several processes at one file.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{
    CacheBackend, CacheBackendExt, CacheKey, Counters, GetOptions, LeaseOutcome, LeaseRequest,
    LeaseToken, Leases, PutOptions, Ttl,
};
use cache_embedded::EmbeddedBackend;
use cache_test_support::{Process, say, wait_for_go};
use support::{assert_sound, entry, key, namespace, role, start_together, value};

const PROCESSES: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn writers_lose_nothing() {
    const EACH: usize = 150;
    if let Some((file, me)) = role() {
        wait_for_go();
        // The file does not exist at first: all processes create it at the same moment.
        return write_and_read(&file, &me, EACH).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let processes = start_together(PROCESSES, "writers_lose_nothing", &file);
    processes.into_iter().for_each(Process::finish);

    let backend = EmbeddedBackend::open(&file).await.unwrap();
    for process in 0..PROCESSES {
        let keys: Vec<_> = (0..EACH).map(|i| key(format!("{process}/{i}"))).collect();
        let found = backend.get_many(&keys, &GetOptions::default()).await.unwrap();
        for (key, found) in keys.iter().zip(found) {
            assert_eq!(found.expect("a write was lost").bytes(), value(key, 3_000).bytes());
        }
    }
    assert_eq!(backend.usage(&namespace()).await.unwrap().entries, (PROCESSES * EACH) as u64);
    let counters = backend.read_counters(&namespace()).await.unwrap();
    let expected = i64::try_from(PROCESSES * EACH).unwrap();
    assert_eq!(counters, BTreeMap::from([("writes".to_owned(), expected)]));
    drop(backend);
    assert_sound(&file);
}

async fn write_and_read(file: &Path, me: &str, count: usize) {
    let mut backend = EmbeddedBackend::open(file).await.unwrap();
    for i in 0..count {
        if i % 50 == 49 {
            // Opening and closing while others work.
            drop(backend);
            backend = EmbeddedBackend::open(file).await.unwrap();
        }
        let mine = entry(format!("{me}/{i}"), 3_000);
        backend.put_many(std::slice::from_ref(&mine), &PutOptions::default()).await.unwrap();
        backend.add_counters(&namespace(), &[("writes", 1)]).await.unwrap();
        let found = backend.get(&mine.key).await.unwrap().expect("its own write");
        assert_eq!(found.bytes(), mine.value.bytes());
        let others = key(format!("{}/{}", i % PROCESSES, i / 2));
        if let Some(found) = backend.get(&others).await.unwrap() {
            assert_eq!(found.bytes(), value(&others, 3_000).bytes());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_all_processes_gets_a_lease() {
    const KEYS: usize = 25;
    if let Some((file, _)) = role() {
        let backend = Arc::new(EmbeddedBackend::open(&file).await.unwrap());
        wait_for_go();
        let acquired = want_leases(&backend, KEYS).await;
        return say(acquired.join(" "));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let mut processes = start_together(PROCESSES, "one_of_all_processes_gets_a_lease", &file);
    let acquired: Vec<String> = processes
        .iter_mut()
        .flat_map(|process| process.hear().split(' ').map(str::to_owned).collect::<Vec<_>>())
        .filter(|key| !key.is_empty())
        .collect();
    processes.into_iter().for_each(Process::finish);
    let mut sorted: Vec<usize> = acquired.iter().map(|key| key.parse().unwrap()).collect();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..KEYS).collect::<Vec<_>>(), "each lease is acquired exactly once");
}

/// Eight tasks want every lease; gives the numbers of those that were acquired.
async fn want_leases(backend: &Arc<EmbeddedBackend>, keys: usize) -> Vec<String> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let backend = Arc::clone(backend);
        tasks.spawn(async move {
            let mut acquired = Vec::new();
            for i in 0..keys {
                if matches!(ask(&backend, &key(i), 60_000).await, LeaseOutcome::Acquired) {
                    acquired.push(i.to_string());
                }
            }
            acquired
        });
    }
    tasks.join_all().await.concat()
}

async fn ask(backend: &EmbeddedBackend, key: &CacheKey, millis: u64) -> LeaseOutcome {
    let request =
        LeaseRequest { token: LeaseToken::unique(), duration: Duration::from_millis(millis) };
    backend.get_or_lease_many(std::slice::from_ref(key), &request).await.unwrap().remove(0)
}

#[tokio::test]
async fn the_lease_of_a_killed_process_is_taken_over() {
    const LEASE: u64 = 1_500;
    if let Some((file, _)) = role() {
        let backend = EmbeddedBackend::open(&file).await.unwrap();
        assert!(matches!(ask(&backend, &key("k"), LEASE).await, LeaseOutcome::Acquired));
        say("held");
        return std::future::pending().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let mut holder = support::start("the_lease_of_a_killed_process_is_taken_over", &file, "holder");
    assert_eq!(holder.hear(), "held");
    let start = Instant::now();
    holder.kill();
    let backend = EmbeddedBackend::open(&file).await.unwrap();
    assert!(matches!(ask(&backend, &key("k"), LEASE).await, LeaseOutcome::Held(_)));
    while !matches!(ask(&backend, &key("k"), LEASE).await, LeaseOutcome::Acquired) {
        assert!(start.elapsed() < Duration::from_secs(10), "the lease is never given up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(start.elapsed() >= Duration::from_millis(LEASE - 500), "the lease ended too early");
}

#[tokio::test]
async fn killed_writers_leave_a_sound_file() {
    if let Some((file, me)) = role() {
        let backend = EmbeddedBackend::open(&file).await.unwrap();
        wait_for_go();
        for i in 0.. {
            let batch: Vec<_> = (0..20).map(|j| entry(format!("{me}/{i}/{j}"), 2_000)).collect();
            backend.put_many(&batch, &PutOptions::default()).await.unwrap();
            if i == 0 {
                say("writing");
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let mut processes = start_together(4, "killed_writers_leave_a_sound_file", &file);
    for process in &mut processes {
        assert_eq!(process.hear(), "writing");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    processes.into_iter().for_each(Process::kill);
    let backend = EmbeddedBackend::open(&file).await.unwrap();
    for process in 0..4 {
        let key = key(format!("{process}/0/0"));
        assert!(backend.get(&key).await.unwrap().is_some(), "an acknowledged write was lost");
    }
    backend.put(key("after"), value(&key("after"), 10), Ttl::FOREVER).await.unwrap();
    drop(backend);
    assert_sound(&file);
}
