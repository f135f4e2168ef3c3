//! What servers say of themselves, on every topology.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use cache_core::{CacheBackend, ErrorKind, GetOptions};
use cache_redis::{RedisBackend, ServerFigures, ServerReport, ServerRole};
use redis_test_server::{TestCluster, TestServer};
use support::{WithUser, as_cache, connect, keys, patient, put};

fn name(server: &TestServer) -> String {
    format!("127.0.0.1:{}", server.port())
}

fn names(reports: &[ServerReport]) -> Vec<&str> {
    reports.iter().map(|report| report.name.as_str()).collect()
}

fn figures(report: &ServerReport) -> &ServerFigures {
    report.figures.as_ref().unwrap()
}

/// Looks again until a look is as it should be.
async fn until(
    backend: &RedisBackend,
    good: impl Fn(&[ServerReport]) -> bool,
) -> Vec<ServerReport> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let reports = backend.servers().await.unwrap();
        if good(&reports) {
            return reports;
        }
        assert!(Instant::now() < deadline, "{reports:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn one_server_tells_what_it_did() {
    let server = TestServer::builder().max_memory("64mb", "allkeys-lru").start();
    let backend = connect(&server).await;
    let before = backend.servers().await.unwrap();
    let keys = keys("look", 3);
    put(&backend, &keys[0]).await.unwrap();
    backend.get_many(&keys, &GetOptions::default()).await.unwrap();
    let after = backend.servers().await.unwrap();
    assert_eq!(names(&after), [name(&server)]);
    let (before, after) = (figures(&before[0]), figures(&after[0]));
    assert_eq!((after.role, after.server.as_str()), (ServerRole::Primary, "redis"));
    assert!(after.version.starts_with("7."), "{}", after.version);
    assert_eq!(
        (after.max_bytes, after.eviction_policy.as_deref()),
        (Some(64 << 20), Some("allkeys-lru"))
    );
    assert!(after.used_bytes > 0 && after.peak_bytes >= after.used_bytes / 2);
    assert!(after.clients >= 1 && after.max_clients.is_some() && after.blocked_clients == 0);
    assert_eq!(after.keyspace_hits - before.keyspace_hits, 1);
    assert_eq!(after.keyspace_misses - before.keyspace_misses, 2);
    assert!(after.commands_processed > before.commands_processed);
    assert!(after.received_bytes > before.received_bytes && after.sent_bytes > before.sent_bytes);
    assert!(after.fragmentation_ratio.is_some() && after.replica.is_none());
    let calls = |name: &str| {
        let command = after.commands.iter().find(|command| command.name == name);
        command.map(|command| (command.calls, command.failed_calls))
    };
    assert_eq!((calls("mget"), calls("set")), (Some((1, 0)), Some((1, 0))));
}

#[tokio::test]
async fn replicas_are_told_once_whether_configured_or_not() {
    let primary = TestServer::start();
    let mut replica = TestServer::builder().replica_of(&primary).start();
    let plain = connect(&primary).await;
    let named = patient(&primary.url()).with_replicas([format!("localhost:{}", replica.port())]);
    let named = RedisBackend::connect_with(&named).await.unwrap();
    for backend in [&plain, &named] {
        let follows = |report: &ServerReport| {
            figures(report).replica.is_some_and(|it| it.link_up && it.behind_bytes.is_some())
        };
        let reports = until(backend, |reports| reports.len() == 2 && follows(&reports[1])).await;
        assert_eq!(figures(&reports[0]).replicas, 1);
        assert_eq!(figures(&reports[1]).role, ServerRole::Replica);
    }
    replica.kill();
    let reports = named.servers().await.unwrap();
    assert!(reports[0].figures.is_ok());
    let error = reports[1].figures.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_lead_to_the_primary_and_its_replicas() {
    let primary = TestServer::start();
    let replica = TestServer::builder().replica_of(&primary).start();
    let sentinels = TestServer::builder().start_sentinels(&primary);
    let backend = RedisBackend::connect_with(&patient(&sentinels.url())).await.unwrap();
    let reports = until(&backend, |reports| reports.len() == 2).await;
    assert_eq!(names(&reports), [name(&primary), name(&replica)]);
    assert_eq!(figures(&reports[1]).role, ServerRole::Replica);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_of_a_cluster_is_told_and_one_that_is_down_is_an_error() {
    let mut cluster = TestCluster::start();
    let backend = RedisBackend::connect_with(&patient(&cluster.url())).await.unwrap();
    let reports = until(&backend, |reports| reports.len() == 6).await;
    let primaries = reports.iter().filter(|it| figures(it).role == ServerRole::Primary);
    assert_eq!(primaries.count(), 3);
    assert!(reports[3..].iter().all(|it| figures(it).replica.is_some()), "primaries come first");
    let down = name(&cluster.nodes()[5]);
    // A node tells of replicas, the slots they serve included, as soon as it has heard of them.
    let tells_of_all = |node: &TestServer| {
        node.command(&["CLUSTER", "SLOTS"]).matches("127.0.0.1").count() == cluster.nodes().len()
    };
    while !cluster.nodes().iter().all(tells_of_all) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    cluster.nodes_mut()[5].kill();
    let reports = until(&backend, |reports| reports.iter().any(|it| it.figures.is_err())).await;
    let failed: Vec<_> = reports.iter().filter(|report| report.figures.is_err()).collect();
    assert_eq!(failed.iter().map(|report| &report.name).collect::<Vec<_>>(), [&down]);
}

#[tokio::test]
async fn who_may_not_ask_is_told_so_and_who_is_alone_gets_the_error() {
    let rules = ["on", ">pass:word@1", "~*", "+ping", "+get"].map(str::to_owned);
    let mut server = TestServer::builder().password("other").with_user("cache", &rules).start();
    let backend = RedisBackend::connect(as_cache(&server.url())).await.unwrap();
    let reports = backend.servers().await.unwrap();
    let error = reports[0].figures.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    server.kill();
    let mut outcome = backend.servers().await;
    // The first call after the loss may still have found the connection standing.
    if outcome.is_ok() {
        outcome = backend.servers().await;
    }
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unavailable);
}
