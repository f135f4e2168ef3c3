//! The response cache against the provider itself, and against a raw GET of the same bytes.
//!
//! `cargo bench --bench responses`; with `--test` each part runs once.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cache_benches::compare::{Medians, in_turns, report};
use cache_benches::patient;
use cache_benches::raw::Raw;
use cache_core::{
    CacheBackend, CacheBackendExt, ChatChunk, ChatProvider, ChatRequest, ChatResponse, ChatStream,
    ModelIdentity, ProviderError,
};
use cache_redis::RedisBackend;
use futures_util::{StreamExt, stream};
use redis_test_server::TestServer;
use response_cache::{CallOptions, ResponseCache, Source, split};
use serde_json::json;

/// Until a model's first word: shorter than any real one's, so that what the cache adds shows.
const THINKING: Duration = Duration::from_millis(5);
/// About the size of a stored answer.
const ANSWER_BYTES: usize = 2_048;

/// Answers with a text that does not compress, after a while.
#[derive(Debug)]
struct Model {
    answer: serde_json::Value,
}

impl Model {
    fn new() -> Self {
        let answer = json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_763_000_000,
            "model": "gpt-4o-mini-2024-07-18", "system_fingerprint": "fp_1",
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": noise(ANSWER_BYTES), "refusal": null },
                "logprobs": null,
                "finish_reason": "stop",
            }],
            "usage": { "prompt_tokens": 20, "completion_tokens": 500, "total_tokens": 520 },
        });
        Self { answer }
    }
}

/// Letters without a pattern.
fn noise(length: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + u8::try_from(state % 90).unwrap())
    };
    (0..length).map(letter).filter(|letter| !matches!(letter, '"' | '\\')).collect()
}

#[async_trait]
impl ChatProvider for Model {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("bench", "gpt-4o-mini")
    }

    async fn complete(&self, _: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        Ok(ChatResponse::from_json(self.answer.clone()))
    }

    async fn stream(&self, _: &ChatRequest) -> Result<ChatStream, ProviderError> {
        tokio::time::sleep(THINKING).await;
        let chunks = split(&self.answer, false).into_iter().map(ChatChunk::from_json).map(Ok);
        Ok(Box::pin(stream::iter(chunks)))
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let hurry = if test { 1_000 } else { 1 };
    let server = TestServer::start();
    let raw = Raw::connect(&server.url()).await;
    let backend: Arc<dyn CacheBackend> =
        Arc::new(RedisBackend::connect(server.url()).await.unwrap());
    let model = Arc::new(Model::new());
    let provider: Arc<dyn ChatProvider> = model.clone();
    let cache =
        ResponseCache::builder(Arc::clone(&backend), provider).guard(patient()).build().unwrap();
    println!("medians of interleaved runs");
    println!("{:<44} {:>13} {:>13} {:>8}", "", "raw", "ours", "ratio");
    first_chunk(&cache, &model, 400 / hurry).await;
    hit(&cache, &*backend, &raw, 10_000 / hurry).await;
}

/// Time to the first chunk of a miss: through the cache, and from the provider.
async fn first_chunk(cache: &ResponseCache, model: &Model, rounds: usize) {
    let count = AtomicUsize::new(0);
    let request = || {
        let text = format!("question {}", count.fetch_add(1, Ordering::Relaxed));
        ChatRequest::user(text).with("temperature", 0)
    };
    let mut times = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let start = Instant::now();
        let mut direct = model.stream(&request()).await.unwrap();
        direct.next().await.unwrap().unwrap();
        let direct = start.elapsed();
        let start = Instant::now();
        let mut ours = cache.stream_with(&request(), &CallOptions::new()).await.unwrap();
        ours.chunks.next().await.unwrap().unwrap();
        let first = start.elapsed();
        assert_eq!(ours.source, Source::Computed);
        ours.chunks.for_each(|_| async {}).await;
        if round > 0 {
            times.0.push(direct);
            times.1.push(first);
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    let medians = Medians { raw: median(&mut times.0), ours: median(&mut times.1) };
    let added = medians.ours.saturating_sub(medians.raw).as_secs_f64() * 1e3;
    report("first chunk of a miss", medians, &format!("adds {added:.2} ms, at most 1 ms wanted"));
}

/// An exact hit, and a GET of the bytes that it reads.
async fn hit(cache: &ResponseCache, backend: &dyn CacheBackend, raw: &Raw, rounds: usize) {
    let request = ChatRequest::user("How far is the moon?").with("temperature", 0);
    let options = CallOptions::new();
    let first = cache.complete_with(&request, &options).await.unwrap();
    let stored = backend.get(&first.key).await.unwrap().unwrap().bytes().len();
    let key = first.key.to_string();
    let medians = in_turns(
        rounds,
        async || assert!(raw.get_bytes(&key).await.is_some()),
        async || {
            let answer = cache.complete_with(&request, &options).await.unwrap();
            assert_eq!(answer.source, Source::Hit);
        },
    )
    .await;
    report(&format!("hit of an answer of {stored} bytes"), medians, "at most 1.15 wanted");
}
