//! The shared suites through the wrappers.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cache_core::MemoryBackend;
use cache_core::conformance::{backend, chat, provider};
use cache_metrics::{MeteredBackend, MeteredChat, MeteredProvider};
use cache_redis::{RedisBackend, RedisConfig};
use embed_azure::OpenAi;
use redis_test_server::TestServer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory() {
    backend::run(Arc::new(MeteredBackend::new(Arc::new(MemoryBackend::new(64 << 20))))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis() {
    let server = TestServer::start();
    let patient = RedisConfig::new(server.url())
        .with_connect_timeout(Duration::from_secs(5))
        .with_response_timeout(Duration::from_secs(5));
    let redis = RedisBackend::connect_with(&patient).await.unwrap();
    backend::run(Arc::new(MeteredBackend::new(Arc::new(redis)))).await;
}

#[tokio::test]
async fn providers() {
    let server = openai_test_server::TestServer::start().await;
    let client = OpenAi::builder().base_url(format!("{}/v1", server.url())).api_key("test-key");
    let client = client.http(embed_azure::HttpOptions::default().without_proxy()).build().unwrap();
    let embeddings = client.embeddings("text-embedding-3-small");
    provider::run(Arc::new(MeteredProvider::new(Arc::new(embeddings)))).await;
    chat::run(Arc::new(MeteredChat::new(Arc::new(client.chat("gpt-4o-mini"))))).await;
}
