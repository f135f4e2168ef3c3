//! Whatever fails, nothing near is older than the bound.

use cache_core::PutOptions;
use redis_test_server::{Proxy, TestCluster, TestServer};

use super::support::{hour, namespace};
use super::*;

const BOUND: Duration = Duration::from_millis(500);

fn bounded() -> NearConfig {
    NearConfig::default().with_max_staleness(BOUND)
}

/// Another process's view, with nothing near and its own way to the server.
async fn writer(server: &TestServer) -> RedisBackend {
    RedisBackend::connect_with(&patient(&server.url())).await.unwrap()
}

/// After `since`, when the new value was there, no read that begins later than the bound gives the
/// old one.
async fn old_is_gone_within_the_bound(near: &NearBackend, key: &CacheKey, since: Instant) {
    loop {
        let began = Instant::now();
        let found = kept(near, key);
        match found.as_deref() {
            Some(b"2") | None if began > since + BOUND => return,
            Some(b"1") => assert!(began <= since + BOUND, "stale after {:?}", began - since),
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn prepared(url: &str, writer: &RedisBackend, name: &str) -> (NearBackend, CacheKey) {
    let near = near_with(url, bounded()).await;
    let key = key(name);
    writer.put(key.clone(), numbered(1), hour()).await.unwrap();
    read_until_kept(&near, &key).await;
    (near, key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_of_the_telling_connection_drops_everything_at_once() {
    let server = TestServer::start();
    let writer = writer(&server).await;
    let (near, key) = prepared(&server.url(), &writer, "cut").await;
    for round in 1..=5 {
        // Clients of that kind are those that speak RESP3 and track.
        let list = server.command(&["CLIENT", "LIST"]);
        let tracking = list.lines().find(|line| line.contains(" flags=t"));
        let id = tracking.unwrap().split([' ', '=']).nth(1).unwrap();
        server.command(&["CLIENT", "KILL", "ID", id]);
        until("the loss is noticed", async || near.near_stats().disconnects >= round).await;
        assert!(near.near_stats().dropped >= round);
        writer.put(key.clone(), numbered(1 + round), hour()).await.unwrap();
        let found = read(&near, &key).await.unwrap();
        assert_eq!(found, (1 + round).to_string().into_bytes());
        read_until_kept(&near, &key).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telling_connection_that_hangs_ends_what_is_near_within_the_bound() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let writer = writer(&server).await;
    let (near, key) = prepared(&proxy.url(), &writer, "hang").await;
    proxy.silence_tracking(true);
    writer.put(key.clone(), numbered(2), hour()).await.unwrap();
    let since = Instant::now();
    assert_eq!(kept(&near, &key).as_deref(), Some(&b"1"[..]), "the message is withheld");
    old_is_gone_within_the_bound(&near, &key, since).await;
    assert_eq!(read(&near, &key).await.unwrap(), b"2", "reads go on, over the other connection");
    assert_eq!(kept(&near, &key), None, "nothing is kept meanwhile");
    proxy.silence_tracking(false);
    read_until_kept(&near, &key).await;
    assert_eq!(kept(&near, &key).unwrap(), b"2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_cut_of_everything_it_begins_anew() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let writer = writer(&server).await;
    let (near, key) = prepared(&proxy.url(), &writer, "all").await;
    proxy.cut();
    until("the loss is noticed", async || near.near_stats().disconnects == 1).await;
    writer.put(key.clone(), numbered(2), hour()).await.unwrap();
    assert_eq!(read(&near, &key).await.unwrap(), b"2");
    read_until_kept(&near, &key).await;
    assert_eq!(near.near_stats().state, NearState::Tracking);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_and_one_that_restarts() {
    let mut server = TestServer::start();
    let first = writer(&server).await;
    let (near, key) = prepared(&server.url(), &first, "stop").await;
    server.pause();
    let since = Instant::now();
    until("nothing is shown", async || kept(&near, &key).is_none()).await;
    // The last sign of life was a quarter of the bound before, or a little more.
    assert!(since.elapsed() <= BOUND, "shown for {:?} after the stop", since.elapsed());
    server.resume();
    read_until_kept(&near, &key).await;
    server.restart();
    until("the loss is noticed", async || kept(&near, &key).is_none()).await;
    until("it is asked again", async || near.get(&key).await.is_ok()).await;
    assert_eq!(read(&near, &key).await, None, "the server came back empty");
    let again = writer(&server).await;
    again.put(key.clone(), numbered(3), hour()).await.unwrap();
    read_until_kept(&near, &key).await;
    assert_eq!(kept(&near, &key).unwrap(), b"3");
}

/// A server that cannot tell: the bound holds all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_telling_entries_live_no_longer_than_the_bound() {
    let deny = ["on", "nopass", "~*", "+@all", "-client|tracking"];
    let server = TestServer::builder().user("default", &deny).start();
    let writer = writer(&server).await;
    let (near, key) = prepared(&server.url(), &writer, "mute").await;
    assert_eq!(near.near_stats().state, NearState::ShortLived);
    writer.put(key.clone(), numbered(2), hour()).await.unwrap();
    old_is_gone_within_the_bound(&near, &key, Instant::now()).await;
    assert_eq!(read(&near, &key).await.unwrap(), b"2");
    near.put(key.clone(), numbered(3), hour()).await.unwrap();
    assert_eq!(read(&near, &key).await.unwrap(), b"3", "own writes are seen at once");
}

/// A write that is given up in the middle leaves nothing old behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_given_up_is_forgotten_too() {
    let server = TestServer::start();
    let writer = writer(&server).await;
    let (near, key) = prepared(&server.url(), &writer, "dropped").await;
    for number in 2..40 {
        let entry = cache_core::PutEntry::new(key.clone(), numbered(number), hour());
        let (entries, options) = ([entry], PutOptions::default());
        let write = near.put_many(&entries, &options);
        let micros = Duration::from_micros(10 * number);
        let done = tokio::time::timeout(micros, write).await.is_ok();
        assert_eq!(kept(&near, &key), None, "nothing is near just after a write");
        let found = read(&near, &key).await.unwrap();
        if done {
            assert_eq!(found, number.to_string().into_bytes());
        }
        let deadline = Instant::now() + BOUND;
        while Instant::now() < deadline && read(&near, &key).await != read_of(&writer, &key).await {
        }
        assert_eq!(read(&near, &key).await, read_of(&writer, &key).await);
    }
}

async fn read_of(backend: &RedisBackend, key: &CacheKey) -> Option<Vec<u8>> {
    backend.get(key).await.unwrap().map(|value| value.bytes().to_vec())
}

/// Slots move to another node, new to the client's connections, while a key of theirs is near.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_and_a_primary_that_dies() {
    let mut cluster = TestCluster::start();
    let near = near_with(&cluster.url(), bounded()).await;
    let writer = RedisBackend::connect_with(&patient(&cluster.url())).await.unwrap();
    let key = key("moves");
    writer.put(key.clone(), numbered(1), hour()).await.unwrap();
    read_until_kept(&near, &key).await;
    let slot = cluster.slot(&key.to_string());
    let from = cluster.first_owner(slot);
    let to = (from + 1) % 3;
    cluster.begin_move(slot, from, to);
    while cluster.move_keys(slot, from, to, 10) {}
    // In between, the old node sends readers on for a moment, and tells nothing of the key.
    for number in 2..20 {
        writer.put(key.clone(), numbered(number), hour()).await.unwrap();
        let written = Instant::now();
        until("the new value is seen", async || {
            read(&near, &key).await.unwrap() == number.to_string().into_bytes()
        })
        .await;
        assert!(written.elapsed() < BOUND + Duration::from_millis(100));
    }
    cluster.end_move(slot, from, to);
    read_until_kept(&near, &key).await;
    for number in 20..40 {
        writer.put(key.clone(), numbered(number), hour()).await.unwrap();
        let written = Instant::now();
        until("the new value is seen", async || {
            read(&near, &key).await.unwrap() == number.to_string().into_bytes()
        })
        .await;
        assert!(written.elapsed() < BOUND + Duration::from_millis(100));
    }
    read_until_kept(&near, &key).await;
    cluster.nodes_mut()[to].kill();
    let since = Instant::now();
    until("nothing is shown", async || kept(&near, &key).is_none()).await;
    assert!(since.elapsed() <= BOUND);
    until("the cluster serves again", async || {
        writer.put(key.clone(), numbered(50), hour()).await.is_ok()
    })
    .await;
    until(
        "the new value is seen",
        async || matches!(near.get(&key).await, Ok(Some(value)) if value.bytes()[..] == b"50"[..]),
    )
    .await;
    read_until_kept(&near, &key).await;
    assert_eq!(near.clear_all(&namespace("moves")).await.unwrap(), 1);
    assert_eq!(kept(&near, &key), None);
}
