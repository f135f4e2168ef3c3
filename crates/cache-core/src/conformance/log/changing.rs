//! Changes of what is there.

use super::{
    append, assert_fails, fresh_group, fresh_log, head, ids, is_there, pinned, record, records,
    seqs, unchanged, weighing, whole,
};
use crate::{Compaction, ErrorKind, LogBackend, NewRecord, Ttl};

/// A replaced record keeps its number; the sums follow.
pub async fn replacement(backend: &dyn LogBackend) {
    let log = fresh_log("replacement");
    assert!(!backend.replace(&log, &record("a")).await.expect("succeeds"));
    assert!(!is_there(backend, &log).await, "replacing made a log");
    let before = append(backend, &log, &records(["a", "b", "c"])).await.head;
    let new = NewRecord { payload: "a longer payload than before".into(), ..pinned("b", 40) };
    assert!(backend.replace(&log, &new).await.expect("succeeds"));
    let after = head(backend, &log).await;
    assert_ne!(after.version, before.version, "every change changes the version");
    assert_eq!((after.len, after.weight), (3, 42));
    let found = whole(backend, &log).await;
    assert_eq!((ids(&found), seqs(&found)), (vec!["a", "b", "c"], vec![1, 2, 3]));
    assert!(found[1] == crate::Record::new(2, new), "the record is the new one");
    // Pinned now: compaction leaves it. No more pinned: compaction takes it.
    let compact = async |version| {
        let compaction = Compaction { until: 3, replacement: vec![], expected_version: version };
        backend.compact(&log, &compaction).await.expect("succeeds").expect("the log is there")
    };
    assert_eq!(compact(after.version).await.len, 1);
    assert!(backend.replace(&log, &record("b")).await.expect("succeeds"));
    assert_eq!(compact(head(backend, &log).await.version).await.len, 0);
    let call = async { backend.replace(&log, &record("nobody")).await };
    assert!(!unchanged(backend, &log, call).await.expect("succeeds"));
}

/// The others keep their order, and an empty log is still a log.
pub async fn removal(backend: &dyn LogBackend) {
    let log = fresh_log("removal");
    assert_eq!(backend.remove(&log, &["a", "b"]).await.expect("succeeds"), [false, false]);
    let before = append(backend, &log, &records(["a", "b", "c", "d", "e"])).await.head;
    let removed = backend.remove(&log, &["d", "nobody", "b", "d"]).await.expect("succeeds");
    assert_eq!(removed, [true, false, true, false], "the first of an id given twice was there");
    let after = head(backend, &log).await;
    assert_ne!(after.version, before.version, "every change changes the version");
    assert_eq!(after.last_seq, 5);
    let found = whole(backend, &log).await;
    assert_eq!((ids(&found), seqs(&found)), (vec!["a", "c", "e"], vec![1, 3, 5]));
    let nothing = unchanged(backend, &log, backend.remove(&log, &[])).await;
    assert!(nothing.expect("succeeds").is_empty());
    backend.remove(&log, &["e", "a", "c"]).await.expect("succeeds");
    assert!(whole(backend, &log).await.is_empty());
    assert_eq!(head(backend, &log).await.last_seq, 5, "an empty log remembers its numbers");
    let next = append(backend, &log, &[record("f")]).await;
    assert_eq!(next.seqs, [6], "no number is used twice");
    assert!(backend.remove_log(&log).await.expect("succeeds"));
    assert!(!backend.remove_log(&log).await.expect("succeeds"), "it was removed already");
    assert!(!is_there(backend, &log).await);
    let anew = append(backend, &log, &[record("a")]).await;
    assert_eq!((anew.seqs, anew.known), (vec![1], vec![false]), "nothing is left of a removed log");
}

/// The replaced part goes whole, the pinned stay, nothing that came meanwhile is lost.
pub async fn compaction(backend: &dyn LogBackend) {
    let log = fresh_log("compaction");
    let part = |until, replacement: Vec<NewRecord>, expected_version| Compaction {
        until,
        replacement,
        expected_version,
    };
    let none = backend.compact(&log, &part(1, vec![], 0)).await.expect("succeeds");
    assert!(none.is_none(), "there is no log");
    let old = append(backend, &log, &[pinned("system", 3)]).await.head.version;
    append(backend, &log, &records(["a", "b", "c", "d"])).await;
    let version = head(backend, &log).await.version;
    let refused = [
        (part(4, vec![weighing("sum", 9)], old), ErrorKind::Conflict),
        (part(4, records(["s", "t", "u", "v"]), version), ErrorKind::InvalidInput),
        (part(1, records(["s"]), version), ErrorKind::InvalidInput),
        (part(4, records(["d"]), version), ErrorKind::InvalidInput),
        (part(4, records(["a"]), version), ErrorKind::InvalidInput),
        (part(4, records(["s", "s"]), version), ErrorKind::InvalidInput),
        (part(4, records([""]), version), ErrorKind::InvalidInput),
    ];
    for (compaction, kind) in refused {
        let call = async { backend.compact(&log, &compaction).await };
        let result = unchanged(backend, &log, call).await;
        assert_fails(result, kind, "a compaction that cannot be");
    }
    let made = backend.compact(&log, &part(4, vec![weighing("sum", 9)], version)).await;
    let made = made.expect("succeeds").expect("the log is there");
    assert_ne!(made.version, version, "every change changes the version");
    assert_eq!((made.len, made.weight, made.last_seq), (3, 13, 5));
    let found = whole(backend, &log).await;
    assert_eq!(ids(&found), ["system", "sum", "d"], "in the place of the oldest part");
    assert_eq!(seqs(&found), [1, 4, 5], "the highest of the removed numbers");
    let again = append(backend, &log, &records(["b", "e"])).await;
    assert_eq!((again.known, again.seqs), (vec![true, false], vec![0, 6]), "a lost id is known");
    // Two for three, and a pinned one in between.
    append(backend, &log, &[pinned("rule", 1), record("f")]).await;
    let version = head(backend, &log).await.version;
    let two = vec![record("s"), pinned("t", 2)];
    backend.compact(&log, &part(u64::MAX, two, version)).await.expect("succeeds");
    let found = whole(backend, &log).await;
    assert_eq!(ids(&found), ["system", "s", "rule", "t"]);
    assert_eq!(seqs(&found), [1, 6, 7, 8]);
    assert_eq!(append(backend, &log, &[record("g")]).await.seqs, [9]);
}

/// A fork has the beginning, and is a log of its own.
pub async fn forks(backend: &dyn LogBackend) {
    let group = fresh_group("forks");
    let (from, to) = (group.log("from"), group.log("to"));
    let fork =
        async |to, until| backend.fork(&from, to, until, "fork's".into(), Ttl::FOREVER).await;
    assert!(fork(&to, None).await.expect("succeeds").is_none(), "there is no log to copy");
    append(backend, &from, &[pinned("system", 3)]).await;
    append(backend, &from, &records(["a", "b", "c", "d"])).await;
    backend.remove(&from, &["b"]).await.expect("succeeds");
    let made = unchanged(backend, &from, fork(&to, Some(4))).await;
    let made = made.expect("succeeds").expect("the log is there");
    assert_eq!((made.len, made.weight, made.attributes), (3, 5, "fork's".into()));
    let found = whole(backend, &to).await;
    assert_eq!((ids(&found), seqs(&found)), (vec!["system", "a", "c"], vec![1, 2, 4]));
    assert!(found == whole(backend, &from).await[..3], "records are copied as they are");
    // Each goes its own way.
    let own = append(backend, &to, &records(["c", "d", "x"])).await;
    assert_eq!(own.known, [true, false, false], "a fork knows what it has, and no more");
    assert!(own.seqs[1] > 4 && own.seqs[2] > own.seqs[1], "numbers go on upwards");
    backend.remove(&from, &["a"]).await.expect("succeeds");
    backend.replace(&to, &weighing("c", 9)).await.expect("succeeds");
    assert_eq!(ids(&whole(backend, &from).await), ["system", "c", "d"]);
    assert_eq!(ids(&whole(backend, &to).await), ["system", "a", "c", "d", "x"]);
    assert_eq!(head(backend, &from).await.weight, 5);
    // Where a log is already, none is made.
    let refused = unchanged(backend, &to, fork(&to, None)).await;
    assert_fails(refused, ErrorKind::Conflict, "the new log is there already");
    assert_fails(fork(&from, None).await, ErrorKind::Conflict, "the new log is there already");
    let elsewhere = fresh_group("forks").log("to");
    let refused = fork(&elsewhere, None).await;
    assert_fails(refused, ErrorKind::InvalidInput, "a fork is of the same group");
    assert!(!is_there(backend, &elsewhere).await);
    let (all, nothing) = (group.log("all"), group.log("nothing"));
    let all = fork(&all, None).await.expect("succeeds").expect("the log is there");
    assert_eq!((all.len, all.last_seq), (3, 5));
    let nothing = fork(&nothing, Some(0)).await.expect("succeeds");
    assert_eq!(nothing.expect("the log is there").len, 0);
    assert_eq!(backend.count(&group).await.expect("succeeds"), 4);
}

/// Attributes change when the version is the expected one.
pub async fn attributes(backend: &dyn LogBackend) {
    let log = fresh_log("attributes");
    let none = backend.set_attributes(&log, "x".into(), 0).await.expect("succeeds");
    assert!(none.is_none(), "there is no log");
    assert!(!is_there(backend, &log).await, "setting attributes made a log");
    let old = append(backend, &log, &[record("a")]).await.head;
    let bytes: Vec<u8> = (0..=255).collect();
    let set = backend.set_attributes(&log, bytes.clone().into(), old.version).await;
    let set = set.expect("succeeds").expect("the log is there");
    assert!(set.attributes == bytes && set.version != old.version);
    let call = async { backend.set_attributes(&log, "late".into(), old.version).await };
    let refused = unchanged(backend, &log, call).await;
    assert_fails(refused, ErrorKind::Conflict, "another version is a conflict");
    append(backend, &log, &[record("b")]).await;
    let call = async { backend.set_attributes(&log, "late".into(), set.version).await };
    let refused = unchanged(backend, &log, call).await;
    assert_fails(refused, ErrorKind::Conflict, "an append changes the version");
    assert!(head(backend, &log).await.attributes == bytes);
}
