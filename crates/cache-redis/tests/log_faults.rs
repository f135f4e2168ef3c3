//! Logs on servers that refuse, and over connections that break.
#![allow(clippy::unwrap_used)]

mod support;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use cache_core::{CacheError, Compaction, ErrorKind, LogBackend, LogKey, LogRead, Ttl};
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::{Proxy, TestServer};
use support::{
    SECRET, assert_says, connect, for_an_hour, group, hour, log_rights, names, patient, pinned,
    record, whole,
};

fn inspected() -> redis_test_server::Builder {
    TestServer::builder().directive("enable-debug-command", &["yes"])
}

fn digest(server: &TestServer) -> String {
    server.command(&["DEBUG", "DIGEST"])
}

type Call<'a> = Pin<Box<dyn Future<Output = Result<(), CacheError>> + Send + 'a>>;

/// Every method that writes to a log of [`prepare`], and those that read.
fn calls<'a>(
    backend: &'a RedisBackend,
    log: &'a LogKey,
    version: u64,
) -> Vec<(&'static str, Call<'a>)> {
    let until_two =
        Compaction { until: 2, replacement: vec![record("r")], expected_version: version };
    vec![
        (
            "append",
            Box::pin(async move {
                backend.append(log, &[record("n"), pinned("m")], &for_an_hour()).await.map(drop)
            }),
        ),
        (
            "make",
            Box::pin(async move {
                backend
                    .append(&log.group().log("new"), &[record("n")], &for_an_hour())
                    .await
                    .map(drop)
            }),
        ),
        ("replace", Box::pin(async move { backend.replace(log, &record("p")).await.map(drop) })),
        ("remove", Box::pin(async move { backend.remove(log, &["p", "b"]).await.map(drop) })),
        ("compact", Box::pin(async move { backend.compact(log, &until_two).await.map(drop) })),
        (
            "fork",
            Box::pin(async move {
                let to = log.group().log("fork");
                backend.fork(log, &to, None, Bytes::new(), hour()).await.map(drop)
            }),
        ),
        (
            "set_attributes",
            Box::pin(async move {
                backend.set_attributes(log, Bytes::from_static(b"new"), version).await.map(drop)
            }),
        ),
        ("touch", Box::pin(async move { backend.touch(log, Ttl::FOREVER).await.map(drop) })),
        ("remove_log", Box::pin(async move { backend.remove_log(log).await.map(drop) })),
        (
            "remove_group",
            Box::pin(async move { backend.remove_group(log.group()).await.map(drop) }),
        ),
    ]
}

/// A log with records and a pinned one; gives its version.
async fn prepare(backend: &RedisBackend, log: &LogKey) -> u64 {
    let records = [pinned("p"), record("a"), record("b"), record("c")];
    backend.append(log, &records, &for_an_hour()).await.unwrap().head.version
}

#[tokio::test]
async fn a_right_that_lacks_leaves_nothing_half_done() {
    let log = group("f").log("x");
    let log_rights = log_rights();
    let common = ["on", ">pw", "~f~log:*"];
    let rights: Vec<_> = common.into_iter().chain(log_rights.iter().map(String::as_str)).collect();
    let (mut refused, mut allowed) = (0, 0);
    let server = inspected().start();
    let owner = connect(&server).await;
    for lacking in rights.iter().skip(3) {
        let user = format!("without{}", lacking.replace('+', "-"));
        let some: Vec<_> = rights.iter().filter(|right| *right != lacking).copied().collect();
        server.command(&[&["ACL", "SETUSER", &user], &some[..]].concat());
        let url = format!("redis://{user}:pw@127.0.0.1:{}", server.port());
        let backend = RedisBackend::open(&RedisConfig::new(url)).unwrap();
        for index in 0..calls(&backend, &log, 0).len() {
            server.command(&["FLUSHALL"]);
            let version = prepare(&owner, &log).await;
            let (name, call) = calls(&backend, &log, version).swap_remove(index);
            let before = digest(&server);
            match call.await {
                Ok(()) => allowed += 1,
                Err(error) => {
                    assert_says(&error, ErrorKind::PermissionDenied, &["ACL SETUSER"]);
                    assert_eq!(digest(&server), before, "{name} {user} left something");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 100 && allowed > 50, "{refused} refused and {allowed} allowed");
}

#[tokio::test]
async fn a_foreign_value_is_refused_and_left_alone() {
    let server = inspected().start();
    let backend = connect(&server).await;
    let log = group("f").log("x");
    for (index, name) in names(&log).into_iter().enumerate() {
        server.command(&["FLUSHALL"]);
        let version = prepare(&backend, &log).await;
        server.command(&["SET", &name, SECRET]);
        let before = digest(&server);
        for (method, call) in calls(&backend, &log, version) {
            // The one does not look at that log, the other removes whatever bears the group's name.
            if method == "make" && index >= 2 || method == "remove_group" {
                continue;
            }
            let error = call.await.expect_err(method);
            assert_says(&error, ErrorKind::WrongType, &["same namespace"]);
            assert_eq!(digest(&server), before, "{method} with a foreign {name}");
        }
        let read = backend.read(&log, &LogRead::Last(1)).await.unwrap_err();
        assert_says(&read, ErrorKind::WrongType, &[]);
    }
    server.command(&["FLUSHALL"]);
    server.command(&["HSET", &log.name(), "theirs", SECRET]);
    let error = backend.append(&log, &[record("a")], &for_an_hour()).await.unwrap_err();
    assert_says(&error, ErrorKind::WrongType, &[]);
}

#[tokio::test]
async fn a_full_server_is_read_and_made_smaller() {
    let server = inspected().max_memory("0", "noeviction").start();
    let backend = connect(&server).await;
    let log = group("f").log("x");
    for index in 0..calls(&backend, &log, 0).len() {
        server.command(&["CONFIG", "SET", "maxmemory", "0"]);
        server.command(&["FLUSHALL"]);
        let version = prepare(&backend, &log).await;
        server.command(&["CONFIG", "SET", "maxmemory", "1"]);
        let before = digest(&server);
        let (method, call) = calls(&backend, &log, version).swap_remove(index);
        let outcome = call.await;
        if ["remove", "compact", "remove_log", "remove_group"].contains(&method) {
            outcome.expect(method);
        } else {
            assert_says(&outcome.expect_err(method), ErrorKind::Full, &["maxmemory"]);
            assert_eq!(digest(&server), before, "{method} left something");
            assert_eq!(whole(&backend, &log).await.records.len(), 4);
            assert_eq!(backend.list(log.group(), 0, 9).await.unwrap().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_replica_is_read_and_not_written() {
    let primary = TestServer::start();
    let port = primary.port().to_string();
    let log = group("f").log("x");
    let owner = connect(&primary).await;
    let version = prepare(&owner, &log).await;
    let brief = cache_core::AppendOptions::new(Ttl::new(Duration::from_millis(1)).unwrap());
    owner.append(&log.group().log("gone"), &[record("a")], &brief).await.unwrap();
    let replica = TestServer::builder().directive("replicaof", &["127.0.0.1", &port]).start();
    let backend = connect(&replica).await;
    while backend.head(&log).await.unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (method, call) in calls(&backend, &log, version) {
        let error = call.await.expect_err(method);
        assert_says(&error, ErrorKind::ReadOnly, &["primary"]);
    }
    assert_eq!(whole(&backend, &log).await.records.len(), 4);
    assert_eq!(backend.list(log.group(), 0, 9).await.unwrap().len(), 1);
    assert_eq!(backend.count(log.group()).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_is_lost_can_be_repeated() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let config = patient(&proxy.url()).with_response_timeout(Duration::from_millis(300));
    let backend = RedisBackend::connect_with(&config).await.unwrap();
    let log = group("f").log("x");
    backend.append(&log, &[record("a")], &for_an_hour()).await.unwrap();
    proxy.set_hold(Duration::from_secs(2));
    let options = for_an_hour().with_expected_len(1);
    let error = backend.append(&log, &[record("b")], &options).await.unwrap_err();
    assert_says(&error, ErrorKind::Timeout, &["300 ms"]);
    assert!(error.is_retryable());
    proxy.set_hold(Duration::ZERO);
    let again = backend.append(&log, &[record("b")], &options).await.unwrap();
    assert_eq!((again.known[0], again.seqs[0], again.head.len), (true, 2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_over_a_breaking_connection_arrive_once_and_in_order() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let backend = RedisBackend::connect_with(&patient(&proxy.url())).await.unwrap();
    let log = group("f").log("x");
    let writer = tokio::spawn({
        let (backend, log) = (backend.clone(), log.clone());
        async move {
            for i in 0..300 {
                let records = [record(&i.to_string())];
                while let Err(error) = backend.append(&log, &records, &for_an_hour()).await {
                    assert!(error.is_retryable(), "{error}");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    });
    let mut cuts = 0;
    while !writer.is_finished() {
        proxy.cut();
        cuts += 1;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    writer.await.unwrap();
    assert!(cuts > 10, "only {cuts} cuts: the test tests nothing");
    let ids = connect(&server).await;
    let page = whole(&ids, &log).await;
    let expected = (0..300).map(|i| i.to_string());
    assert!(page.records.iter().map(|record| record.id.clone()).eq(expected));
}
