//! Expiry, moments, dropped calls.

use std::time::Duration;

use super::{append, fresh_group, fresh_log, head, ids, is_there, page, record, records, whole};
use crate::{AppendOptions, Compaction, LogBackend, LogKey, LogRead, Ttl};

/// Long enough for everything that is done before it is over, also on a busy machine.
const SHORT: Duration = Duration::from_millis(2_500);
const LONG: Duration = Duration::from_secs(60);

fn ttl(duration: Duration) -> Ttl {
    Ttl::new(duration).expect("invariant: positive")
}

async fn make(backend: &dyn LogBackend, log: &LogKey, id: &str, life: Duration) {
    let options = AppendOptions::new(ttl(life)).with_attributes("made".into());
    backend.append(log, &[record(id)], &options).await.expect("an append succeeds");
}

/// A log expires as a whole, counted from the last append or touch; nothing else moves its end.
pub async fn expiry(backend: &dyn LogBackend) {
    let group = fresh_group("expiry");
    let logs = ["plain", "touched", "appended", "forever", "edited", "fork", "short fork", "cut"];
    let [plain, touched, appended, forever, edited, fork, short_fork, cut] =
        logs.map(|id| group.log(id));
    let repeated = group.log("repeated");
    for log in [&plain, &touched, &appended, &edited, &repeated] {
        make(backend, log, "a", SHORT).await;
    }
    for log in [&forever, &cut] {
        make(backend, log, "a", LONG).await;
    }
    assert!(backend.touch(&touched, ttl(LONG)).await.expect("succeeds"));
    assert!(!backend.touch(&group.log("nobody"), ttl(LONG)).await.expect("succeeds"));
    assert!(backend.touch(&forever, Ttl::FOREVER).await.expect("succeeds"));
    make(backend, &appended, "b", LONG).await;
    make(backend, &repeated, "a", LONG).await;
    make(backend, &cut, "b", SHORT).await;
    edit(backend, &edited).await;
    for (from, to, life) in [(&edited, &fork, LONG), (&touched, &short_fork, SHORT)] {
        let made = backend.fork(from, to, None, "".into(), ttl(life)).await.expect("succeeds");
        let left = made.expect("the log is there").expires_in.expect("it expires");
        assert!(left <= life && left > life / 2, "a fork starts with its own time to live");
    }
    for (log, most) in [(&plain, SHORT), (&edited, SHORT), (&cut, SHORT), (&touched, LONG)] {
        let left = head(backend, log).await.expires_in.expect("it expires");
        assert!(left <= most, "{left:?} are left of at most {most:?}");
    }
    assert_eq!(head(backend, &forever).await.expires_in, None);
    assert_eq!(backend.count(&group).await.expect("succeeds"), 9);
    assert_eq!(ids(&whole(backend, &plain).await), ["a"], "not before its time");

    tokio::time::sleep(SHORT + Duration::from_millis(300)).await;
    for log in [&plain, &edited, &short_fork, &cut] {
        assert_gone(backend, log).await;
    }
    for log in [&touched, &appended, &forever, &fork, &repeated] {
        assert!(is_there(backend, log).await, "gone before its time");
    }
    assert_eq!(ids(&whole(backend, &appended).await), ["a", "b"], "a log expires as a whole");
    assert_eq!(backend.count(&group).await.expect("succeeds"), 5, "the expired are not counted");
    assert_eq!(backend.list(&group, 0, 100).await.expect("succeeds").len(), 5);
    make(backend, &plain, "b", LONG).await;
    make(backend, &plain, "a", LONG).await;
    let found = page(backend, &plain, LogRead::Last(10)).await;
    assert_eq!(ids(&found.records), ["b", "a"], "an expired log is as if it never was");
    assert_eq!(found.head.last_seq, 2, "numbers start anew");
    let into_expired = backend.fork(&forever, &edited, None, "".into(), Ttl::FOREVER).await;
    assert!(into_expired.expect("an expired log is not there").is_some());
    assert_eq!(backend.remove_group(&group).await.expect("succeeds"), 7);
}

/// Everything that must not move the end of a log.
async fn edit(backend: &dyn LogBackend, log: &LogKey) {
    assert!(backend.replace(log, &record("a")).await.expect("succeeds"));
    let version = head(backend, log).await.version;
    let set = backend.set_attributes(log, "other".into(), version).await.expect("succeeds");
    let compaction = Compaction {
        until: 1,
        replacement: vec![record("sum")],
        expected_version: set.expect("the log is there").version,
    };
    assert!(backend.compact(log, &compaction).await.expect("succeeds").is_some());
    assert_eq!(backend.remove(log, &["sum"]).await.expect("succeeds"), [true]);
}

async fn assert_gone(backend: &dyn LogBackend, log: &LogKey) {
    assert!(!is_there(backend, log).await, "there after its time");
    assert!(backend.read(log, &LogRead::Last(9)).await.expect("succeeds").is_none());
    assert!(!backend.touch(log, ttl(LONG)).await.expect("succeeds"), "touching revives nothing");
    assert!(!backend.replace(log, &record("a")).await.expect("succeeds"));
    assert_eq!(backend.remove(log, &["a"]).await.expect("succeeds"), [false]);
    assert!(backend.set_attributes(log, "".into(), 1).await.expect("succeeds").is_none());
    let compaction = Compaction { until: 1, replacement: vec![], expected_version: 1 };
    assert!(backend.compact(log, &compaction).await.expect("succeeds").is_none());
    let to = log.group().log("fork of the dead");
    let fork = backend.fork(log, &to, None, "".into(), Ttl::FOREVER).await;
    assert!(fork.expect("succeeds").is_none());
    assert!(!backend.remove_log(log).await.expect("succeeds"));
}

/// The head says when the log was made and last appended to.
pub async fn moments(backend: &dyn LogBackend) {
    let log = fresh_log("moments");
    let made = append(backend, &log, &[record("a")]).await.head;
    assert_eq!(made.created, made.appended);
    // From 2025 on, in seconds: neither another unit nor a clock that was never set.
    let (early, late) = (1_760_000_000, 10_000_000_000);
    assert!((early..late).contains(&made.created.as_secs()), "moments are since the Unix epoch");
    tokio::time::sleep(Duration::from_millis(20)).await;
    backend.replace(&log, &record("a")).await.expect("succeeds");
    backend.touch(&log, Ttl::FOREVER).await.expect("succeeds");
    assert_eq!(head(backend, &log).await.appended, made.appended, "only appending counts");
    let later = append(backend, &log, &[record("b")]).await.head;
    assert_eq!(later.created, made.created);
    let passed = later.appended.saturating_sub(made.appended);
    assert!(passed >= Duration::from_millis(15), "moments are in milliseconds");
}

/// Dropped calls do not disturb later ones, and what they did is found out by appending again.
pub async fn cancellation(backend: &dyn LogBackend) {
    let log = fresh_log("cancellation");
    for round in 0..128u64 {
        let hurry = Duration::from_micros(9 * (round % 16));
        let new = [record(round)];
        let options = AppendOptions::new(Ttl::FOREVER);
        let call = backend.append(&log, &new, &options);
        let _ = tokio::time::timeout(hurry, call).await;
        let again = append(backend, &log, &new).await;
        assert_eq!(again.seqs, [round + 1], "a dropped append took place twice, or out of order");
    }
    let expected = records(0..128);
    let found = whole(backend, &log).await;
    assert!(found.iter().map(|record| &record.id).eq(expected.iter().map(|record| &record.id)));
}
