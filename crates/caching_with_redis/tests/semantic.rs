//! A response cache with the semantic stage, as the settings have it, with nothing but a plain Redis, an
//! embedded file or memory, and no model but the lexical one; and on servers that search, where the
//! environment names them.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use async_trait::async_trait;
use caching_with_redis::core::{ChatStream, ModelIdentity, ProviderError, ProviderErrorKind};
use caching_with_redis::response::{CallOptions, ResponseCache, Source};
use caching_with_redis::settings::{GuardChoice, SemanticChoice};
use caching_with_redis::{
    ChatProvider, ChatRequest, ChatResponse, Settings, open_backend, open_responses, open_semantic,
    open_vectors,
};
use redis_test_server::{OptionalServer, TestServer};
use serde_json::json;

const ASKED: &str = "How do I reset my password after May 2023?";
const ALIKE: &str = "how do i reset my passwords after May 2023";
/// Nearly the same to a model, and about something else.
const OTHER: &str = "How do I reset my password after May 2024?";

/// Says the same to everybody.
#[derive(Debug)]
struct Chat;

#[async_trait]
impl ChatProvider for Chat {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("test", "chat")
    }

    async fn complete(&self, _: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        let message = json!({ "role": "assistant", "content": "In the settings." });
        let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
        Ok(ChatResponse::from_json(json!({ "model": "chat", "choices": [choice] })))
    }

    async fn stream(&self, _: &ChatRequest) -> Result<ChatStream, ProviderError> {
        Err(ProviderError::new(ProviderErrorKind::WrongModel, "no streams here"))
    }
}

fn settings(overrides: &[(&'static str, &str)]) -> Settings {
    let usual = [("semantic", "on"), ("semantic_threshold", "0.6"), ("provider", "lexical")];
    let overrides = usual.iter().chain(overrides);
    let overrides = overrides.map(|(key, value)| (*key, (*value).to_owned()));
    Settings::from_sources(None, &[], overrides).unwrap()
}

async fn cache(settings: &Settings) -> ResponseCache {
    let store = open_backend(settings).await.unwrap();
    open_responses(settings, &store, Arc::new(Chat)).await.unwrap().build().unwrap()
}

async fn ask(cache: &ResponseCache, question: &str) -> Source {
    let request = ChatRequest::user(question).with("temperature", 0);
    let answer = cache.complete_with(&request, &CallOptions::new()).await.unwrap();
    cache.flush().await.unwrap();
    if let Some(hit) = &answer.semantic {
        assert!(hit.similarity >= hit.threshold && hit.matched != hit.asked);
    }
    answer.source
}

/// Two caches, as two processes have them.
async fn a_like_question_is_answered(settings: &Settings) {
    let (one, other) = (cache(settings).await, cache(settings).await);
    assert_eq!(ask(&one, ASKED).await, Source::Computed);
    assert_eq!(ask(&other, ALIKE).await, Source::Semantic);
    assert_eq!(ask(&other, OTHER).await, Source::Computed, "a guard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_plain_redis() {
    let server = TestServer::start();
    a_like_question_is_answered(&settings(&[("redis_url", &server.url())])).await;
    let lax = [("redis_url", server.url()), ("namespace", "lax".to_owned())];
    let lax = lax.each_ref().map(|(key, value)| (*key, value.as_str()));
    let lax = [&lax[..], &[("index_staleness", "100ms")]].concat();
    let cache = cache(&settings(&lax)).await;
    assert_eq!(ask(&cache, ASKED).await, Source::Computed);
    assert_eq!(ask(&cache, ALIKE).await, Source::Semantic, "its own writes are seen at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_an_embedded_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let file = [("backend", "embedded"), ("file", file.to_str().unwrap())];
    a_like_question_is_answered(&settings(&file)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_servers_that_search() {
    for kind in [OptionalServer::Search, OptionalServer::Redis8] {
        let Some(server) = kind.builder().map(|builder| builder.start()) else { continue };
        a_like_question_is_answered(&settings(&[("redis_url", &server.url())])).await;
        let graphs = [("redis_url", &*server.url()), ("namespace", "g"), ("index_graphs", "true")];
        a_like_question_is_answered(&settings(&graphs)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modes_thresholds_and_guards_are_those_of_the_settings() {
    let sources = async |overrides: &[(&'static str, &str)]| {
        let cache = cache(&settings(&[&[("backend", "memory")], overrides].concat())).await;
        let first = ask(&cache, ASKED).await;
        assert_eq!(first, Source::Computed);
        let alike = ask(&cache, ALIKE).await;
        (alike, ask(&cache, OTHER).await, cache.statistics())
    };
    let (alike, _, seen) = sources(&[("semantic", "shadow")]).await;
    assert_eq!((alike, seen.semantic_shadow_hits), (Source::Computed, 1));
    let (alike, _, seen) = sources(&[("semantic", "off")]).await;
    assert_eq!((alike, seen.semantic_nothing), (Source::Computed, 0));
    let (alike, ..) = sources(&[("semantic_threshold", "cache=1")]).await;
    assert_eq!(alike, Source::Computed, "not similar enough for this namespace");
    let (alike, ..) = sources(&[("semantic_threshold", "1, cache=0.6")]).await;
    assert_eq!(alike, Source::Semantic);
    let (_, other, _) = sources(&[("semantic_guards", "none")]).await;
    assert_eq!(other, Source::Semantic, "without guards another question is taken for the same");
}

#[tokio::test]
async fn the_stage_is_had_by_itself_or_not_at_all() {
    let memory = settings(&[("backend", "memory"), ("semantic_index", "mine")]);
    let store = open_backend(&memory).await.unwrap();
    let stage = open_semantic(&memory, &store).await.unwrap().unwrap();
    let cache =
        caching_with_redis::response_builder(&memory, store.backend.clone(), Arc::new(Chat));
    let cache = cache.unwrap().semantic(stage.candidates(1)).build().unwrap();
    assert_eq!(ask(&cache, ASKED).await, Source::Computed);
    let vectors = open_vectors(&memory, &store).await.unwrap();
    let names = vectors.store.indexes(&caching_with_redis::core::Namespace::default()).await;
    let names: Vec<_> = names.unwrap().iter().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(names, ["mine-384"]);
    assert_eq!(memory.semantic_guards, GuardChoice::default());
    let off = settings(&[("backend", "memory"), ("semantic", "off")]);
    assert_eq!(off.semantic, SemanticChoice::Off);
    assert!(open_semantic(&off, &store).await.unwrap().is_none());
}

#[test]
fn settings_that_make_no_sense_name_the_setting() {
    let message = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment: Vec<_> = pairs.collect();
        Settings::from_sources(None, &environment, []).unwrap_err().to_string()
    };
    let on = ("CACHE_SEMANTIC", "on");
    for (pairs, parts) in [
        (&[on][..], ["CACHE_SEMANTIC_THRESHOLD", "namespace cache"]),
        (&[on, ("CACHE_SEMANTIC_THRESHOLD", "a=0.9")], ["CACHE_SEMANTIC_THRESHOLD", "cache"]),
        (&[("CACHE_SEMANTIC_THRESHOLD", "0.17")], ["CACHE_SEMANTIC_THRESHOLD", "0.5 to 1"]),
        (&[("CACHE_SEMANTIC_GUARDS", "numers")], ["CACHE_SEMANTIC_GUARDS", "did you mean numbers"]),
        (&[("CACHE_SEMANTIC_CANDIDATES", "0")], ["CACHE_SEMANTIC_CANDIDATES", "1 to 100"]),
        (&[("CACHE_SEMANTIC_BUDGET", "0")], ["CACHE_SEMANTIC_BUDGET", "some time"]),
        (&[("CACHE_SEMANTIC_INDEX", "a b")], ["CACHE_SEMANTIC_INDEX", "1 to 64"]),
        (&[("CACHE_INDEX_GRAPHS", "perhaps")], ["CACHE_INDEX_GRAPHS", "bool"]),
        (&[("CACHE_INDEX_STALENESS", "soon")], ["CACHE_INDEX_STALENESS", "span"]),
    ] {
        let message = message(pairs);
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}
