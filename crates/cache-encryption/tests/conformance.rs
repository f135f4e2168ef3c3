//! The shared suites through the wrappers, over every store.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use cache_core::conformance::{backend, log};
use cache_core::{CacheBackend, LogBackend, MemoryBackend, MemoryLog};
use cache_embedded::EmbeddedBackend;
use cache_encryption::{EncryptedBackend, EncryptedLog};
use redis_test_server::TestServer;
use support::{redis, shared};

async fn conforms(values: Arc<dyn CacheBackend>, logs: Arc<dyn LogBackend>) {
    let values = EncryptedBackend::new(values, shared(&[0, 1]));
    let logs = EncryptedLog::new(logs, shared(&[0, 1]));
    backend::run(Arc::new(values.clone())).await;
    log::run(Arc::new(logs.clone())).await;
    for statistics in [values.statistics(), logs.statistics()] {
        assert!(statistics.sealed > 1_000 && statistics.opened > 1_000, "{statistics:?}");
        let unopened = statistics.unknown_key + statistics.damaged + statistics.refused_plain;
        assert_eq!(unopened, 0, "{statistics:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory() {
    conforms(Arc::new(MemoryBackend::new(64 << 20)), Arc::new(MemoryLog::new(128 << 20))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let backend = EmbeddedBackend::open(folder.path().join("cache.db")).await.unwrap();
    let backend = Arc::new(backend);
    conforms(backend.clone(), backend).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_redis() {
    let server = TestServer::start();
    let backend = Arc::new(redis(&server.url()).await);
    conforms(backend.clone(), backend).await;
}

#[tokio::test]
async fn in_redis_on_one_thread() {
    let server = TestServer::start();
    let backend = Arc::new(redis(&server.url()).await);
    conforms(backend.clone(), backend).await;
}

#[tokio::test]
async fn in_bounded_memory() {
    let memory = Arc::new(MemoryBackend::new(1 << 20));
    backend::bounded(&EncryptedBackend::new(memory, shared(&[0])), 1 << 20).await;
}
