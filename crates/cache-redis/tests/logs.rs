//! Logs on a server that others use, that evicts, and that many write to.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use cache_core::{
    AppendOptions, ErrorKind, LogBackend, LogKey, LogLimits, LogRead, NewRecord, Ttl, WhenFull,
};
use cache_redis::RedisBackend;
use redis_test_server::TestServer;
use support::{assert_says, connect, for_an_hour, group, names, patient, pinned, record, whole};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_connections_see_one_order() {
    let server = TestServer::start();
    let log = group("many").log("one");
    let mut backends = Vec::new();
    for _ in 0..4 {
        backends.push(RedisBackend::connect_with(&patient(&server.url())).await.unwrap());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..32 {
        let (backend, log) = (backends[task % 4].clone(), log.clone());
        tasks.spawn(async move {
            let mut numbers = Vec::new();
            for i in 0..50 {
                let records = [record(&format!("{task}-{i}"))];
                let appended = backend.append(&log, &records, &for_an_hour()).await.unwrap();
                numbers.push((appended.seqs[0], records[0].id.clone()));
            }
            assert!(numbers.is_sorted(), "a task's records come in its order");
            numbers
        });
    }
    let mut told: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    told.sort_unstable();
    for backend in &backends {
        let read = whole(backend, &log).await.records.into_iter();
        assert_eq!(read.map(|record| (record.seq, record.id)).collect::<Vec<_>>(), told);
    }
    assert!(told.iter().map(|(seq, _)| *seq).eq(1..=1_600));
}

/// A log with records, a pinned and a lost one.
async fn full_log(backend: &RedisBackend, log: &LogKey) {
    let limits =
        LogLimits { max_records: Some(3), when_full: WhenFull::DropOldest, ..LogLimits::default() };
    let first = [pinned("p"), record("a"), record("b")];
    backend.append(log, &first, &for_an_hour()).await.unwrap();
    let options = for_an_hour().with_limits(limits);
    assert_eq!(backend.append(log, &[record("c")], &options).await.unwrap().dropped, 1);
}

#[tokio::test]
async fn a_log_that_was_evicted_in_part_is_gone_as_a_whole() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let group = group("evicted");
    for (index, name) in names(&group.log("x")).into_iter().enumerate() {
        let log = group.log("x");
        full_log(&backend, &log).await;
        full_log(&backend, &group.log("other")).await;
        assert_eq!(server.command(&["DEL", &name]), "1", "{name}");
        assert!(backend.head(&log).await.unwrap().is_none(), "{name}");
        assert!(backend.read(&log, &LogRead::Last(9)).await.unwrap().is_none());
        assert!(!backend.touch(&log, Ttl::FOREVER).await.unwrap());
        assert_eq!(backend.remove(&log, &["p", "b"]).await.unwrap(), [false, false]);
        let left = usize::from(index >= 2);
        assert_eq!(backend.list(&group, 0, 9).await.unwrap().len(), left, "{name}");
        assert_eq!(backend.count(&group).await.unwrap(), left as u64, "{name}");
        let anew = backend.append(&log, &[record("b")], &for_an_hour()).await.unwrap();
        assert_eq!((anew.seqs[0], anew.head.len, anew.known[0]), (1, 1, false), "{name}");
        assert_eq!(backend.count(&group).await.unwrap(), left as u64 + 1, "{name}");
        backend.remove_group(&group).await.unwrap();
        assert_eq!(server.command(&["DBSIZE"]), "0", "{name}: nothing outlives its group");
    }
}

#[tokio::test]
async fn all_keys_of_a_log_end_together() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let (log, other) = (group("ends").log("x"), group("ends").log("other"));
    full_log(&backend, &log).await;
    let end = |name: &String| server.command(&["PEXPIRETIME", name]);
    let ends = |log: &LogKey| names(log).iter().map(end).collect::<HashSet<_>>();
    assert_eq!(ends(&log).len(), 1, "those of the group too");
    // What a change makes anew ends with the rest.
    backend.remove(&log, &["b", "c"]).await.unwrap();
    backend.replace(&log, &record("p")).await.unwrap();
    let names_of_log = &names(&log)[2..];
    let there = names_of_log.iter().filter(|name| server.command(&["EXISTS", name]) == "1");
    assert_eq!(there.map(end).collect::<HashSet<_>>().len(), 1);
    let brief = AppendOptions::new(Ttl::new(Duration::from_millis(60)).unwrap());
    backend.append(&other, &[record("a")], &brief).await.unwrap();
    backend.append(&log, &[record("d")], &brief).await.unwrap();
    assert_eq!(backend.count(log.group()).await.unwrap(), 2);
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(backend.count(log.group()).await.unwrap(), 0);
    for name in names(&log).iter().chain(&names(&other)) {
        assert_eq!(server.command(&["EXISTS", name]), "0", "{name}");
    }
}

#[tokio::test]
async fn groups_forget_logs_that_expired() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let group = group("forgets");
    let brief = AppendOptions::new(Ttl::new(Duration::from_millis(1)).unwrap());
    for i in 0..100 {
        backend.append(&group.log(&i.to_string()), &[record("a")], &brief).await.unwrap();
    }
    backend.append(&group.log("stays"), &[record("a")], &for_an_hour()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(backend.list(&group, 0, 9).await.unwrap().len(), 1);
    assert_eq!(server.command(&["ZCARD", &format!("{}:logs", group.prefix())]), "1");
    assert_eq!(server.command(&["ZCARD", &format!("{}:ends", group.prefix())]), "1");
}

#[tokio::test]
async fn what_is_lost_is_forgotten_in_the_end() {
    let server = TestServer::start();
    let backend = RedisBackend::connect_with(&patient(&server.url())).await.unwrap();
    let log = group("lost").log("x");
    let limits = LogLimits {
        max_records: Some(1_000),
        when_full: WhenFull::DropOldest,
        ..LogLimits::default()
    };
    let options = for_an_hour().with_limits(limits);
    for hundred in 0..120 {
        let ids = (0..100).map(|i| record(&(100 * hundred + i).to_string()));
        backend.append(&log, &ids.collect::<Vec<_>>(), &options).await.unwrap();
    }
    let head = backend.head(&log).await.unwrap().unwrap();
    assert_eq!((head.len, head.last_seq), (1_000, 12_000));
    let lost: u64 = server.command(&["ZCARD", &format!("{}:lost", log.name())]).parse().unwrap();
    assert!((9_000..=9_001).contains(&lost), "{lost} of 11,000 are remembered");
    let again = backend.append(&log, &[record("5000")], &options).await.unwrap();
    assert_eq!((again.known[0], again.seqs[0], again.head.last_seq), (true, 0, 12_000));
}

#[tokio::test]
async fn an_empty_log_is_read_in_every_way() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let log = group("empty").log("x");
    backend.append(&log, &[], &for_an_hour()).await.unwrap();
    for what in [
        LogRead::Last(0),
        LogRead::Last(usize::MAX),
        LogRead::From { seq: u64::MAX, most: usize::MAX },
        LogRead::After { id: "a".to_owned(), most: 1 },
        LogRead::Window { max_weight: u64::MAX, max_records: usize::MAX },
        LogRead::Ids(vec!["a".to_owned()]),
        LogRead::Ids(Vec::new()),
    ] {
        let page = backend.read(&log, &what).await.unwrap().unwrap();
        assert_eq!((page.head.len, page.records.len()), (0, 0), "{what:?}");
    }
    assert!(LogBackend::remove(&backend, &log, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_call_has_a_largest_size() {
    let server = TestServer::start();
    let backend = RedisBackend::connect_with(&patient(&server.url())).await.unwrap();
    let log = group("sizes").log("x");
    let many: Vec<_> = (0..100_001).map(|i| record(&i.to_string())).collect();
    let error = backend.append(&log, &many, &for_an_hour()).await.unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["100,000"]);
    let large = NewRecord { payload: vec![7; 16 << 20].into(), ..record("large") };
    let called = |i: usize| NewRecord { id: i.to_string(), ..large.clone() };
    let larger: Vec<_> = (0..33).map(called).collect();
    let error = backend.append(&log, &larger, &for_an_hour()).await.unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["512 MiB"]);
    assert!(backend.head(&log).await.unwrap().is_none());
    backend.append(&log, &many[1..], &for_an_hour()).await.unwrap();
    backend.append(&log, std::slice::from_ref(&large), &for_an_hour()).await.unwrap();
    let page = backend.read(&log, &LogRead::Last(2)).await.unwrap().unwrap();
    assert_eq!((page.head.len, &page.records[1].payload), (100_001, &large.payload));
    assert_eq!(whole(&backend, &log).await.records.len(), 100_001);
    let ids = LogRead::Ids((0..50_000).map(|i| i.to_string()).collect());
    assert_eq!(backend.read(&log, &ids).await.unwrap().unwrap().records.len(), 49_999);
}
