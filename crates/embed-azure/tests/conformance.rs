//! The contract of every embedding provider, on each of the three APIs.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use cache_core::conformance::provider::run;
use embed_azure::AzureApi;
use openai_test_server::TestServer;
use support::{MODEL, azure_with, openai, quick};

#[tokio::test]
async fn azure_classic() {
    let server = TestServer::builder().shuffles().deployment("a b/é", MODEL).start().await;
    let client = azure_with(&server, AzureApi::classic(), quick());
    run(Arc::new(client.embeddings("a b/é").with_model(MODEL))).await;
    run(Arc::new(client.embeddings("a b/é").with_dimensions(256))).await;
}

#[tokio::test]
async fn azure_v1() {
    let server = TestServer::builder().deployment("search", "text-embedding-3-large").start().await;
    run(Arc::new(azure_with(&server, AzureApi::v1(), quick()).embeddings("search"))).await;
}

#[tokio::test]
async fn openai_itself() {
    let server = TestServer::builder().ignores_base64().start().await;
    let client = openai(&server);
    run(Arc::new(client.embeddings(MODEL))).await;
    run(Arc::new(client.embeddings("text-embedding-ada-002"))).await;
}
