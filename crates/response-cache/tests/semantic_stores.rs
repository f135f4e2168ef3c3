//! Questions in other words on every store that keeps answers and vectors: an embedded file, a Redis that
//! has nothing but itself, and those that search, where the environment names them.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use cache_core::vector::{IndexName, Similarity, VectorStore};
use cache_core::{CacheBackend, ChatRequest, Namespace, Scope};
use cache_embedded::EmbeddedBackend;
use cache_redis::{RedisBackend, RedisConfig, RedisVectors, VectorOptions};
use common::Script;
use common::semantic::Angles;
use redis_test_server::{OptionalServer, TestServer};
use response_cache::semantic::{Semantic, index_schema};
use response_cache::{CallOptions, ResponseCache, Source};
use serde_json::json;

const FIRST: &str = "How far is the moon?";
const SECOND: &str = "How far away is the moon?";

fn cache(store: Arc<dyn CacheBackend>, vectors: &dyn VectorStore) -> ResponseCache {
    let name = IndexName::new(Namespace::default(), "questions").unwrap();
    let index = vectors.open(&name, &index_schema(2).unwrap());
    let angles = Angles::new();
    angles.set(SECOND, 0.95);
    let settings = Semantic::new(index, angles, Similarity::new(0.9).unwrap());
    ResponseCache::builder(store, Script::new([])).semantic(settings).unguarded().build().unwrap()
}

fn asks(text: &str) -> ChatRequest {
    ChatRequest::user(text).with("temperature", 0)
}

async fn source(cache: &ResponseCache, request: &ChatRequest, options: CallOptions) -> Source {
    let answer = cache.complete_with(request, &options.with_semantic(true)).await.unwrap();
    cache.flush().await.unwrap();
    answer.source
}

/// Two caches, as two processes have them.
async fn one_answer_for_questions_of_one_context(one: &ResponseCache, other: &ResponseCache) {
    let plain = CallOptions::new;
    assert_eq!(source(one, &asks(FIRST), plain()).await, Source::Computed);
    assert_eq!(source(other, &asks(SECOND), plain()).await, Source::Semantic);
    assert_eq!(source(one, &asks(FIRST), plain()).await, Source::Hit);
    let acme = plain().with_scope(Scope::tenant("acme"));
    assert_eq!(source(other, &asks(SECOND), acme).await, Source::Computed, "another tenant");
    let french = [
        json!({ "role": "system", "content": "Answer in French." }),
        json!({ "role": "user", "content": SECOND }),
    ];
    let french = ChatRequest::from_json(json!({ "messages": french, "temperature": 0 })).unwrap();
    assert_eq!(source(other, &french, plain()).await, Source::Computed, "another system prompt");
    let brief = asks(SECOND).with("max_tokens", 5);
    assert_eq!(source(other, &brief, plain()).await, Source::Computed, "other parameters");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_an_embedded_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut caches = Vec::new();
    for _ in 0..2 {
        let file = EmbeddedBackend::open(folder.path().join("cache.db")).await.unwrap();
        let vectors = file.vectors();
        caches.push(cache(Arc::new(file), &vectors));
    }
    one_answer_for_questions_of_one_context(&caches[0], &caches[1]).await;
}

async fn on_redis(server: TestServer) {
    let mut caches = Vec::new();
    for _ in 0..2 {
        let config = RedisConfig::new(server.url())
            .with_connect_timeout(Duration::from_secs(10))
            .with_response_timeout(Duration::from_secs(10));
        let backend = RedisBackend::connect_with(&config).await.unwrap();
        let vectors = RedisVectors::on(&backend, VectorOptions::new()).await.unwrap();
        caches.push(cache(Arc::new(backend), &vectors));
    }
    one_answer_for_questions_of_one_context(&caches[0], &caches[1]).await;
    // A store that was emptied fills again as answers come.
    server.command(&["FLUSHALL"]);
    one_answer_for_questions_of_one_context(&caches[1], &caches[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_plain_redis() {
    on_redis(TestServer::start()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_redis_with_a_search_module() {
    if let Some(builder) = OptionalServer::Search.builder() {
        on_redis(builder.start()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_redis_with_vector_sets() {
    if let Some(builder) = OptionalServer::Redis8.builder() {
        on_redis(builder.start()).await;
    }
}
