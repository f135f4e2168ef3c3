//! Slots that move from node to node.

use std::collections::HashMap;
use std::time::Duration;

use cache_core::{
    CacheBackend, CacheBackendExt, CacheKey, LeaseOutcome, LeaseRequest, LeaseToken, Leases,
};
use cache_redis::RedisBackend;
use redis_test_server::{TestCluster, TestServer};

use crate::support::{
    entries, for_an_hour, group, hour, keys, namespace, patient, plain, record, whole,
};
use crate::traffic::{Traffic, check, until_it_works};
use cache_core::LogBackend;

/// One in which nobody is taken for dead on a busy machine: a replica that takes over while slots
/// move leaves nodes that send to and fro for seconds.
fn steady_cluster() -> TestCluster {
    TestServer::builder().directive("cluster-node-timeout", &["30000"]).start_cluster()
}

/// The slots of these keys, with their owners at the start.
fn slots(cluster: &TestCluster, keys: &[CacheKey]) -> HashMap<u16, Vec<CacheKey>> {
    let mut slots: HashMap<u16, Vec<CacheKey>> = HashMap::new();
    for key in keys {
        slots.entry(cluster.slot(&key.to_string())).or_default().push(key.clone());
    }
    slots
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_move_during_traffic() {
    let cluster = steady_cluster();
    let backend = RedisBackend::connect_with(&patient(&cluster.url())).await.unwrap();
    let keys = keys("moves", 200);
    until_it_works(&backend, &keys).await;
    let traffic = Traffic::start(&backend, &keys);
    for slot in slots(&cluster, &keys).into_keys().take(60) {
        let from = cluster.first_owner(slot);
        let to = (from + 1) % 3;
        cluster.begin_move(slot, from, to);
        tokio::time::sleep(Duration::from_millis(5)).await;
        cluster.end_move(slot, from, to);
    }
    let rounds = traffic.stop_without_failures().await;
    assert!(rounds > 20, "only {rounds} rounds: the test tests nothing");
    assert_eq!(check(&backend, &keys).await.unwrap(), 200, "nothing was lost");
    let elsewhere = RedisBackend::connect_with(&patient(&cluster.url())).await.unwrap();
    assert_eq!(check(&elsewhere, &keys).await.unwrap(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_has_moved_by_half_is_asked_for_on_both_sides() {
    let cluster = steady_cluster();
    let backend = RedisBackend::connect_with(&patient(&cluster.url())).await.unwrap();
    let all = keys("moves", 2_000);
    let full = slots(&cluster, &all).into_iter().max_by_key(|(_, keys)| keys.len());
    let (slot, keys) = full.unwrap();
    assert!(keys.len() >= 2, "some keys share a slot");
    backend.put_many(&entries(&keys[1..], 100, hour()), &plain()).await.unwrap();
    backend.put_many(&entries(&keys[..1], 100, hour()), &plain()).await.unwrap();
    let from = cluster.first_owner(slot);
    let to = (from + 1) % 3;
    cluster.begin_move(slot, from, to);
    assert!(cluster.move_keys(slot, from, to, 1));
    assert_eq!(check(&backend, &keys).await.unwrap(), keys.len());
    let before = cluster.nodes()[to].command_calls("asking");
    for key in &keys {
        assert!(backend.get(key).await.unwrap().is_some());
    }
    assert_eq!(cluster.nodes()[to].command_calls("asking") - before, 1, "one is there already");
    let removed = backend.remove_many(&keys[..1]).await.unwrap();
    assert_eq!(removed, [true]);
    // A write of what is nowhere goes to the new side.
    backend.put_many(&entries(&keys[..1], 100, hour()), &plain()).await.unwrap();
    cluster.end_move(slot, from, to);
    assert_eq!(check(&backend, &keys).await.unwrap(), keys.len());
    let token = LeaseToken::unique();
    let request = LeaseRequest { token, duration: Duration::from_secs(60) };
    let outcomes = backend.get_or_lease_many(&keys, &request).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, LeaseOutcome::Value(_))));
    // The map is learnt: soon nobody is sent on any more.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = cluster.nodes()[from].command_calls("get");
    assert_eq!(check(&backend, &keys).await.unwrap(), keys.len());
    assert_eq!(cluster.nodes()[from].command_calls("get"), asked, "it goes straight to the owner");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_added_and_given_slots() {
    let mut cluster = steady_cluster();
    let backend = RedisBackend::connect_with(&patient(&cluster.url())).await.unwrap();
    let keys = keys("moves", 100);
    until_it_works(&backend, &keys).await;
    let log = group("moves").log("x");
    backend.append(&log, &[record("a")], &for_an_hour()).await.unwrap();
    let new = cluster.add_node();
    let traffic = Traffic::start(&backend, &keys);
    let mut slots: Vec<_> = slots(&cluster, &keys).into_keys().take(40).collect();
    slots.push(cluster.slot(&log.name()));
    slots.sort_unstable();
    slots.dedup();
    for slot in slots {
        let from = cluster.first_owner(slot);
        cluster.begin_move(slot, from, new);
        cluster.end_move(slot, from, new);
    }
    traffic.stop_without_failures().await;
    backend.append(&log, &[record("b")], &for_an_hour()).await.unwrap();
    assert_eq!(whole(&backend, &log).await.records.len(), 2);
    assert!(cluster.nodes()[new].command_calls("set") > 0, "the new node has its part");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(check(&backend, &keys).await.unwrap(), 100);
    assert_eq!(backend.usage(&namespace("moves")).await.unwrap().entries, 100);
    assert_eq!(backend.clear_all(&namespace("moves")).await.unwrap(), 100);
}
