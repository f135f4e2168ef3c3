//! The shared suite, over a file.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use cache_core::conformance;
use cache_core::conformance::vector::Subject;
use cache_core::vector::{GraphOptions, IndexMethod};
use cache_embedded::{EmbeddedBackend, EmbeddedConfig};

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let backend = EmbeddedBackend::open(folder.path().join("cache.db")).await.unwrap();
    conformance::backend::run(Arc::new(backend)).await;
}

#[tokio::test]
async fn keeps_the_contract_on_one_thread_with_one_reader() {
    let folder = tempfile::tempdir().unwrap();
    let config = EmbeddedConfig::new(folder.path().join("cache.db")).with_readers(1);
    let backend = EmbeddedBackend::open_with(config).await.unwrap();
    conformance::backend::run(Arc::new(backend)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_its_bound() {
    const BOUND: u64 = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    let config = EmbeddedConfig::new(folder.path().join("cache.db")).with_max_bytes(BOUND);
    let backend = EmbeddedBackend::open_with(config).await.unwrap();
    conformance::backend::bounded(&backend, BOUND).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let backend = EmbeddedBackend::open(folder.path().join("cache.db")).await.unwrap();
    conformance::log::run(Arc::new(backend)).await;
}

#[tokio::test]
async fn logs_keep_the_contract_on_one_thread_with_one_reader() {
    let folder = tempfile::tempdir().unwrap();
    let config = EmbeddedConfig::new(folder.path().join("cache.db")).with_readers(1);
    let backend = EmbeddedBackend::open_with(config).await.unwrap();
    conformance::log::run(Arc::new(backend)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let backend = EmbeddedBackend::open(folder.path().join("cache.db")).await.unwrap();
    conformance::vector::run(&Subject::new(Arc::new(backend.vectors()))).await;
}

#[tokio::test]
async fn vectors_keep_the_contract_on_one_thread_with_one_reader() {
    let folder = tempfile::tempdir().unwrap();
    let config = EmbeddedConfig::new(folder.path().join("cache.db")).with_readers(1);
    let config = config.with_approximate_above(100);
    let vectors = EmbeddedBackend::open_with(config).await.unwrap().vectors();
    let approximate = IndexMethod::Approximate(GraphOptions::new());
    conformance::vector::run(&Subject::new(Arc::new(vectors)).with_method(approximate)).await;
}

/// All indexes are too large to be kept in memory.
#[tokio::test(flavor = "multi_thread")]
async fn vectors_keep_the_contract_without_memory() {
    let folder = tempfile::tempdir().unwrap();
    let config = EmbeddedConfig::new(folder.path().join("cache.db")).with_vector_memory_bytes(0);
    let vectors = EmbeddedBackend::open_with(config).await.unwrap().vectors();
    conformance::vector::run(&Subject::new(Arc::new(vectors))).await;
}
