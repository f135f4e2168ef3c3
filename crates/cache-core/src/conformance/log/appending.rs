//! Order, idempotency and what an append takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{
    append, assert_fails, forever, fresh_log, head, ids, is_there, page, record, records, seqs,
    unchanged, weighing, whole,
};
use crate::{ErrorKind, LogBackend, LogKey, LogLimits, LogRead, NewRecord};

/// Numbers start at 1, go up and are never used twice, and records come back as they were given.
pub async fn order(backend: &dyn LogBackend) {
    let log = fresh_log("order");
    assert!(backend.head(&log).await.expect("succeeds").is_none(), "a log that nobody made");
    let first = append(backend, &log, &records(["c", "a", "b"])).await;
    assert_eq!(first.seqs, [1, 2, 3], "numbers are assigned in order, from 1 upwards");
    assert_eq!((first.known, first.dropped), (vec![false; 3], 0));
    assert_eq!((first.head.len, first.head.weight, first.head.last_seq), (3, 3, 3));
    assert_eq!(backend.remove(&log, &["b"]).await.expect("succeeds"), [true]);
    let second = append(backend, &log, &[weighing("d", 7)]).await;
    assert_eq!(second.seqs, [4], "the number of a removed record is not used again");
    let found = whole(backend, &log).await;
    assert_eq!((ids(&found), seqs(&found)), (vec!["c", "a", "d"], vec![1, 2, 4]));
    for record in found {
        let expected = if record.id == "d" { weighing("d", 7) } else { self::record(&record.id) };
        assert!(record == crate::Record::new(record.seq, expected), "a record came back other");
    }
}

/// An id is appended once, whatever comes with it the second time.
pub async fn idempotency(backend: &dyn LogBackend) {
    let log = fresh_log("idempotency");
    append(backend, &log, &records(["a", "b"])).await;
    let before = head(backend, &log).await;
    let other = NewRecord { payload: "other".into(), ..weighing("a", 9) };
    let again = append(backend, &log, &[record("b"), other]).await;
    assert_eq!(again.seqs, [2, 1], "the numbers of the records that are there");
    assert_eq!(again.known, [true, true]);
    assert_eq!(head(backend, &log).await.len, before.len, "nothing was appended");
    let mixed = append(backend, &log, &records(["b", "c", "c", "a"])).await;
    assert_eq!(mixed.seqs, [2, 3, 3, 1]);
    assert_eq!(mixed.known, [true, false, true, true], "an id given twice is appended once");
    let found = whole(backend, &log).await;
    assert_eq!(ids(&found), ["a", "b", "c"]);
    assert_eq!(found[0].payload, record("a").payload, "a repetition replaced the record");
    // What was done already is no matter of limits and lengths.
    let full = LogLimits { max_records: Some(1), ..LogLimits::default() };
    let options = forever().with_limits(full).with_expected_len(0);
    let call = async { backend.append(&log, &records(["c", "a"]), &options).await };
    let repeated = unchanged(backend, &log, call).await.expect("a repetition succeeds");
    assert_eq!((repeated.seqs, repeated.known), (vec![3, 1], vec![true, true]));
    // An id is a log's own.
    let elsewhere = append(backend, &log.group().log("elsewhere"), &[record("a")]).await;
    assert_eq!(elsewhere.known, [false]);
    // A removed record's id is free.
    backend.remove(&log, &["a"]).await.expect("succeeds");
    let back = append(backend, &log, &[record("a")]).await;
    assert_eq!((back.seqs, back.known), (vec![4], vec![false]), "a removed id is free");
}

/// An append that expects another length takes no place.
pub async fn expected_length(backend: &dyn LogBackend) {
    let log = fresh_log("expected");
    let expecting = |len| forever().with_expected_len(len);
    let refused = backend.append(&log, &[record("a")], &expecting(1)).await;
    assert_fails(refused, ErrorKind::Conflict, "a log that is not there has no records");
    assert!(!is_there(backend, &log).await, "a failed append made the log");
    backend.append(&log, &[record("a")], &expecting(0)).await.expect("zero is that of no log");
    backend.append(&log, &[record("b")], &expecting(1)).await.expect("the length holds");
    for wrong in [0, 1, 3] {
        let call = async { backend.append(&log, &[record("c")], &expecting(wrong)).await };
        let refused = unchanged(backend, &log, call).await;
        assert_fails(refused, ErrorKind::Conflict, "another length is a conflict");
    }
    let mixed = async { backend.append(&log, &records(["b", "c"]), &expecting(1)).await };
    let refused = unchanged(backend, &log, mixed).await;
    assert_fails(refused, ErrorKind::Conflict, "only a whole repetition is not asked");
    backend.remove(&log, &["a", "b"]).await.expect("succeeds");
    backend
        .append(&log, &[record("c")], &expecting(0))
        .await
        .expect("zero is that of an empty log");
}

/// An append of nothing makes a log; attributes are those of the append that made it.
pub async fn empty_appends(backend: &dyn LogBackend) {
    let log = fresh_log("empty");
    let with = |attributes: &'static str| forever().with_attributes(attributes.into());
    let made = backend.append(&log, &[], &with("first")).await.expect("succeeds");
    assert_eq!((made.seqs, made.known, made.dropped), (vec![], vec![], 0));
    assert_eq!((made.head.len, made.head.last_seq, made.head.expires_in), (0, 0, None));
    assert_eq!(made.head.attributes, "first");
    assert!(whole(backend, &log).await.is_empty());
    backend.append(&log, &[record("a")], &with("second")).await.expect("succeeds");
    let head = head(backend, &log).await;
    assert_eq!((head.len, head.attributes), (1, "first".into()), "a log keeps its attributes");
}

/// Ids of any characters, payloads of any bytes, the longest of both.
pub async fn odd_records(backend: &dyn LogBackend) {
    let log = fresh_log("odd");
    let longest = "x".repeat(NewRecord::MAX_ID_BYTES);
    let odd = ["", "\0", " ", "\n", "{a}", "*", "'", "\"", "한글", "%s", "-1", "1e3", &longest];
    let mut given: Vec<_> = odd[1..].iter().map(record).collect();
    given.extend(["a", "A", "a ", "a\0"].iter().map(record));
    for (id, payload) in [
        ("empty", vec![]),
        ("all bytes", (0..=255).collect()),
        ("protocol", b"\r\n$-1\r\n".to_vec()),
        ("large", vec![0xff; backend.log_capabilities().max_payload_bytes]),
    ] {
        given.push(NewRecord { payload: payload.into(), ..record(id) });
    }
    given.push(NewRecord { weight: 0, ..record("light") });
    given.push(NewRecord { weight: u32::MAX, pinned: true, ..record("heavy") });
    append(backend, &log, &given).await;
    let found = whole(backend, &log).await;
    assert_eq!(found.len(), given.len());
    for (found, given) in found.into_iter().zip(given.clone()) {
        let seq = found.seq;
        assert!(found == crate::Record::new(seq, given), "a record came back other");
    }
    for NewRecord { id, .. } in &given {
        let found = page(backend, &log, LogRead::Ids(vec![id.clone()])).await;
        assert_eq!(ids(&found.records), [id], "a record is found by its id");
    }
    let names: Vec<_> = given.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(backend.remove(&log, &names).await.expect("succeeds"), vec![true; given.len()]);
    let head = head(backend, &log).await;
    assert_eq!((head.len, head.weight, head.bytes), (0, 0, 0));
}

/// What no store takes is refused before anything is changed.
pub async fn refusals(backend: &dyn LogBackend) {
    let log = fresh_log("refusals");
    let long = "x".repeat(NewRecord::MAX_ID_BYTES + 1);
    let most = backend.log_capabilities();
    let large =
        NewRecord { payload: vec![0; most.max_payload_bytes + 1].into(), ..record("large") };
    let attributes = vec![0; most.max_attributes_bytes + 1];
    for bad in [record(""), record(long), large] {
        let batch = [record("good"), bad.clone()];
        let refused = backend.append(&log, &batch, &forever()).await;
        assert_fails(refused, ErrorKind::InvalidInput, "a record that no store takes");
        let refused = backend.replace(&log, &bad).await;
        assert_fails(refused, ErrorKind::InvalidInput, "a record that no store takes");
    }
    let options = forever().with_attributes(attributes.clone().into());
    let refused = backend.append(&log, &[record("good")], &options).await;
    assert_fails(refused, ErrorKind::InvalidInput, "attributes that no store takes");
    assert!(!is_there(backend, &log).await, "a refused append made the log");
    let version = append(backend, &log, &[record("a")]).await.head.version;
    let call = async { backend.set_attributes(&log, attributes.into(), version).await };
    let refused = unchanged(backend, &log, call).await;
    assert_fails(refused, ErrorKind::InvalidInput, "attributes that no store takes");
    let longest = vec![7; most.max_attributes_bytes];
    let set = backend.set_attributes(&log, longest.clone().into(), version).await;
    let set = set.expect("succeeds").expect("the log is there");
    assert!(set.attributes == longest, "the longest attributes");
}

/// Many at once lose nothing, double nothing, and all see one order.
pub async fn concurrency(backend: Arc<dyn LogBackend>) {
    const TASKS: u64 = 32;
    const EACH: u64 = 20;
    let log = fresh_log("concurrency");
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (backend, log) = (Arc::clone(&backend), log.clone());
        tasks.spawn(async move { append_many(&*backend, &log, task, EACH).await });
    }
    let mut given = BTreeMap::new();
    while let Some(numbers) = tasks.join_next().await {
        for (id, seq) in numbers.expect("no task fails") {
            assert!(given.insert(seq, id).is_none(), "a number was given twice");
        }
    }
    let found = whole(&*backend, &log).await;
    assert_eq!(found.len() as u64, TASKS * EACH, "no record is lost, none is doubled");
    assert!(found.iter().all(|record| given.get(&record.seq) == Some(&record.id)), "one order");
    for task in 0..TASKS {
        let own = found.iter().filter(|record| record.id.starts_with(&format!("{task}/")));
        let expected: Vec<_> = (0..EACH).map(|i| format!("{task}/{i}")).collect();
        assert!(own.map(|record| &record.id).eq(&expected), "a task's own order is kept");
    }
}

/// Appends one after another, each twice, and looks at what the others do.
async fn append_many(
    backend: &dyn LogBackend,
    log: &LogKey,
    task: u64,
    count: u64,
) -> Vec<(String, u64)> {
    let mut given = Vec::new();
    for i in 0..count {
        let id = format!("{task}/{i}");
        let seq = append(backend, log, &[record(&id)]).await.seqs[0];
        let again = append(backend, log, &[record(&id)]).await;
        assert_eq!((again.seqs, again.known), (vec![seq], vec![true]), "a retry changes nothing");
        given.push((id, seq));
        let seen = page(backend, log, LogRead::Last(50)).await;
        let distinct: BTreeSet<_> = ids(&seen.records).into_iter().collect();
        assert_eq!(distinct.len(), seen.records.len(), "a record is seen once");
        let last = seen.records.last().map_or(0, |record| record.seq);
        assert_eq!(last, seen.head.last_seq, "head and records are of one moment");
    }
    given
}
