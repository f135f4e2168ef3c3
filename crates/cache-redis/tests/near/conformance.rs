//! The shared suite with something near.

use std::sync::Arc;

use cache_core::conformance::backend as suite;
use cache_redis::{NearConfig, Tracking, WithoutTracking};
use redis_test_server::TestServer;

use super::support::RIGHTS;
use super::*;

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
        let rights: Vec<_> = RIGHTS.split_whitespace().collect();
        let server = TestServer::builder().password("other").user("cache", &rights).start();
        let url = format!("redis://cache:pass%3Aword%401@127.0.0.1:{}", server.port());
        let near = conforms(&url, NearConfig::default().without_tracking(then)).await;
        assert_eq!(near.near_stats().state, state);
        let status = near.status().await.unwrap();
        let warns = |warning: &String| warning.contains("+client|tracking");
        assert!(status.warnings.iter().any(warns), "{:?}", status.warnings);
    }
}
