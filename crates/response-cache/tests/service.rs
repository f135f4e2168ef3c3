//! Before a genuine client and a server that speaks the documented API: every form of a stream that
//! it sends is given again as it came, and nothing of a broken one is kept.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;

use cache_core::{CacheBackend, ChatProvider, ChatRequest};
use common::{Store, chunks, drain, texts};
use embed_azure::{AzureOpenAi, Credential, HttpOptions};
use openai_test_server::{Fault, TestServer};
use response_cache::{CallOptions, ResponseCache, Source, assemble};
use serde_json::{Value, json};

on_every_store!(
    every_form_of_the_service_is_replayed,
    a_stream_says_what_a_whole_answer_says,
    broken_streams_are_not_kept,
    filtered_and_cut_answers_are_not_kept,
    the_cache_is_a_provider_of_the_service,
);

fn provider(server: &TestServer) -> Arc<dyn ChatProvider> {
    let client = AzureOpenAi::builder(server.url())
        .credential(Credential::api_key("test-key"))
        .http(HttpOptions::default().without_proxy().with_max_attempts(1));
    Arc::new(client.build().unwrap().chat("gpt-4o-mini"))
}

fn cache(store: &Store, provider: &Arc<dyn ChatProvider>) -> ResponseCache {
    let backend: Arc<dyn CacheBackend> = store.watched();
    ResponseCache::builder(backend, Arc::clone(provider)).unguarded().build().unwrap()
}

/// Requests whose answers have every documented form.
fn requests() -> Vec<ChatRequest> {
    let tool = json!([{ "type": "function", "function": { "name": "weather", "parameters": {} } }]);
    [
        ChatRequest::user("hello"),
        ChatRequest::user("hello").with("n", 3),
        ChatRequest::user("hello").with("logprobs", true),
        ChatRequest::user("How is the weather?").with("tools", tool),
        ChatRequest::user("[refuse] hello"),
        ChatRequest::user("[reason] hello"),
    ]
    .map(|request| request.with("temperature", 0))
    .into()
}

fn usage(request: &ChatRequest) -> ChatRequest {
    request.clone().with("stream_options", json!({ "include_usage": true }))
}

/// Without what differs from one call to the next.
fn anonymous(chunks: &[Value]) -> Vec<String> {
    let mut chunks = chunks.to_vec();
    for chunk in &mut chunks {
        let named = chunk["id"] != "";
        chunk["id"] = named.into();
        chunk["created"] = (chunk["created"] != 0).into();
    }
    texts(&chunks)
}

async fn every_form_of_the_service_is_replayed(store: Store) {
    for filter in [false, true] {
        let builder = TestServer::builder();
        let builder = if filter { builder.async_filter() } else { builder };
        let server = builder.start().await;
        let provider = provider(&server);
        let cache = cache(&store, &provider);
        for request in requests() {
            for request in [usage(&request), request] {
                let direct = chunks(provider.stream(&request).await.unwrap()).await;
                let given = cache.stream_with(&request, &CallOptions::new()).await.unwrap();
                let given = chunks(given.chunks).await;
                assert!(anonymous(&given) == anonymous(&direct), "{request:?}");
                let again = cache.stream_with(&request, &CallOptions::new()).await.unwrap();
                assert_eq!(again.source, Source::Hit);
                assert!(texts(&chunks(again.chunks).await) == texts(&given), "{request:?}");
            }
        }
        cache.clear().await.unwrap();
    }
}

async fn a_stream_says_what_a_whole_answer_says(store: Store) {
    let server = TestServer::start().await;
    let provider = provider(&server);
    let cache = cache(&store, &provider);
    for request in requests() {
        let direct = provider.complete(&request).await.unwrap();
        chunks(cache.stream_with(&request, &CallOptions::new()).await.unwrap().chunks).await;
        let whole = cache.complete_with(&request, &CallOptions::new()).await.unwrap();
        assert_eq!(whole.source, Source::Hit);
        for (index, choice) in direct.choices().iter().enumerate() {
            let given = &whole.response.choices()[index];
            for part in ["content", "refusal", "tool_calls", "reasoning_content"] {
                let none = |value: &Value| value.is_null() || *value == "";
                let (given, direct) = (&given["message"][part], &choice["message"][part]);
                assert!(given == direct || (none(given) && none(direct)), "{part}");
            }
            assert_eq!(given["finish_reason"], choice["finish_reason"]);
        }
        assert_eq!(whole.response.usage(), direct.usage());
    }
}

async fn broken_streams_are_not_kept(store: Store) {
    let server = TestServer::start().await;
    let provider = provider(&server);
    let cache = cache(&store, &provider);
    let request = ChatRequest::user("hello").with("temperature", 0);
    for fault in [
        Fault::CutAfter(2),
        Fault::ErrorEventAfter(2),
        Fault::FinishWithoutDone,
        Fault::DoneWithoutFinish,
        Fault::GarbledChunk,
        Fault::EmptyStream,
    ] {
        let what = format!("{fault:?}");
        server.script([fault]);
        if let Ok(stream) = cache.stream_with(&request, &CallOptions::new()).await {
            assert!(drain(stream.chunks).await.1.is_some(), "{what}");
        }
        cache.flush().await.unwrap();
        assert!(cache.get(&request, &CallOptions::new()).await.unwrap().is_none(), "{what}");
    }
    assert_eq!(cache.statistics().writes, 0);
}

async fn filtered_and_cut_answers_are_not_kept(store: Store) {
    let server = TestServer::start().await;
    let provider = provider(&server);
    let cache = cache(&store, &provider);
    let filtered = ChatRequest::user("[filter] hello").with("temperature", 0);
    let cut = ChatRequest::user("hello").with("temperature", 0).with("max_tokens", 1);
    for request in [filtered, cut] {
        chunks(cache.stream_with(&request, &CallOptions::new()).await.unwrap().chunks).await;
        cache.complete_with(&request, &CallOptions::new()).await.unwrap();
        assert!(cache.get(&request, &CallOptions::new()).await.unwrap().is_none());
    }
    assert_eq!(cache.statistics().unfit_answers, 4);
}

async fn the_cache_is_a_provider_of_the_service(store: Store) {
    let server = TestServer::start().await;
    let cache = cache(&store, &provider(&server)).with_options(CallOptions::new().allow());
    cache_core::conformance::chat::run(Arc::new(cache.clone())).await;
    let asked = server.requests().len();
    let request = ChatRequest::user("once more");
    let chunks = chunks(cache.stream(&request).await.unwrap()).await;
    let whole = cache.complete(&request).await.unwrap();
    assert_eq!(assemble(&chunks)["choices"], whole.body()["choices"]);
    assert_eq!(server.requests().len(), asked + 1);
}
