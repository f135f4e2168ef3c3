//! Something near of servers that change: failovers, replicas that answer readings, new nodes.

use cache_core::Ttl;
use cache_redis::{ReadFrom, RedisConfig, WithoutTracking};
use redis_test_server::{TestCluster, TestSentinels, TestServer};

use super::support::hour;
use super::*;

const BOUND: Duration = Duration::from_millis(500);

/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(100);

fn bounded() -> NearConfig {
    NearConfig::default().with_max_staleness(BOUND)
}

/// As patient as it may be while servers go away.
fn config(url: &str) -> RedisConfig {
    RedisConfig::new(url).with_response_timeout(Duration::from_secs(2))
}

async fn near_of(config: &RedisConfig) -> NearBackend {
    NearBackend::new(RedisBackend::connect_with(config).await.unwrap(), bounded())
}

/// A primary, its replica, and who watches over them.
fn watched() -> (TestServer, TestServer, TestSentinels) {
    let primary = TestServer::start();
    let replica = TestServer::builder().replica_of(&primary).start();
    let sentinels = TestServer::builder().start_sentinels(&primary);
    (primary, replica, sentinels)
}

/// Another's writes, one after the other: each is seen within the bound.
async fn writes_are_seen(near: &NearBackend, writer: &RedisBackend, key: &CacheKey, from: u64) {
    for number in from..from + 20 {
        writer.put(key.clone(), numbered(number), hour()).await.unwrap();
        let written = Instant::now();
        until("the new value is seen", async || {
            read(near, key).await.unwrap() == number.to_string().into_bytes()
        })
        .await;
        assert!(written.elapsed() < BOUND + SLACK, "{number}: after {:?}", written.elapsed());
    }
    read_until_kept(near, key).await;
    assert_eq!(near.near_stats().state, NearState::Tracking);
}

async fn until_written(writer: &RedisBackend, key: &CacheKey, number: u64) {
    until("the new primary takes writes", async || {
        writer.put(key.clone(), numbered(number), hour()).await.is_ok()
    })
    .await;
}

/// Reads, while servers may be away, until this is what is there.
async fn until_read(near: &NearBackend, key: &CacheKey, number: u64) {
    let right = numbered(number);
    until(
        "the new value is seen",
        async || matches!(near.get(key).await, Ok(Some(value)) if value.bytes() == right.bytes()),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_dies_and_the_replica_that_follows_it() {
    let (mut primary, replica, sentinels) = watched();
    let near = near_of(&config(&sentinels.url())).await;
    let writer = RedisBackend::connect_with(&config(&sentinels.url())).await.unwrap();
    let key = key("dies");
    writer.put(key.clone(), numbered(1), hour()).await.unwrap();
    read_until_kept(&near, &key).await;
    primary.kill();
    let killed = Instant::now();
    until("nothing is shown", async || kept(&near, &key).is_none()).await;
    assert!(killed.elapsed() <= BOUND, "shown for {:?}", killed.elapsed());
    until_written(&writer, &key, 2).await;
    until_read(&near, &key, 2).await;
    writes_are_seen(&near, &writer, &key, 3).await;
    assert!(replica.command_calls("set") >= 20, "all of it by the new primary");
}

/// The old primary stays, and is connected to, and knows nothing of what the new one is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planned_failover_leaves_nothing_old_beyond_the_bound() {
    let (primary, replica, sentinels) = watched();
    let near = near_of(&config(&sentinels.url())).await;
    let key = key("planned");
    near.put(key.clone(), numbered(1), hour()).await.unwrap();
    read_until_kept(&near, &key).await;
    sentinels.nodes()[0].command(&["SENTINEL", "FAILOVER", "main"]);
    primary.wait("it has become a replica", |it| it.has_role("slave"));
    replica.command(&["SET", &key.to_string(), "2"]);
    let written = Instant::now();
    while written.elapsed() < 4 * BOUND {
        let began = Instant::now();
        if let Ok(Some(value)) = near.get(&key).await
            && value.bytes()[..] == b"1"[..]
        {
            let late = began - written;
            assert!(late <= BOUND, "stale after {late:?}");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    until_read(&near, &key, 2).await;
    let writer = RedisBackend::connect_with(&config(&sentinels.url())).await.unwrap();
    writes_are_seen(&near, &writer, &key, 3).await;
}

/// Replicas that are behind are not believed, whether anything is kept or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_replicas_answer_readings_what_is_near_comes_from_the_primary() {
    let primary = TestServer::start();
    let replica = TestServer::builder().replica_of(&primary).start();
    let host = format!("127.0.0.1:{}", replica.port());
    for read_from in [ReadFrom::PreferReplica, ReadFrom::Any] {
        let config = config(&primary.url()).with_replicas([&host]).with_read_from(read_from);
        let writer = RedisBackend::connect_with(&config).await.unwrap();
        let key = key("behind");
        writer.put(key.clone(), numbered(1), Ttl::FOREVER).await.unwrap();
        replica.wait("it has the value", |it| it.command(&["GET", &key.to_string()]) == "1");
        replica.command(&["REPLICAOF", "127.0.0.1", "1"]);
        writer.put(key.clone(), numbered(2), Ttl::FOREVER).await.unwrap();
        until("the replica is read from, and is behind", async || {
            writer.get(&key).await.unwrap().unwrap().bytes()[..] == b"1"[..]
        })
        .await;
        let redis = RedisBackend::connect_with(&config).await.unwrap();
        let near = NearBackend::new(redis, bounded());
        assert_eq!(read(&near, &key).await.unwrap(), b"2", "nothing can be kept yet");
        for _ in 0..20 {
            assert_eq!(read(&near, &key).await.unwrap(), b"2");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        writes_are_seen(&near, &writer, &key, 3).await;
        replica.command(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_are_they_on_a_server_that_does_not_tell() {
    let mute = ["on", "nopass", "~*", "+@all", "-client|tracking"];
    let primary = TestServer::builder().user("default", &mute).start();
    let replica = TestServer::builder().replica_of(&primary).start();
    let host = format!("127.0.0.1:{}", replica.port());
    let config =
        config(&primary.url()).with_replicas([&host]).with_read_from(ReadFrom::PreferReplica);
    for then in [WithoutTracking::ShortLived, WithoutTracking::Off] {
        let redis = RedisBackend::connect_with(&config).await.unwrap();
        let near = NearBackend::new(redis, bounded().without_tracking(then));
        let key = key("mute");
        near.put(key.clone(), numbered(1), hour()).await.unwrap();
        replica.wait("it has the value", |it| it.command(&["GET", &key.to_string()]) == "1");
        replica.command(&["REPLICAOF", "127.0.0.1", "1"]);
        near.put(key.clone(), numbered(2), hour()).await.unwrap();
        // Replicas are connected to in the background.
        for _ in 0..50 {
            assert_eq!(read(&near, &key).await.unwrap(), b"2", "{then:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        replica.command(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_to_a_node_that_was_unknown() {
    let mut cluster = TestCluster::start();
    let near = near_of(&config(&cluster.url())).await;
    let writer = RedisBackend::connect_with(&config(&cluster.url())).await.unwrap();
    let key = key("unknown");
    writer.put(key.clone(), numbered(1), hour()).await.unwrap();
    read_until_kept(&near, &key).await;
    let slot = cluster.slot(&key.to_string());
    let (from, new) = (cluster.first_owner(slot), cluster.add_node());
    cluster.begin_move(slot, from, new);
    while cluster.move_keys(slot, from, new, 10) {}
    for number in 2..10 {
        writer.put(key.clone(), numbered(number), hour()).await.unwrap();
        let written = Instant::now();
        until_read(&near, &key, number).await;
        assert!(written.elapsed() < BOUND + SLACK, "{number}: after {:?}", written.elapsed());
    }
    cluster.end_move(slot, from, new);
    writes_are_seen(&near, &writer, &key, 10).await;
    let asked = cluster.nodes()[new].command_calls("get");
    for _ in 0..20 {
        read(&near, &key).await.unwrap();
    }
    assert_eq!(cluster.nodes()[new].command_calls("get"), asked, "it is near again");
}
