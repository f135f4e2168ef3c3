//! Clearing and counting on a server that others use too.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use cache_core::{
    CacheBackend, CacheBackendExt, ClearOptions, ClearProgress, Counters, LeaseRequest, LeaseToken,
    Leases, Ttl,
};
use redis_test_server::TestServer;
use support::{connect, entries, hour, keys, namespace, plain};

#[tokio::test]
async fn others_keys_remain() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let (mine, theirs) = (keys("app", 100), keys("app2", 10));
    backend.put_many(&entries(&mine, 10, hour()), &plain()).await.unwrap();
    backend.put_many(&entries(&theirs, 10, hour()), &plain()).await.unwrap();
    let token = LeaseToken::unique();
    let request = LeaseRequest { token, duration: Duration::from_secs(60) };
    backend.get_or_lease_many(&keys("app", 105), &request).await.unwrap();
    backend.add_counters(&namespace("app"), &[("hits", 1)]).await.unwrap();
    // Another program that happens to use the same first word.
    for foreign in ["app", "app:", "app:users:1", "app:emb:0:short", "app:lease:x", "xapp:stats"] {
        server.command(&["SET", foreign, "theirs"]);
    }
    assert_eq!(server.command(&["DBSIZE"]), "122");

    let usage = backend.usage(&namespace("app")).await.unwrap();
    assert_eq!(usage.entries, 100, "neither leases nor counters nor foreign keys are entries");
    assert_eq!(backend.clear_all(&namespace("app")).await.unwrap(), 100);
    assert_eq!(server.command(&["DBSIZE"]), "16", "10 of the other namespace and 6 foreign keys");
    assert_eq!(backend.usage(&namespace("app")).await.unwrap().entries, 0);
    assert!(backend.read_counters(&namespace("app")).await.unwrap().is_empty());
    for command in ["keys", "flushdb", "flushall", "config|set"] {
        assert_eq!(server.command_calls(command), 0, "{command} was used");
    }
}

#[tokio::test]
async fn a_step_is_bounded() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    backend.put_many(&entries(&keys("app", 5_000), 10, hour()), &plain()).await.unwrap();
    let options = ClearOptions::default().with_step(100);
    let mut progress = ClearProgress::default();
    let mut most = 0;
    while !progress.is_done() {
        let before = (progress.removed, server.command_calls("scan"));
        progress = backend.clear(&namespace("app"), progress, &options).await.unwrap();
        most = most.max(progress.removed - before.0);
        assert_eq!(server.command_calls("scan") - before.1, 1, "one SCAN per step");
    }
    assert_eq!(progress.removed, 5_000);
    assert!(most < 300, "a step of about 100 removed {most} entries");
}

#[tokio::test]
async fn the_progress_of_another_backend_is_refused() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let strange = ClearProgress::default().advance(0, Some("rowid 7".to_owned()));
    let error = backend.clear(&namespace("app"), strange, &ClearOptions::default()).await;
    assert_eq!(error.unwrap_err().kind(), cache_core::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn usage_measures_what_the_server_spends() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    let before: u64 = used_memory(&server);
    backend.put_many(&entries(&keys("app", 2_000), 3_000, Ttl::FOREVER), &plain()).await.unwrap();
    let spent = used_memory(&server) - before;
    let usage = backend.usage(&namespace("app")).await.unwrap();
    assert_eq!((usage.entries, usage.estimated), (2_000, false));
    let ratio = usage.bytes as f64 / spent as f64;
    assert!((0.9..1.1).contains(&ratio), "{} bytes counted, {spent} spent", usage.bytes);
}

#[tokio::test]
async fn usage_of_many_entries_is_extrapolated() {
    let server = TestServer::start();
    let backend = connect(&server).await;
    for chunk in keys("app", 12_000).chunks(4_000) {
        backend.put_many(&entries(chunk, 100, hour()), &plain()).await.unwrap();
    }
    let usage = backend.usage(&namespace("app")).await.unwrap();
    assert_eq!((usage.entries, usage.estimated), (12_000, true));
    assert_eq!(server.command_calls("memory|usage"), 10_000, "a bounded sample");
    assert!((12_000 * 100..12_000 * 400).contains(&usage.bytes), "{}", usage.bytes);
}

fn used_memory(server: &TestServer) -> u64 {
    let info = server.command(&["INFO", "memory"]);
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    used.trim().parse().unwrap()
}
