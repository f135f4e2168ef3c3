//! What a log may hold.

use super::{
    append, assert_fails, forever, fresh_log, head, ids, is_there, pinned, record, records,
    unchanged, weighing, whole,
};
use crate::{AppendOptions, ErrorKind, LogBackend, LogLimits, NewRecord, WhenFull};

fn limited(limits: LogLimits) -> AppendOptions {
    forever().with_limits(limits)
}

fn at_most(records: u64) -> LogLimits {
    LogLimits { max_records: Some(records), ..LogLimits::default() }
}

fn dropping_beyond(records: u64) -> LogLimits {
    LogLimits { when_full: WhenFull::DropOldest, ..at_most(records) }
}

fn sized(id: &str, bytes: usize) -> NewRecord {
    NewRecord { payload: vec![1; bytes].into(), ..record(id) }
}

/// An append goes up to a limit and not beyond, and never in part.
pub async fn refusing(backend: &dyn LogBackend) {
    let bytes = LogLimits { max_bytes: Some(100), ..LogLimits::default() };
    let weight = LogLimits { max_weight: Some(10), ..LogLimits::default() };
    let cases = [
        (at_most(3), vec![record("a"), record("b")], record("c"), record("d")),
        (bytes, vec![sized("a", 60)], sized("b", 40), sized("c", 1)),
        (weight, vec![weighing("a", 4), pinned("b", 5)], weighing("c", 1), weighing("d", 1)),
    ];
    for (limits, before, last, beyond) in cases {
        let log = fresh_log("refusing");
        let options = limited(limits);
        backend.append(&log, &before, &options).await.expect("below the limit");
        let both = [last.clone(), beyond.clone()];
        let refused = unchanged(backend, &log, backend.append(&log, &both, &options)).await;
        assert_fails(refused, ErrorKind::Full, "an append goes beyond a limit in no part");
        backend.append(&log, &[last], &options).await.expect("up to the limit");
        let call = async { backend.append(&log, std::slice::from_ref(&beyond), &options).await };
        let refused = unchanged(backend, &log, call).await;
        assert_fails(refused, ErrorKind::Full, "a full log takes nothing more");
        append(backend, &log, &[beyond]).await; // Limits are the append's own.
    }
    // What is not counted is not counted for each record there is.
    let log = fresh_log("refusing");
    let options = limited(LogLimits { uncounted_bytes: 10, ..bytes });
    backend.append(&log, &[sized("a", 60)], &options).await.expect("below the limit");
    let call = async { backend.append(&log, &[sized("b", 61)], &options).await };
    assert_fails(unchanged(backend, &log, call).await, ErrorKind::Full, "one byte too many");
    backend.append(&log, &[sized("b", 60)], &options).await.expect("up to the limit");
    let log = fresh_log("refusing");
    let refused = backend.append(&log, &records(["a", "b"]), &limited(at_most(1))).await;
    assert_fails(refused, ErrorKind::Full, "an append that alone is too much");
    assert!(!is_there(backend, &log).await, "a refused append made the log");
}

/// The oldest that are not pinned make room, no more than needed.
pub async fn dropping(backend: &dyn LogBackend) {
    let log = fresh_log("dropping");
    append(backend, &log, &[pinned("system", 1)]).await;
    append(backend, &log, &records(["a", "b", "c"])).await;
    let options = limited(dropping_beyond(4));
    let made = backend.append(&log, &records(["d", "e"]), &options).await.expect("succeeds");
    assert_eq!((made.dropped, &made.seqs[..]), (2, &[5, 6][..]));
    assert_eq!((made.head.len, made.head.weight), (4, 4));
    assert_eq!(ids(&whole(backend, &log).await), ["system", "c", "d", "e"]);
    // By weight: as many as it takes.
    let limits =
        LogLimits { max_weight: Some(10), when_full: WhenFull::DropOldest, ..LogLimits::default() };
    let heavy = backend.append(&log, &[weighing("f", 8)], &limited(limits)).await;
    assert_eq!(heavy.expect("succeeds").dropped, 2);
    assert_eq!(ids(&whole(backend, &log).await), ["system", "e", "f"]);
    // What does not fit beside the pinned ones is refused, and drops nothing.
    for too_much in [vec![weighing("g", 10)], vec![weighing("g", 5), weighing("h", 5)]] {
        let call = async { backend.append(&log, &too_much, &limited(limits)).await };
        let refused = unchanged(backend, &log, call).await;
        assert_fails(refused, ErrorKind::Full, "pinned records make no room");
    }
    let call = async {
        backend.append(&log, &records(["g", "h", "i"]), &limited(dropping_beyond(3))).await
    };
    let refused = unchanged(backend, &log, call).await;
    assert_fails(refused, ErrorKind::Full, "an append does not drop its own records");
    let limits =
        LogLimits { max_bytes: Some(130), when_full: WhenFull::DropOldest, ..LogLimits::default() };
    let large = backend.append(&log, &[sized("g", 100)], &limited(limits)).await;
    assert_eq!(large.expect("succeeds").dropped, 2);
    assert_eq!(ids(&whole(backend, &log).await), ["system", "g"]);
}

/// A record that limits removed is not appended again.
pub async fn dropping_is_remembered(backend: &dyn LogBackend) {
    let log = fresh_log("remembered");
    let options = limited(dropping_beyond(2));
    for id in ["a", "b", "c", "d"] {
        backend.append(&log, &[record(id)], &options).await.expect("succeeds");
    }
    let before = head(backend, &log).await;
    let call = async { backend.append(&log, &records(["b", "d", "a"]), &options).await };
    let again = unchanged(backend, &log, call).await.expect("succeeds");
    assert_eq!(again.known, [true; 3], "a lost id is known");
    assert_eq!(again.seqs, [0, 4, 0], "a record that is gone has no number");
    assert_eq!(before.version, again.head.version, "nothing has changed");
    assert_eq!(backend.remove(&log, &["a"]).await.expect("succeeds"), [false]);
    assert!(!backend.replace(&log, &record("a")).await.expect("succeeds"));
    let next = backend.append(&log, &records(["b", "e"]), &options).await.expect("succeeds");
    assert_eq!((next.seqs, next.known), (vec![0, 5], vec![true, false]));
    assert_eq!(ids(&whole(backend, &log).await), ["d", "e"]);
}
