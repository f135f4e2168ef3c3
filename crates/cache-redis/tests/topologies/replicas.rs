//! Readings by replicas.

use std::time::Duration;

use cache_core::{CacheBackend, CacheBackendExt, CacheKey, Counters, GetOptions};
use cache_redis::{ReadFrom, RedisBackend};
use redis_test_server::{TestCluster, TestServer};

use crate::support::{entries, hour, keys, namespace, patient, plain, put};
use crate::traffic::{check, until_it_works};

fn host(server: &TestServer) -> String {
    format!("127.0.0.1:{}", server.port())
}

/// What was written to a primary reaches its replicas in its own time.
fn until_they_have_it(primary: &TestServer, replicas: &[&TestServer]) {
    for replica in replicas {
        replica.wait("it has what its primary has", |replica| size(replica) == size(primary));
    }
}

fn size(server: &TestServer) -> u64 {
    server.command(&["DBSIZE"]).trim().parse().unwrap()
}

/// Replicas are connected to in the background: reads until they answer.
async fn until_replicas_answer(backend: &RedisBackend, key: &CacheKey, replicas: &[&TestServer]) {
    let calls = |server: &&TestServer| server.command_calls("get");
    let before: Vec<_> = replicas.iter().map(calls).collect();
    for _ in 0..200 {
        backend.get(key).await.unwrap();
        if replicas.iter().zip(&before).all(|(replica, before)| calls(replica) > *before) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("replicas were not read from");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_go_where_the_policy_says_and_all_else_to_the_primary() {
    let primary = TestServer::start();
    let replica = || TestServer::builder().replica_of(&primary).start();
    let (one, two) = (replica(), replica());
    let key = &keys("r", 1)[0];
    let url = format!("{}?replicas={},{}", primary.url(), host(&one), host(&two));
    let connect = async |policy: &str| {
        let url = format!("{url}&read_from={policy}");
        RedisBackend::connect_with(&patient(&url)).await.unwrap()
    };
    let gets = || [&primary, &one, &two].map(|server| server.command_calls("get"));

    let backend = connect("primary").await;
    put(&backend, key).await.unwrap();
    let before = gets();
    for _ in 0..10 {
        assert!(backend.get(key).await.unwrap().is_some());
    }
    assert_eq!(gets(), [before[0] + 10, before[1], before[2]]);

    let backend = connect("prefer-replica").await;
    until_they_have_it(&primary, &[&one, &two]);
    until_replicas_answer(&backend, key, &[&one, &two]).await;
    let before = gets();
    for _ in 0..10 {
        assert!(backend.get(key).await.unwrap().is_some());
    }
    assert_eq!(gets(), [before[0], before[1] + 5, before[2] + 5]);
    put(&backend, key).await.unwrap();
    backend.add_counters(&namespace("r"), &[("n", 1)]).await.unwrap();
    assert_eq!(backend.read_counters(&namespace("r")).await.unwrap()["n"], 1);
    assert!(backend.remove(key).await.unwrap());

    let backend = connect("any").await;
    put(&backend, key).await.unwrap();
    until_replicas_answer(&backend, key, &[&one, &two]).await;
    let before = gets();
    for _ in 0..30 {
        backend.get(key).await.unwrap();
    }
    assert_eq!(gets(), before.map(|before| before + 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_fail_are_passed_over() {
    let primary = TestServer::start();
    let mut replica = TestServer::builder().replica_of(&primary).start();
    let config = patient(&primary.url())
        .with_response_timeout(Duration::from_millis(300))
        .with_replicas([host(&replica)])
        .with_read_from(ReadFrom::PreferReplica);
    let backend = RedisBackend::connect_with(&config).await.unwrap();
    let keys = keys("r", 20);
    until_it_works(&backend, &keys).await;
    until_replicas_answer(&backend, &keys[0], &[&replica]).await;

    // One that lost its primary and may not answer says so.
    replica.command(&["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    replica.command(&["REPLICAOF", "127.0.0.1", "1"]);
    assert_eq!(check(&backend, &keys).await.unwrap(), 20);
    replica.command(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    replica.wait("it replicates again", |replica| {
        replica.command(&["INFO", "replication"]).contains("master_link_status:up")
    });
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    until_replicas_answer(&backend, &keys[0], &[&replica]).await;

    // One that says nothing costs one timeout, and then nothing.
    replica.pause();
    let started = std::time::Instant::now();
    for _ in 0..20 {
        assert_eq!(check(&backend, &keys).await.unwrap(), 20);
    }
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    replica.resume();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    until_replicas_answer(&backend, &keys[0], &[&replica]).await;

    replica.kill();
    for _ in 0..20 {
        assert_eq!(check(&backend, &keys).await.unwrap(), 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_of_a_cluster_answer_for_their_primaries() {
    let mut cluster = TestCluster::start();
    let config = patient(&cluster.url()).with_read_from(ReadFrom::PreferReplica);
    let backend = RedisBackend::connect_with(&config).await.unwrap();
    let keys = keys("r", 200);
    until_it_works(&backend, &keys).await;
    let gets = |cluster: &TestCluster| -> Vec<u64> {
        cluster.nodes().iter().map(|node| node.command_calls("get")).collect()
    };
    let sizes = |nodes: &[TestServer]| nodes.iter().map(size).sum::<u64>();
    let (primaries, replicas) = cluster.nodes().split_at(3);
    replicas[0].wait("all is replicated", |_| sizes(replicas) == sizes(primaries));
    // The first readings find no connection to replicas, and make them.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = gets(&cluster);
    assert_eq!(check(&backend, &keys).await.unwrap(), 200);
    let after = gets(&cluster);
    assert_eq!(before[..3], after[..3], "primaries are not read from");
    assert_eq!(after[3..].iter().sum::<u64>() - before[3..].iter().sum::<u64>(), 200);

    // A replica is lost, another is promoted: nothing is wrong, and in the end all is well.
    cluster.nodes_mut()[4].kill();
    let found = backend.get_many(&keys, &GetOptions::default()).await.unwrap();
    assert_eq!(found.iter().flatten().count(), 200, "the primary answers for a lost replica");
    cluster.nodes_mut()[0].kill();
    cluster.wait_until_primary(3);
    until_it_works(&backend, &keys).await;
    assert_eq!(check(&backend, &keys).await.unwrap(), 200);
    backend.put_many(&entries(&keys, 100, hour()), &plain()).await.unwrap();
    assert_eq!(check(&backend, &keys).await.unwrap(), 200);
}
