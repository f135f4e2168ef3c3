//! What is recorded of providers, by a real client of a real server.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use cache_core::{ChatProvider, ChatRequest, EmbedOptions, EmbeddingProvider, ProviderErrorKind};
use cache_metrics::{MeteredChat, MeteredProvider};
use embed_azure::{HttpOptions, OpenAi};
use futures_util::StreamExt;
use openai_test_server::{Fault, TestServer};
use support::{Rendered, SECRET, record, recorder};

const EMBEDDINGS: &str = "text-embedding-3-small";
const CHAT: &str = "gpt-4o-mini";

fn client(server: &TestServer) -> OpenAi {
    let http = HttpOptions::default().without_proxy();
    let builder = OpenAi::builder().base_url(format!("{}/v1", server.url())).api_key("test-key");
    builder.http(http).build().unwrap()
}

fn embeddings(server: &TestServer) -> MeteredProvider {
    MeteredProvider::new(Arc::new(client(server).embeddings(EMBEDDINGS)))
}

fn chat(server: &TestServer) -> MeteredChat {
    MeteredChat::new(Arc::new(client(server).chat(CHAT)))
}

#[track_caller]
fn value(shown: &Rendered, name: &str, model: &str, more: &[(&str, &str)]) -> Option<f64> {
    let mut labels = vec![("provider", "openai"), ("model", model)];
    labels.extend(more);
    shown.value(name, &labels)
}

fn outcomes(shown: &Rendered, model: &str, operation: &str, outcome: &str) -> Option<f64> {
    let labels = [("operation", operation), ("outcome", outcome)];
    value(shown, "cache_provider_seconds_count", model, &labels)
}

#[tokio::test]
async fn embeddings_are_counted_by_outcome() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let server = TestServer::start().await;
    let provider = embeddings(&server);
    let options = EmbedOptions::default();
    let response = provider.embed(&[SECRET, "two"], &options).await.unwrap();
    server.script([Fault::deployment_not_found()]);
    let error = provider.embed(&[SECRET], &options).await.unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::NotFound);
    let partial = provider.embed(&["", "good"], &options).await.unwrap();
    assert!(partial.embeddings[0].is_err() && partial.embeddings[1].is_ok());

    assert_eq!(outcomes(&shown, EMBEDDINGS, "embed", "ok"), Some(2.0));
    assert_eq!(outcomes(&shown, EMBEDDINGS, "embed", "not_found"), Some(1.0));
    let of_embed = |more: &[(&str, &str)], name| value(&shown, name, EMBEDDINGS, more);
    let embed = ("operation", "embed");
    assert_eq!(of_embed(&[embed], "cache_provider_inputs_total"), Some(5.0));
    let errors = |kind| of_embed(&[embed, ("kind", kind)], "cache_provider_errors_total");
    assert_eq!((errors("not_found"), errors("invalid_input")), (Some(1.0), Some(1.0)));
    let billed = response.tokens.unwrap() + partial.tokens.unwrap();
    let tokens = of_embed(&[("kind", "input")], "cache_provider_tokens_total");
    assert_eq!(tokens, Some(f64::from(u32::try_from(billed).unwrap())));
    assert!(!shown.text().contains(SECRET));
}

#[tokio::test]
async fn answers_and_streams_are_measured_to_their_end() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let server = TestServer::start().await;
    let (chat, question) = (chat(&server), ChatRequest::user(SECRET));
    let usage = chat.complete(&question).await.unwrap().usage().unwrap();
    assert_eq!(outcomes(&shown, CHAT, "complete", "ok"), Some(1.0));
    let tokens =
        |kind| value(&shown, "cache_provider_tokens_total", CHAT, &[("kind", kind)]).unwrap_or(0.0);
    assert_eq!(tokens("input"), f64::from(u32::try_from(usage.prompt).unwrap()));
    assert_eq!(tokens("output"), f64::from(u32::try_from(usage.completion).unwrap()));

    let mut stream = chat.stream(&question).await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert!(!first.choices().is_empty());
    let began = || value(&shown, "cache_provider_first_chunk_seconds_count", CHAT, &[]);
    assert_eq!((began(), outcomes(&shown, CHAT, "stream", "ok")), (Some(1.0), None));
    let mut billed = None;
    while let Some(chunk) = stream.next().await {
        billed = chunk.unwrap().usage().or(billed);
    }
    assert_eq!(outcomes(&shown, CHAT, "stream", "ok"), Some(1.0));
    drop(stream);
    assert_eq!(began(), Some(1.0));
    let all = usage.completion + billed.map_or(0, |usage| usage.completion);
    assert_eq!(tokens("output"), f64::from(u32::try_from(all).unwrap()), "billed once");

    // Who stops reading leaves an outcome, too.
    let mut stream = chat.stream(&question).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    assert_eq!(outcomes(&shown, CHAT, "stream", "dropped"), Some(1.0));
    assert!(!shown.text().contains(SECRET));
}

#[tokio::test]
async fn chats_that_fail_are_errors_by_kind() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let server = TestServer::start().await;
    let (chat, question) = (chat(&server), ChatRequest::user(SECRET));
    server.script([Fault::deployment_not_found()]);
    chat.complete(&question).await.unwrap_err();
    server.script([Fault::deployment_not_found()]);
    chat.stream(&question).await.err().unwrap();
    for operation in ["complete", "stream"] {
        assert_eq!(outcomes(&shown, CHAT, operation, "not_found"), Some(1.0));
        let labels = [("operation", operation), ("kind", "not_found")];
        assert_eq!(value(&shown, "cache_provider_errors_total", CHAT, &labels), Some(1.0));
    }
}
