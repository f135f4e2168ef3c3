//! Records and attributes that are sealed, moved, damaged, and sealed with other keys.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use cache_core::{ErrorKind, LogBackend, LogHead, MemoryLog, NewRecord, Record};
use cache_encryption::{EncryptedLog, OVERHEAD_BYTES, PlainValues};
use support::{append, group, payloads, record, records, ring, shared};

fn memory() -> Arc<MemoryLog> {
    Arc::new(MemoryLog::new(64 << 20))
}

async fn attributes(backend: &dyn LogBackend) -> Vec<Bytes> {
    let heads = backend.list(&group(), 0, 10).await.unwrap();
    heads.into_iter().map(|head| head.attributes).collect()
}

/// A record as it lies, to be put elsewhere.
fn lying(record: &Record) -> NewRecord {
    let Record { id, weight, pinned, payload, .. } = record.clone();
    NewRecord { id, weight, pinned, payload }
}

#[tokio::test]
async fn keys_are_rotated_and_old_records_stay_readable() {
    let (store, keyring, log) = (memory(), shared(&[1]), group().log("log"));
    let backend = EncryptedLog::new(store, keyring.clone());
    append(&backend, &log, &["a"]).await;
    keyring.replace(ring(&[2, 1]));
    append(&backend, &log, &["b"]).await;
    assert_eq!(payloads(&backend, &log).await, ["the text of a", "the text of b"]);
    assert_eq!(attributes(&backend).await, ["the text of attributes"]);
    keyring.replace(ring(&[2]));
    let found = records(&backend, &log).await;
    assert_eq!((found[0].id.as_str(), found[0].seq, found[0].payload.len()), ("a", 1, 0));
    assert_eq!(found[1].payload, "the text of b");
    assert_eq!(attributes(&backend).await, [Bytes::new()]);
    assert_eq!(backend.statistics().damaged, 0);
    assert!(backend.statistics().unknown_key >= 3);
}

#[tokio::test]
async fn what_is_moved_or_altered_does_not_open() {
    let (store, log) = (memory(), group().log("log"));
    let backend = EncryptedLog::new(store.clone(), ring(&[1]));
    append(&backend, &log, &["a", "b", "c", "d", "e"]).await;
    let sealed = records(&*store, &log).await;
    let payload = |i: usize| sealed[i].payload.clone();
    let mut flipped = payload(4).to_vec();
    flipped[40] ^= 1;
    for altered in [
        NewRecord { payload: payload(1), ..lying(&sealed[0]) },
        NewRecord { weight: 2, ..lying(&sealed[1]) },
        NewRecord { pinned: true, ..lying(&sealed[2]) },
        NewRecord { payload: "slipped in".into(), ..lying(&sealed[3]) },
        NewRecord { payload: flipped.into(), ..lying(&sealed[4]) },
    ] {
        assert!(store.replace(&log, &altered).await.unwrap());
    }
    assert_eq!(payloads(&backend, &log).await, [""; 5], "all are there, and none is believed");
    let statistics = backend.statistics();
    assert_eq!((statistics.damaged, statistics.refused_plain), (4, 1));
}

#[tokio::test]
async fn a_fork_shares_its_records_and_another_owner_cannot() {
    let (store, log) = (memory(), group().log("log"));
    let backend = EncryptedLog::new(store.clone(), ring(&[1]));
    append(&backend, &log, &["a", "b"]).await;
    let fork = group().log("fork");
    backend.fork(&log, &fork, None, "a fork".into(), support::hour()).await.unwrap().unwrap();
    assert_eq!(payloads(&backend, &fork).await, ["the text of a", "the text of b"]);
    assert_eq!(attributes(&backend).await, ["a fork", "the text of attributes"]);
    let other = cache_core::LogGroup::new(
        group().namespace().clone(),
        &cache_core::Scope::shared(),
        "another owner",
        None,
    );
    let stolen: Vec<_> = records(&*store, &log).await.iter().map(lying).collect();
    let options = cache_core::AppendOptions::new(support::hour());
    store.append(&other.log("log"), &stolen, &options).await.unwrap();
    assert_eq!(payloads(&backend, &other.log("log")).await, ["", ""]);
}

#[tokio::test]
async fn plain_logs_are_read_only_while_a_migration_allows_it() {
    let (store, log) = (memory(), group().log("log"));
    append(&*store, &log, &["a"]).await;
    let strict = EncryptedLog::new(store, ring(&[1]));
    assert_eq!(payloads(&strict, &log).await, [""]);
    let lenient = strict.with_plain_values(PlainValues::Read);
    assert_eq!(payloads(&lenient, &log).await, ["the text of a"]);
    assert_eq!(attributes(&lenient).await, ["the text of attributes"]);
    lenient.replace(&log, &record("a")).await.unwrap();
    let strict = lenient.with_plain_values(PlainValues::Refuse);
    assert_eq!(payloads(&strict, &log).await, ["the text of a"], "rewriting it seals it");
}

#[tokio::test]
async fn sizes_are_those_before_sealing() {
    let (store, log) = (memory(), group().log("log"));
    let backend = EncryptedLog::new(store.clone(), ring(&[1]));
    append(&backend, &log, &["a", "b"]).await;
    let bytes = |head: Option<LogHead>| head.unwrap().bytes;
    let outer = bytes(backend.head(&log).await.unwrap());
    let inner = bytes(store.head(&log).await.unwrap());
    assert_eq!((outer, inner), (26, 26 + 2 * OVERHEAD_BYTES as u64));
    let most = NewRecord::MAX_PAYLOAD_BYTES - OVERHEAD_BYTES;
    let large = NewRecord { payload: vec![1; most + 1].into(), ..record("c") };
    let refused = backend.replace(&log, &large).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(refused.to_string().contains(&most.to_string()), "{refused}");
}
