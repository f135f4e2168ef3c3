//! The in-process backend keeps the contract.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use cache_core::{MemoryBackend, conformance};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_backend() {
    conformance::backend::run(Arc::new(MemoryBackend::new(64 << 20))).await;
}

#[tokio::test]
async fn memory_backend_is_bounded() {
    conformance::backend::bounded(&MemoryBackend::new(1 << 20), 1 << 20).await;
}
