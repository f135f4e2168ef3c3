//! What the tests share: real stores, a store that is watched, a provider that follows a script.
#![allow(dead_code, unused_imports, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

mod provider;
pub mod semantic;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{
    CacheBackend, ChatChunk, ChatProvider, ChatRequest, ChatStream, ProviderError, Ttl,
};
use futures_util::StreamExt;
use response_cache::{Builder, ResponseCache};
use serde_json::Value;

pub use cache_test_support::{Calls, Operation, Store, Watched};
pub use provider::{Reply, Script, chunk, finish, streamed, usage_chunk, whole};

/// A cache over this store and provider: no jitter, no statistics behind the test's back, and no
/// hurry: a machine that runs many tests at once is slow.
pub fn builder(backend: &Arc<impl CacheBackend>, provider: &Arc<Script>) -> Builder {
    let backend: Arc<dyn CacheBackend> = backend.clone();
    let provider: Arc<dyn ChatProvider> = provider.clone();
    ResponseCache::builder(backend, provider)
        .ttl_jitter(0.0)
        .share_statistics_every(None)
        .unguarded()
}

pub fn cache(backend: &Arc<impl CacheBackend>, provider: &Arc<Script>) -> ResponseCache {
    builder(backend, provider).build().unwrap()
}

/// A request that the default policy caches.
pub fn request(text: &str) -> ChatRequest {
    ChatRequest::user(text).with("temperature", 0)
}

/// Everything a stream gives: its chunks' JSON, and the error that it ends in.
pub async fn drain(mut stream: ChatStream) -> (Vec<Value>, Option<ProviderError>) {
    let mut chunks = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(chunk) => chunks.push(chunk.into_body()),
            Err(error) => return (chunks, Some(error)),
        }
    }
    (chunks, None)
}

/// The chunks of a stream that has to be complete.
pub async fn chunks(stream: ChatStream) -> Vec<Value> {
    let (chunks, error) = drain(stream).await;
    assert!(error.is_none(), "{error:?}");
    chunks
}

/// As they are written: the order of members counts.
pub fn texts(chunks: &[Value]) -> Vec<String> {
    chunks.iter().map(Value::to_string).collect()
}

/// The text that chunks add up to.
pub fn said(chunks: &[Value]) -> String {
    let chunks = chunks.iter().cloned().map(ChatChunk::from_json);
    chunks.filter_map(|chunk| chunk.content().map(str::to_owned)).collect()
}

/// Waits until this is so; panics after ten seconds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < Duration::from_secs(10), "it never came about that {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn ttl(ms: u64) -> Ttl {
    Ttl::new(millis(ms)).unwrap()
}
