//! Reads.

use super::{append, fresh_log, ids, page, pinned, record, records, seqs, weighing, whole};
use crate::{LogBackend, LogRead, NewRecord, Record};

const NONE: [u64; 0] = [];

/// The last, from a number on, after an id, by id.
pub async fn reads(backend: &dyn LogBackend) {
    let log = fresh_log("reads");
    for what in [LogRead::Last(5), LogRead::Ids(vec!["a".into()]), window(10, 10)] {
        let none = backend.read(&log, &what).await.expect("a read succeeds");
        assert!(none.is_none(), "a log that is not there has no page");
    }
    append(backend, &log, &records(0..10)).await;
    backend.remove(&log, &["3", "9"]).await.expect("succeeds");
    let read = async |what| {
        let page = page(backend, &log, what).await;
        assert_eq!((page.head.len, page.head.last_seq), (8, 10), "the head comes with each page");
        seqs(&page.records)
    };
    assert_eq!(read(LogRead::Last(3)).await, [7, 8, 9]);
    assert_eq!(read(LogRead::Last(0)).await, NONE);
    assert_eq!(read(LogRead::Last(usize::MAX)).await, [1, 2, 3, 5, 6, 7, 8, 9]);
    let from = |seq, most| LogRead::From { seq, most };
    assert_eq!(read(from(0, 2)).await, [1, 2]);
    assert_eq!(read(from(3, 3)).await, [3, 5, 6]);
    assert_eq!(read(from(4, 2)).await, [5, 6], "a removed number is stepped over");
    assert_eq!(read(from(8, 100)).await, [8, 9]);
    assert_eq!(read(from(10, 5)).await, NONE);
    assert_eq!(read(from(u64::MAX, 5)).await, NONE);
    assert_eq!(read(from(1, 0)).await, NONE);
    let after = |id: &str, most| LogRead::After { id: id.to_owned(), most };
    assert_eq!(read(after("0", 2)).await, [2, 3]);
    assert_eq!(read(after("2", 9)).await, [5, 6, 7, 8, 9]);
    assert_eq!(read(after("8", 9)).await, NONE, "nothing comes after the last");
    assert_eq!(read(after("3", 9)).await, NONE, "nothing comes after what is not there");
    let by_id = |ids: &[&str]| LogRead::Ids(ids.iter().map(|&id| id.to_owned()).collect());
    assert_eq!(read(by_id(&["7", "nobody", "0", "7", "3"])).await, [1, 8], "in order, each once");
    assert_eq!(read(by_id(&[])).await, NONE);
}

fn window(max_weight: u64, max_records: usize) -> LogRead {
    LogRead::Window { max_weight, max_records }
}

/// Windows are what the contract says, over logs of many forms.
pub async fn windows(backend: &dyn LogBackend) {
    let mut random = 7u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % below
    };
    for round in 0..12 {
        let log = fresh_log("windows");
        let count = if round == 0 { 0 } else { next(60) };
        let given: Vec<_> = (0..count)
            .map(|i| NewRecord {
                pinned: next(6) == 0,
                ..weighing(i, u32::try_from(next(12)).expect("invariant: small"))
            })
            .collect();
        append(backend, &log, &given).await;
        for _ in 0..count / 8 {
            let doomed = next(count).to_string();
            backend.remove(&log, &[&doomed]).await.expect("succeeds");
        }
        let everything = whole(backend, &log).await;
        for (max_weight, max_records) in
            [(0, 0), (0, 10), (20, 1), (50, 0), (75, 100), (next(200), 7), (u64::MAX, usize::MAX)]
        {
            let found = page(backend, &log, window(max_weight, max_records)).await.records;
            let expected = expected_window(&everything, max_weight, max_records);
            assert!(found == expected, "a window of {max_weight} is another than the contract's");
        }
    }
    let log = fresh_log("windows");
    append(backend, &log, &[pinned("a", 50), record("b"), pinned("c", 50), record("d")]).await;
    let found = page(backend, &log, window(10, 10)).await.records;
    assert_eq!(ids(&found), ["a", "c"], "pinned records come even when they are too heavy");
    let found = page(backend, &log, window(101, 10)).await.records;
    assert_eq!(ids(&found), ["a", "c", "d"]);
}

/// The contract's window, the slow way.
fn expected_window(records: &[Record], max_weight: u64, max_records: usize) -> Vec<Record> {
    let weigh = |record: &Record| u64::from(record.weight);
    let mut weight: u64 = records.iter().filter(|record| record.pinned).map(weigh).sum();
    let mut taken: Vec<_> = records.iter().filter(|record| record.pinned).cloned().collect();
    let others = records.iter().rev().filter(|record| !record.pinned).take(max_records);
    for record in others {
        weight += weigh(record);
        if weight > max_weight {
            break;
        }
        taken.push(record.clone());
    }
    taken.sort_by_key(|record| record.seq);
    taken
}

/// Thousands of records in one append, and their ends.
pub async fn long_logs(backend: &dyn LogBackend) {
    const COUNT: u64 = 4_000;
    let log = fresh_log("long");
    let made = append(backend, &log, &records(0..COUNT)).await;
    assert!(made.seqs.iter().copied().eq(1..=COUNT));
    append(backend, &log, &[pinned("pinned", 5)]).await;
    append(backend, &log, &records(COUNT + 1..2 * COUNT)).await;
    assert_eq!(whole(backend, &log).await.len() as u64, 2 * COUNT);
    let last = page(backend, &log, LogRead::Last(3)).await;
    assert_eq!(seqs(&last.records), [2 * COUNT - 2, 2 * COUNT - 1, 2 * COUNT]);
    let found = page(backend, &log, window(905, usize::MAX)).await;
    assert_eq!(found.records.len(), 901);
    assert_eq!(found.records[0].id, "pinned");
    let doomed: Vec<String> = (0..COUNT - 10).map(|i| i.to_string()).collect();
    let doomed: Vec<_> = doomed.iter().map(String::as_str).collect();
    let removed = backend.remove(&log, &doomed).await.expect("succeeds");
    assert!(removed.into_iter().all(|there| there));
    let first = page(backend, &log, LogRead::From { seq: 0, most: 1 }).await;
    assert_eq!((seqs(&first.records), first.head.len), (vec![COUNT - 9], COUNT + 10));
    assert!(backend.remove_log(&log).await.expect("succeeds"));
}
