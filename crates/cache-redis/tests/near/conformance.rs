//! The shared suite with something near.

use std::sync::Arc;

use cache_core::conformance::backend as suite;
use cache_core::{Finding, FindingCode};
use cache_redis::{NearConfig, Tracking, WithoutTracking};
use redis_test_server::{TestCluster, TestServer};

use super::support::{WithUser, as_cache, hour, least_privilege};
use super::*;
use cache_redis::acl::AclFor;

async fn conforms(url: &str, config: NearConfig) -> NearBackend {
    let near = near_with(url, config).await;
    suite::run(Arc::new(near.clone())).await;
    near
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_broadcast() {
    let server = TestServer::start();
    let near = conforms(&server.url(), NearConfig::default()).await;
    assert_eq!(near.near_stats().state, NearState::Tracking);
}

#[tokio::test]
async fn by_key_on_one_thread() {
    let server = TestServer::start();
    let config = NearConfig::default().with_tracking(Tracking::PerKey);
    let near = conforms(&server.url(), config).await;
    assert_eq!(near.near_stats().state, NearState::Tracking);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_so_little_room_that_hardly_anything_is_kept() {
    let server = TestServer::start();
    conforms(&server.url(), NearConfig::new(8 << 10)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_server_that_does_not_tell() {
    for (then, state) in [
        (WithoutTracking::ShortLived, NearState::ShortLived),
        (WithoutTracking::Off, NearState::Off),
    ] {
        let rules = least_privilege(AclFor::new().with_cache(true));
        let server = TestServer::builder().password("other").with_user("cache", &rules).start();
        let url = as_cache(&server.url());
        let near = conforms(&url, NearConfig::default().without_tracking(then)).await;
        assert_eq!(near.near_stats().state, state);
        let status = near.status().await.unwrap();
        let warns = |it: &Finding| it.code == FindingCode::NoTracking;
        assert!(status.findings.iter().any(warns), "{:?}", status.findings);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_a_user_who_may_just_do_it() {
    let rules = least_privilege(AclFor::new().with_cache(true).with_tracking(true));
    let server = TestServer::builder().password("other").with_user("cache", &rules).start();
    let near = conforms(&as_cache(&server.url()), NearConfig::default()).await;
    assert_eq!(near.near_stats().state, NearState::Tracking);
    assert!(!near.status().await.unwrap().findings.iter().any(|it| it.what.contains("near")));
}

/// Of a user without the right, too, of whom a server that was asked for nothing yet tells nothing.
#[tokio::test]
async fn whether_servers_tell_is_known_before_the_first_read() {
    let with = |tracking| least_privilege(AclFor::new().with_cache(true).with_tracking(tracking));
    let server = TestServer::builder()
        .password("other")
        .with_user("cache", &with(true))
        .with_user("mute", &with(false))
        .start();
    let may = as_cache(&server.url());
    let may_not = may.replace("cache:", "mute:");
    let off = NearConfig::default().without_tracking(WithoutTracking::Off);
    for (url, config, state) in [
        (&may, NearConfig::default(), NearState::Tracking),
        (&may, NearConfig::default().with_tracking(Tracking::PerKey), NearState::Tracking),
        (&may_not, NearConfig::default(), NearState::ShortLived),
        (&may_not, NearConfig::default().with_tracking(Tracking::PerKey), NearState::ShortLived),
        (&may_not, off, NearState::Off),
    ] {
        let near = near_with(url, config).await;
        let key = key("conformance-near");
        assert_eq!(near.near_stats().state, NearState::Disconnected);
        assert_eq!(near.ready(&key, Duration::from_secs(20)).await, state);
        near.put(key.clone(), numbered(1), hour()).await.unwrap();
        read(&near, &key).await.unwrap();
        assert_eq!(kept(&near, &key).is_some(), state != NearState::Off, "by the first read");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_so_long_and_no_longer() {
    let server = TestServer::start();
    let near = near(&server.url()).await;
    server.pause();
    let begun = Instant::now();
    let state = near.ready(&key("silent"), Duration::from_millis(100)).await;
    let took = begun.elapsed();
    server.resume();
    assert_eq!(state, NearState::Disconnected);
    assert!((Duration::from_millis(100)..Duration::from_secs(5)).contains(&took), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_cluster() {
    let cluster = TestCluster::start();
    for tracking in [Tracking::Broadcast, Tracking::PerKey] {
        let near = conforms(&cluster.url(), NearConfig::default().with_tracking(tracking)).await;
        assert_eq!(near.near_stats().state, NearState::Tracking);
    }
}
