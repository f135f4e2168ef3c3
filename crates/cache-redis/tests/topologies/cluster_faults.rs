//! Clusters whose nodes go away.

use std::time::{Duration, Instant};

use cache_core::{
    CacheBackend, CacheBackendExt, CacheKey, ClearOptions, ClearProgress, Counters, ErrorKind,
    GetOptions,
};
use cache_redis::{NearBackend, NearConfig, RedisBackend, RedisConfig};
use redis_test_server::TestCluster;

use crate::support::{assert_says, entries, hour, keys, namespace, patient, plain, put, value_of};
use crate::traffic::{Traffic, check, until_it_works};

/// As short as the tests' own machines allow.
fn impatient(cluster: &TestCluster) -> RedisConfig {
    RedisConfig::new(cluster.url())
        .with_connect_timeout(Duration::from_millis(700))
        .with_response_timeout(Duration::from_millis(500))
}

/// Of these keys those that lie on the node that was given their slots at the start.
fn on_node(cluster: &TestCluster, keys: &[CacheKey], node: usize) -> Vec<CacheKey> {
    let there = |key: &&CacheKey| cluster.first_owner(cluster.slot(&key.to_string())) == node;
    keys.iter().filter(there).cloned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_is_killed_and_its_replica_takes_over() {
    let mut cluster = TestCluster::start();
    let backend = RedisBackend::connect_with(&impatient(&cluster)).await.unwrap();
    let keys = keys("f", 60);
    until_it_works(&backend, &keys).await;
    let of_lost = on_node(&cluster, &keys, 0);
    let of_others = [on_node(&cluster, &keys, 1), on_node(&cluster, &keys, 2)].concat();
    let traffic = Traffic::start(&backend, &keys);
    tokio::time::sleep(Duration::from_millis(300)).await;
    cluster.nodes_mut()[0].kill();
    let killed = Instant::now();
    // Meanwhile what the others hold is there, and the rest fails fast.
    assert_eq!(check(&backend, &of_others).await.unwrap(), of_others.len());
    let error = backend.get(&of_lost[0]).await.unwrap_err();
    assert_says(&error, ErrorKind::Unavailable, &[]);
    assert!(killed.elapsed() < Duration::from_millis(500), "{:?}", killed.elapsed());
    cluster.wait_until_primary(3);
    let promoted = killed.elapsed();
    let took = until_it_works(&backend, &keys).await;
    assert!(took < Duration::from_secs(2), "{took:?} after the promotion");
    let (before, _) = traffic.so_far();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (succeeded, failed) = traffic.stop().await;
    assert!(succeeded > before, "it goes on");
    println!("promoted after {promoted:?}, usable {took:?} later; {failed} of {succeeded} failed");
    assert_eq!(check(&backend, &keys).await.unwrap(), keys.len());
}

/// Three nodes, each of which serves what it has without the others.
fn without_replicas() -> TestCluster {
    let mut cluster = TestCluster::start();
    for replica in 3..6 {
        cluster.nodes_mut()[replica].kill();
    }
    for node in &cluster.nodes()[..3] {
        node.command(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]);
    }
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_other_nodes_hold_is_read_while_one_is_lost() {
    let mut cluster = without_replicas();
    let backend = RedisBackend::connect_with(&impatient(&cluster)).await.unwrap();
    let near = NearBackend::new(backend.clone(), NearConfig::default());
    let all = keys("f", 60);
    until_it_works(&backend, &all).await;
    let lost = on_node(&cluster, &all, 0);
    cluster.nodes_mut()[0].kill();
    let partial = GetOptions::default().with_partial(true);
    let stores: [&dyn CacheBackend; 2] = [&backend, &near];
    for store in stores {
        for _ in 0..20 {
            let started = Instant::now();
            let found = store.get_many(&all, &partial).await.unwrap();
            assert!(started.elapsed() < Duration::from_millis(450), "{:?}", started.elapsed());
            for (key, value) in all.iter().zip(found) {
                assert_eq!(value.is_none(), lost.contains(key));
                assert!(value.is_none_or(|value| value.bytes() == &value_of(key, 100)));
            }
            let whole = store.get_many(&all, &GetOptions::default()).await.unwrap_err();
            assert!(whole.is_of_a_part(), "{whole}");
            let nothing = store.get_many(&lost, &partial).await.unwrap_err();
            assert!(nothing.is_of_a_part(), "{nothing}");
        }
    }
    let put = backend.put_many(&entries(&all, 100, hour()), &plain()).await.unwrap_err();
    assert!(put.is_of_a_part(), "{put}");
    cluster.nodes_mut()[1].kill();
    cluster.nodes_mut()[2].kill();
    // The first call to each of them finds out.
    let _ = backend.get_many(&all, &partial).await.unwrap_err();
    let all_lost = backend.get_many(&all, &partial).await.unwrap_err();
    assert!(!all_lost.is_of_a_part(), "{all_lost}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_to_a_lost_node_fail_fast_and_the_others_are_not_held_up() {
    let mut cluster = without_replicas();
    let backend = RedisBackend::connect_with(&impatient(&cluster)).await.unwrap();
    let all = keys("f", 60);
    until_it_works(&backend, &all).await;
    let [lost, others, last] = [0, 1, 2].map(|node| on_node(&cluster, &all, node));
    cluster.nodes_mut()[0].kill();
    let started = Instant::now();
    for _ in 0..50 {
        let error = backend.get(&lost[0]).await.unwrap_err();
        assert_says(&error, ErrorKind::Unavailable, &[]);
        assert_eq!(check(&backend, &others).await.unwrap(), others.len());
    }
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    let status = backend.status().await.unwrap();
    assert!(!status.findings.is_empty(), "a lost node is told of");
    cluster.nodes()[1].pause();
    let started = Instant::now();
    let error = backend.get(&others[0]).await.unwrap_err();
    assert_says(&error, ErrorKind::Timeout, &["500 ms"]);
    assert!(started.elapsed() < Duration::from_millis(1_000), "{:?}", started.elapsed());
    assert_eq!(check(&backend, &last).await.unwrap(), last.len());
    cluster.nodes()[1].resume();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_is_never_repeated() {
    let cluster = TestCluster::start();
    let proxies = cluster.behind_proxies();
    let url = proxies[0].url().replacen("redis://", "redis+cluster://", 1);
    let backend = RedisBackend::connect_with(&patient(&url)).await.unwrap();
    let mut counted = 0;
    for _ in 0..20 {
        proxies.iter().for_each(redis_test_server::Proxy::cut);
        counted += i64::from(backend.add_counters(&namespace("f"), &[("n", 1)]).await.is_ok());
    }
    backend.add_counters(&namespace("f"), &[("n", 1)]).await.unwrap_or_default();
    let read = backend.read_counters(&namespace("f")).await.unwrap();
    let read = read.get("n").copied().unwrap_or(0);
    assert!((counted..=21).contains(&read), "{counted} were told to be counted, {read} are");
    let key = &keys("f", 1)[0];
    put(&backend, key).await.unwrap();
    proxies.iter().for_each(redis_test_server::Proxy::cut);
    assert!(backend.get(key).await.unwrap().is_some(), "reading is repeated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clearing_goes_on_over_a_failover() {
    let cluster = TestCluster::start();
    let backend = RedisBackend::connect_with(&patient(&cluster.url())).await.unwrap();
    let keys = keys("app", 3_000);
    backend.put_many(&entries(&keys, 10, hour()), &plain()).await.unwrap();
    let options = ClearOptions::default().with_step(100);
    let mut progress = ClearProgress::default();
    for _ in 0..3 {
        progress = backend.clear(&namespace("app"), progress, &options).await.unwrap();
    }
    assert!(progress.removed > 0 && !progress.is_done());
    cluster.nodes()[3].wait("its copy is complete", |replica| {
        replica.command(&["DBSIZE"]) == cluster.nodes()[0].command(&["DBSIZE"])
    });
    cluster.nodes()[3].command(&["CLUSTER", "FAILOVER"]);
    cluster.wait_until_primary(3);
    until_it_works(&backend, &keys_elsewhere()).await;
    while !progress.is_done() {
        progress = backend.clear(&namespace("app"), progress, &options).await.unwrap();
    }
    assert_eq!(progress.removed, 3_000);
    assert_eq!(backend.usage(&namespace("app")).await.unwrap().entries, 0);
}

fn keys_elsewhere() -> Vec<CacheKey> {
    keys("elsewhere", 30)
}
