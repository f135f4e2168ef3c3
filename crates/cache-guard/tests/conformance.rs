//! A guard changes nothing about a store that is well.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheBackend, MemoryBackend, conformance};
use cache_guard::{Budgets, GuardOptions, GuardedBackend, WriteBehind};
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::TestServer;

/// A machine that runs many tests at once is slow, which is not what is tested.
fn patient() -> GuardOptions {
    let long = Duration::from_secs(20);
    let budgets = Budgets::new().with_read(long).with_lease(long).with_write(long).with_admin(long);
    GuardOptions::new().with_budgets(budgets)
}

fn queued() -> GuardOptions {
    patient().with_write_behind(WriteBehind::new().with_flush(Duration::from_secs(20)))
}

async fn run(backend: Arc<dyn CacheBackend>, options: GuardOptions) {
    let guard = GuardedBackend::with_options(backend, options);
    conformance::backend::run(Arc::new(guard.clone())).await;
    let snapshot = guard.snapshot();
    assert_eq!((snapshot.failed(), snapshot.left_out()), (0, 0), "{snapshot:?}");
}

async fn redis(server: &TestServer) -> Arc<dyn CacheBackend> {
    let config = RedisConfig::new(server.url()).with_response_timeout(Duration::from_secs(20));
    Arc::new(RedisBackend::connect_with(&config).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory() {
    run(Arc::new(MemoryBackend::new(64 << 20)), patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_with_a_queue() {
    run(Arc::new(MemoryBackend::new(64 << 20)), queued()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_server() {
    let server = TestServer::start();
    run(redis(&server).await, patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_server_with_a_queue() {
    let server = TestServer::start();
    run(redis(&server).await, queued()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strict_guard() {
    run(Arc::new(MemoryBackend::new(64 << 20)), queued().with_strict(true)).await;
}
