//! What is kept near, for how long, and what ends it.

use cache_core::{GetOptions, Ttl};
use cache_redis::Tracking;
use redis_test_server::{Proxy, TestServer};

use super::support::{entries, hour, namespace, plain};
use super::*;

const WAYS: [Tracking; 2] = [Tracking::Broadcast, Tracking::PerKey];

fn config(tracking: Tracking) -> NearConfig {
    NearConfig::default().with_max_staleness(Duration::from_secs(5)).with_tracking(tracking)
}

#[tokio::test]
async fn a_hit_costs_no_round_trip() {
    for tracking in WAYS {
        let server = TestServer::start();
        let near = near_with(&server.url(), config(tracking)).await;
        let keys = keys("hits", 100);
        near.put_many(&entries(&keys, 3_000, hour()), &plain()).await.unwrap();
        until("everything is kept", async || {
            near.get_many(&keys, &GetOptions::default()).await.unwrap();
            near.near_stats().entries == 100
        })
        .await;
        let (before, stats) = (server.command_calls("get"), near.near_stats());
        let found = near.get_many(&keys, &GetOptions::default()).await.unwrap();
        let right = entries(&keys, 3_000, hour());
        assert!(
            found.iter().zip(right).all(|(f, e)| f.as_ref().unwrap().bytes() == e.value.bytes())
        );
        assert_eq!(server.command_calls("get"), before, "no server was asked");
        assert_eq!(near.near_stats().hits, stats.hits + 100);
        assert_eq!(near.near_stats().misses, stats.misses);
    }
}

/// A batch that is partly near is one round trip, and in order.
#[tokio::test]
async fn only_what_is_missing_is_asked_for() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    proxy.set_hold(Duration::from_millis(20));
    // The connection on which the server tells has its own round trips: few of them here.
    let config = NearConfig::default().with_max_staleness(Duration::from_secs(600));
    let near = near_with(&proxy.url(), config).await;
    let keys = keys("partly", 300);
    near.put_many(&entries(&keys, 100, hour()), &plain()).await.unwrap();
    read_until_kept(&near, &keys[1]).await;
    near.get_many(&keys[..100], &GetOptions::default()).await.unwrap();
    let kept = near.near_stats().entries;
    assert!(kept >= 99, "{kept} are kept");
    let trips = proxy.round_trips();
    let mixed: Vec<_> = keys.iter().rev().cloned().collect();
    let found = near.get_many(&mixed, &GetOptions::default()).await.unwrap();
    assert_eq!(proxy.round_trips() - trips, 1);
    let right = entries(&mixed, 100, hour());
    assert!(found.iter().zip(right).all(|(f, e)| f.as_ref().unwrap().bytes() == e.value.bytes()));
}

/// Whatever another does to a key is seen, without waiting for any bound.
#[tokio::test]
async fn changes_by_others_are_seen_by_one_message() {
    for tracking in WAYS {
        let server = TestServer::start();
        let near = near_with(&server.url(), config(tracking)).await;
        let other = near_with(&server.url(), config(tracking)).await;
        let keys = keys("others", 8);
        let changes = ["overwrite", "remove", "touch", "clear", "UNLINK", "FLUSHALL", "FLUSHDB"];
        for (key, change) in keys.iter().zip(changes) {
            near.put(key.clone(), numbered(1), hour()).await.unwrap();
            read_until_kept(&near, key).await;
            read_until_kept(&other, key).await;
            let started = Instant::now();
            match change {
                "overwrite" => other.put(key.clone(), numbered(2), hour()).await.unwrap(),
                "remove" => assert!(other.remove(key).await.unwrap()),
                "touch" => {
                    let touch = [(key.clone(), Ttl::seconds(9).unwrap())];
                    assert_eq!(other.touch_many(&touch).await.unwrap(), [true]);
                }
                "clear" => {
                    assert_eq!(other.clear_all(&namespace("others")).await.unwrap(), 1);
                }
                "UNLINK" => {
                    server.command(&["UNLINK", &key.to_string()]);
                }
                flush => {
                    server.command(&[flush]);
                }
            }
            if ["overwrite", "remove", "touch", "clear"].contains(&change) {
                assert_eq!(kept(&other, key), None, "{change}: an own change is seen at once");
            }
            until(change, async || kept(&near, key).is_none() && kept(&other, key).is_none()).await;
            assert!(
                started.elapsed() < Duration::from_secs(4),
                "{change} took as long as the bound"
            );
            let left = read(&near, key).await;
            assert_eq!(left, read(&other, key).await, "{change}");
            server.command(&["FLUSHALL"]);
        }
        assert!(near.near_stats().invalidations >= 5);
        assert!(near.near_stats().dropped >= 2, "flushing drops everything");
    }
}

/// An entry ends when its time is over, even where the server itself has not noticed.
#[tokio::test]
async fn nothing_outlives_its_expiry() {
    for tracking in WAYS {
        let server = TestServer::builder().directive("enable-debug-command", &["yes"]).start();
        server.command(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
        let near = near_with(&server.url(), config(tracking)).await;
        let warm = key("expiry-warm");
        near.put(warm.clone(), numbered(0), hour()).await.unwrap();
        read_until_kept(&near, &warm).await;
        let key = key("expiry");
        let life = Duration::from_millis(1_500);
        let written = Instant::now();
        near.put(key.clone(), numbered(1), Ttl::new(life).unwrap()).await.unwrap();
        read_until_kept(&near, &key).await;
        let mut last_seen = Instant::now();
        while kept(&near, &key).is_some() {
            last_seen = Instant::now();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The write was done some time after `written`, and ends so much later.
        let late = last_seen.saturating_duration_since(written + life);
        assert!(late < Duration::from_millis(500), "seen {late:?} after its end");
        until("the server has it no more", async || read(&near, &key).await.is_none()).await;
        assert!(written.elapsed() >= life && kept(&near, &key).is_none());
    }
}

#[tokio::test]
async fn entries_are_asked_for_again_after_the_maximum_age() {
    let server = TestServer::start();
    let config = config(Tracking::Broadcast).with_max_age(Duration::from_millis(200));
    let near = near_with(&server.url(), config).await;
    let key = key("age");
    near.put(key.clone(), numbered(1), Ttl::FOREVER).await.unwrap();
    read_until_kept(&near, &key).await;
    until("it is no longer kept", async || kept(&near, &key).is_none()).await;
    read(&near, &key).await.unwrap();
    assert!(kept(&near, &key).is_some());
}

/// The bound on memory holds under load, decoded forms included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bound_in_bytes_is_kept() {
    const BOUND: u64 = 256 << 10;
    let server = TestServer::start();
    let near = near_with(&server.url(), NearConfig::new(BOUND)).await;
    let keys = keys("bound", 2_000);
    near.put_many(&entries(&keys, 1_000, hour()), &plain()).await.unwrap();
    read_until_kept(&near, &keys[0]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for part in 0..4usize {
        let (near, keys) = (near.clone(), keys.clone());
        tasks.spawn(async move {
            for key in keys.iter().skip(part).step_by(2).cycle().take(2_000) {
                let value = near.get(key).await.unwrap().unwrap();
                near.attach_decoded(key, &value.with_decoded(std::sync::Arc::new([7u8; 500]), 500));
                // Others may be in the middle of a call, with an entry each.
                assert!(near.near_stats().bytes <= BOUND + 4 * 2_048);
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let stats = near.near_stats();
    assert!(stats.bytes <= BOUND && stats.bytes > BOUND / 2, "{stats:?}");
    let value = near.get(&keys[0]).await.unwrap().unwrap();
    near.attach_decoded(&keys[0], &value.with_decoded(std::sync::Arc::new(7u8), 1));
    let mut decoded = None;
    assert!(near.read_local(&keys[0], &mut |value| decoded = value.decoded::<u8>().copied()));
    assert_eq!(decoded, Some(7), "a decoded form comes back with the next hit");
}

/// A decoded form of what was read before a change is not attached to what is there after it.
#[tokio::test]
async fn a_decoded_form_stays_with_its_bytes() {
    let server = TestServer::start();
    let near = near(&server.url()).await;
    let key = key("decoded");
    near.put(key.clone(), numbered(1), hour()).await.unwrap();
    read_until_kept(&near, &key).await;
    let old = near.get(&key).await.unwrap().unwrap();
    near.put(key.clone(), numbered(2), hour()).await.unwrap();
    read_until_kept(&near, &key).await;
    near.attach_decoded(&key, &old.with_decoded(std::sync::Arc::new(1u8), 1));
    assert_eq!(kept(&near, &key).unwrap(), b"2");
}
