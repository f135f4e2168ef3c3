//! The in-process backend keeps the contract.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use cache_core::{
    AppendOptions, LogBackend, LogGroup, MemoryBackend, MemoryLog, Namespace, NewRecord, Scope,
    Ttl, conformance,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_backend() {
    conformance::backend::run(Arc::new(MemoryBackend::new(64 << 20))).await;
}

#[tokio::test]
async fn memory_backend_is_bounded() {
    conformance::backend::bounded(&MemoryBackend::new(1 << 20), 1 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_log() {
    conformance::log::run(Arc::new(MemoryLog::new(128 << 20))).await;
}

#[tokio::test]
async fn memory_log_drops_whole_logs_the_least_recent_first() {
    let backend = MemoryLog::new(100_000);
    let group = LogGroup::new(Namespace::default(), &Scope::shared(), "owner", None);
    let append = async |log: usize, id: usize, bytes: usize| {
        let payload = vec![0; bytes].into();
        let record = NewRecord { id: id.to_string(), weight: 1, pinned: false, payload };
        backend
            .append(&group.log(&log.to_string()), &[record], &AppendOptions::new(Ttl::FOREVER))
            .await
    };
    for log in 0..20 {
        for id in 0..2 {
            append(log, id, 4_000).await.unwrap();
        }
        append(0, 100 + log, 10).await.unwrap();
    }
    let count = backend.count(&group).await.unwrap();
    assert!((9..=11).contains(&count), "{count} logs of 9 KB in 100 KB");
    let head = async |log: usize| backend.head(&group.log(&log.to_string())).await.unwrap();
    assert_eq!(head(0).await.map(|head| head.len), Some(22), "the one in use is whole");
    assert!(head(1).await.is_none() && head(19).await.is_some());
    let refused = append(19, 9, 200_000).await.unwrap_err();
    assert_eq!(refused.kind(), cache_core::ErrorKind::Full);
    assert_eq!(backend.count(&group).await.unwrap(), count, "what cannot fit drops nothing");
}
