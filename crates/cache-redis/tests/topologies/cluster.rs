//! A cluster that is well.

use std::time::Duration;

use cache_core::{
    CacheBackend, CacheBackendExt, Counters, ErrorKind, FindingCode, GetOptions, LeaseOutcome,
    LeaseRequest, LeaseToken, Leases, LogBackend,
};
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::{Proxy, TestCluster, TestServer};

use crate::support::{
    assert_says, entries, for_an_hour, group, hour, keys, namespace, patient, plain, record,
    value_of,
};

/// Longer than a client ever pauses within a burst.
const HOLD: Duration = Duration::from_millis(250);

/// Asserts that a call is one round trip to each of the three primaries.
macro_rules! assert_one_each {
    ($proxies:expr, $call:expr) => {{
        let before: Vec<_> = $proxies.iter().map(Proxy::round_trips).collect();
        let result = $call.await.unwrap();
        let after = $proxies.iter().map(Proxy::round_trips);
        let trips: Vec<_> = after.zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(trips, [1, 1, 1], stringify!($call));
        result
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_one_round_trip_to_each_node() {
    let mut cluster = TestCluster::start();
    // Replicas would speak to their primaries through the proxies.
    cluster.nodes_mut()[3..].iter_mut().for_each(TestServer::kill);
    let proxies = cluster.behind_proxies();
    let url = proxies[0].url().replacen("redis://", "redis+cluster://", 1);
    let backend = RedisBackend::connect_with(&patient(&url)).await.unwrap();
    let keys = keys("trips", 1_000);
    backend.remove_many(&keys).await.unwrap(); // connects to all
    proxies.iter().for_each(|proxy| proxy.set_hold(HOLD));
    assert_one_each!(proxies, backend.put_many(&entries(&keys, 3_000, hour()), &plain()));
    let found = assert_one_each!(proxies, backend.get_many(&keys, &GetOptions::default()));
    let right = found.iter().zip(&keys).all(|(value, key)| {
        value.as_ref().is_some_and(|value| value.bytes() == &value_of(key, 3_000))
    });
    assert!(right, "all are there, in the order of the keys");
    let touch: Vec<_> = keys.iter().cloned().map(|key| (key, hour())).collect();
    assert_one_each!(proxies, backend.touch_many(&touch));
    assert_one_each!(proxies, backend.contains_many(&keys));
    assert_one_each!(proxies, backend.remove_many(&keys));
    let token = LeaseToken::unique();
    let request = LeaseRequest { token, duration: Duration::from_secs(60) };
    // The first use of a script shows it to the nodes.
    backend.get_or_lease_many(&keys, &request).await.unwrap();
    backend.renew_leases(&keys, &request).await.unwrap();
    backend.release_leases(&keys, token).await.unwrap();
    let outcomes = assert_one_each!(proxies, backend.get_or_lease_many(&keys, &request));
    assert!(outcomes.iter().all(|outcome| matches!(outcome, LeaseOutcome::Acquired)));
    assert_one_each!(proxies, backend.renew_leases(&keys, &request));
    let release = plain().with_release(token);
    assert_one_each!(proxies, backend.put_many(&entries(&keys, 10, hour()), &release));
    let names = cluster.nodes()[..3].iter().map(|node| node.command(&["DBSIZE"]));
    let sum: usize = names.map(|names| names.parse::<usize>().unwrap()).sum();
    assert_eq!(sum, 1_000, "1000 entries and no lease");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_at_a_plain_url_leads_to_the_whole_cluster() {
    let cluster = TestCluster::start();
    let keys = keys("plain", 300);
    for node in cluster.nodes() {
        // The first call is a batch, made before anything is known of the server.
        let backend = RedisBackend::open(&patient(&node.url())).unwrap();
        let missing = backend.get_many(&keys, &GetOptions::default()).await.unwrap();
        assert_eq!(missing.iter().flatten().count(), 0);
        backend.put_many(&entries(&keys, 10, hour()), &plain()).await.unwrap();
        // The first call is about the whole store.
        let other = RedisBackend::open(&patient(&node.url())).unwrap();
        let usage = other.usage(&namespace("plain")).await.unwrap();
        assert_eq!((usage.entries, usage.estimated), (300, false));
        let another = RedisBackend::open(&patient(&node.url())).unwrap();
        assert_eq!(another.clear_all(&namespace("plain")).await.unwrap(), 300);
        // The first call is a script over many keys.
        let last = RedisBackend::open(&patient(&node.url())).unwrap();
        let token = LeaseToken::unique();
        let request = LeaseRequest { token, duration: Duration::from_secs(60) };
        let outcomes = last.get_or_lease_many(&keys, &request).await.unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, LeaseOutcome::Acquired)));
        last.release_leases(&keys, token).await.unwrap();
    }
    let error = RedisBackend::connect(format!("{}/1", cluster.nodes()[0].url())).await.unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["database"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_logs_clearing_and_status_are_of_the_whole_cluster() {
    let cluster = TestCluster::start();
    let backend = RedisBackend::connect_with(&patient(&cluster.url())).await.unwrap();
    let token = LeaseToken::unique();
    let request = LeaseRequest { token, duration: Duration::from_secs(60) };
    for name in ["app", "app2"] {
        let keys = keys(name, 500);
        backend.put_many(&entries(&keys[..400], 10, hour()), &plain()).await.unwrap();
        backend.get_or_lease_many(&keys[400..], &request).await.unwrap();
        backend.add_counters(&namespace(name), &[("hits", 2), ("misses", 1)]).await.unwrap();
    }
    let log = group("app").log("x");
    backend.append(&log, &[record("a"), record("b")], &for_an_hour()).await.unwrap();
    assert_eq!(backend.clear_all(&namespace("app")).await.unwrap(), 400);
    assert_eq!(backend.usage(&namespace("app")).await.unwrap().entries, 0);
    assert_eq!(backend.usage(&namespace("app2")).await.unwrap().entries, 400);
    assert!(backend.read_counters(&namespace("app")).await.unwrap().is_empty());
    assert_eq!(backend.read_counters(&namespace("app2")).await.unwrap()["hits"], 2);
    assert_eq!(backend.head(&log).await.unwrap().unwrap().len, 2, "logs are no cache");
    let leases = |node: &TestServer| {
        node.command(&["EVAL", "return #redis.call('KEYS', 'app:lease:*')", "0"])
    };
    assert!(cluster.nodes().iter().all(|node| leases(node) == "0"));
    let status = backend.status().await.unwrap();
    let of_one = cluster.nodes()[0].command(&["INFO", "memory"]);
    let of_one = of_one.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    assert!(status.used_bytes.unwrap() > 2 * of_one.trim().parse::<u64>().unwrap());
    let unbounded = status.findings.iter().filter(|it| it.code == FindingCode::UnboundedMemory);
    assert_eq!((unbounded.count(), status.findings.len()), (1, 1), "said once: {status:?}");
}

#[tokio::test]
async fn what_is_no_cluster() {
    let server = TestServer::start();
    let url = server.url().replacen("redis://", "redis+cluster://", 1);
    let error = RedisBackend::connect(url).await.unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["no node of a cluster", "redis://"]);
    let node = TestServer::builder().directive("cluster-enabled", &["yes"]).start();
    let error = RedisBackend::connect(node.url()).await.unwrap_err();
    assert_says(&error, ErrorKind::Unavailable, &["no slots"]);
    let rules = ["on", ">pw", "~*", "+get"];
    let lacking =
        TestServer::builder().user("reader", &rules).directive("cluster-enabled", &["yes"]);
    let lacking = lacking.start();
    let url = format!("redis://reader:pw@127.0.0.1:{}", lacking.port());
    let error = RedisBackend::connect_with(&RedisConfig::new(url)).await.unwrap_err();
    assert_says(&error, ErrorKind::PermissionDenied, &["CLUSTER SLOTS", "ACL SETUSER"]);
}
