//! Streams pass untouched, are recorded whole or not at all, and are replayed as they were.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use cache_core::{ChatProvider, ErrorDetail};
use common::{
    Reply, Script, Store, builder, cache, chunk, chunks, drain, finish, millis, request, said,
    streamed, texts, usage_chunk, whole,
};
use futures_util::StreamExt;
use response_cache::{CallOptions, OnAbandon, Pace, Source};
use serde_json::{Value, json};

on_every_store!(
    every_form_is_replayed_as_it_was,
    usage_is_shown_to_those_who_asked,
    without_asking_for_usage_a_recording_does_not_stand_in,
    chunks_pass_as_they_come,
    cut_streams_are_not_stored,
    an_error_before_the_first_chunk_is_the_calls,
    an_abandoned_stream_is_finished,
    an_abandoned_stream_is_dropped_where_asked,
    paces,
);

/// Streams of every documented form.
fn forms() -> Vec<(&'static str, Vec<Value>)> {
    let role = || chunk(json!({ "role": "assistant", "content": "", "refusal": null }));
    let call = |call: Value| chunk(json!({ "tool_calls": [call] }));
    let mut offsets = chunk(json!({}));
    offsets["choices"][0] = json!({
        "index": 0, "finish_reason": null,
        "content_filter_results": { "hate": { "filtered": false } },
        "content_filter_offsets": { "check_offset": 44, "start_offset": 44, "end_offset": 198 },
    });
    let mut precise = chunk(json!({ "content": "a" }));
    precise["choices"][0]["logprobs"] = json!({ "content": [
        { "token": "a", "logprob": -0.300_000_000_000_000_04, "bytes": [97], "top_logprobs": [] },
    ] });
    let other = |index: u64, delta: Value| {
        let mut chunk = chunk(delta);
        chunk["choices"][0]["index"] = index.into();
        chunk
    };
    let mut other_end = finish("stop");
    other_end["choices"][0]["index"] = 1.into();
    let mut odd =
        chunk(json!({ "content": "x", "z": 1, "a": { "y": [1.5, 1e300, 1], "b": null } }));
    odd["unknown"] = json!({ "z": true, "a": [] });
    odd["obfuscation"] = json!("xyz");
    vec![
        ("text", streamed("안녕하세요, 세계")),
        (
            "asynchronous filter",
            vec![role(), chunk(json!({ "content": "hi" })), offsets, finish("stop")],
        ),
        (
            "tool calls",
            vec![
                chunk(json!({ "role": "assistant", "content": null })),
                call(
                    json!({ "index": 0, "id": "a", "type": "function", "function": { "name": "f", "arguments": "" } }),
                ),
                call(json!({ "index": 0, "function": { "arguments": "{\"city\":" } })),
                call(
                    json!({ "index": 1, "id": "b", "type": "function", "function": { "name": "g", "arguments": "{}" } }),
                ),
                call(json!({ "index": 0, "function": { "arguments": "\"서울\"}" } })),
                finish("tool_calls"),
                usage_chunk(),
            ],
        ),
        (
            "function call",
            vec![
                chunk(
                    json!({ "role": "assistant", "function_call": { "name": "f", "arguments": "" } }),
                ),
                chunk(json!({ "function_call": { "arguments": "{}" } })),
                finish("function_call"),
            ],
        ),
        (
            "refusal",
            vec![
                role(),
                chunk(json!({ "refusal": "I " })),
                chunk(json!({ "refusal": "won't" })),
                finish("stop"),
            ],
        ),
        (
            "reasoning",
            vec![
                role(),
                chunk(json!({ "reasoning_content": "hm" })),
                chunk(json!({ "content": "4" })),
                finish("stop"),
            ],
        ),
        ("log probabilities", vec![role(), precise, finish("stop"), usage_chunk()]),
        (
            "choices",
            vec![
                role(),
                other(1, json!({ "role": "assistant" })),
                other(1, json!({ "content": "b" })),
                chunk(json!({ "content": "a" })),
                finish("stop"),
                other_end,
            ],
        ),
        ("unknown fields", vec![role(), odd, finish("stop")]),
    ]
}

async fn every_form_is_replayed_as_it_was(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let another = store.another().await;
    let another = common::cache(&another, &provider);
    for usage in [true, false] {
        for (form, recorded) in forms() {
            let asking = json!({ "include_usage": usage });
            let request = request(&format!("{form} {usage}")).with("stream_options", asking);
            // What the service gives to one who asks directly.
            provider.add(Reply::new(json!({}), recorded.clone()));
            let direct = chunks(provider.stream(&request).await.unwrap()).await;
            provider.add(Reply::new(json!({}), recorded));
            let live = cache.stream_with(&request, &CallOptions::new()).await.unwrap();
            assert_eq!(live.source, Source::Computed);
            let live = chunks(live.chunks).await;
            assert_eq!(texts(&live), texts(&direct), "{form}: chunks pass untouched");
            for cache in [&cache, &another] {
                let replayed = cache.stream_with(&request, &CallOptions::new()).await.unwrap();
                assert_eq!(replayed.source, Source::Hit, "{form}");
                assert_eq!(texts(&chunks(replayed.chunks).await), texts(&direct), "{form}");
            }
        }
    }
}

async fn usage_is_shown_to_those_who_asked(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let asking =
        |text: &str| request(text).with("stream_options", json!({ "include_usage": true }));
    let shows = |chunks: &[Value]| chunks.iter().any(|chunk| chunk["usage"].is_object());
    let names = |chunks: &[Value]| chunks.iter().any(|chunk| chunk.get("usage").is_some());
    for (first, text) in [(true, "one"), (false, "two")] {
        for asks in [first, !first] {
            let request = if asks { asking(text) } else { request(text) };
            let stream = cache.stream_with(&request, &CallOptions::new()).await.unwrap();
            let chunks = chunks(stream.chunks).await;
            assert_eq!((shows(&chunks), names(&chunks)), (asks, asks), "{text}");
        }
    }
    assert_eq!(provider.calls(), 2);
    assert!(provider.requests().iter().all(|asked| asked.get("stream_options").is_some()));
}

async fn without_asking_for_usage_a_recording_does_not_stand_in(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = builder(&backend, &provider).record_usage(false).build().unwrap();
    let options = CallOptions::new();
    chunks(cache.stream_with(&request("hi"), &options).await.unwrap().chunks).await;
    assert!(provider.requests()[0].get("stream_options").is_none(), "the request was touched");
    let again = cache.stream_with(&request("hi"), &options).await.unwrap();
    assert_eq!(again.source, Source::Hit);
    let answer = cache.complete_with(&request("hi"), &options).await.unwrap();
    assert_eq!((answer.source, answer.response.usage().is_some()), (Source::Computed, true));
    assert_eq!(cache.statistics().misses_no_usage, 1);
    let answer = cache.complete_with(&request("hi"), &options).await.unwrap();
    assert_eq!(answer.source, Source::Hit);
}

async fn chunks_pass_as_they_come(store: Store) {
    let pause = millis(150);
    let (backend, provider) = (store.watched(), Script::echo(pause));
    let cache = cache(&backend, &provider);
    let start = Instant::now();
    let mut stream = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    let mut last = Duration::ZERO;
    let mut count = 0;
    while let Some(chunk) = stream.chunks.next().await {
        chunk.unwrap();
        count += 1;
        let at = start.elapsed();
        assert!(at >= pause * count, "chunk {count} cannot have come yet");
        assert!(at - last < pause * 4, "chunk {count} was held back");
        last = at;
    }
    assert_eq!(count, 6);
}

async fn cut_streams_are_not_stored(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    for after in 1..6 {
        let request = request(&format!("cut after {after}"));
        provider.add(Reply::saying("a whole answer").failing_after(after));
        let stream = cache.stream_with(&request, &CallOptions::new()).await.unwrap();
        let (chunks, error) = drain(stream.chunks).await;
        assert_eq!(chunks.len(), after);
        let detail = error.unwrap().detail().cloned();
        assert!(
            matches!(detail, Some(ErrorDetail::Interrupted { chunks, .. }) if chunks == after as u64)
        );
        assert!(cache.get(&request, &CallOptions::new()).await.unwrap().is_none());
    }
    assert_eq!(cache.statistics().writes, 0);
    // One that ends without a finish reason is not whole either.
    provider.add(Reply::new(json!({}), streamed("no end")[..4].to_vec()));
    let stream = cache.stream_with(&request("no end"), &CallOptions::new()).await.unwrap();
    chunks(stream.chunks).await;
    assert!(cache.get(&request("no end"), &CallOptions::new()).await.unwrap().is_none());
}

async fn an_error_before_the_first_chunk_is_the_calls(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([Reply::failing()]));
    let cache = cache(&backend, &provider);
    let error = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap_err();
    assert!(error.is_retryable());
    let stream = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    assert_eq!(said(&chunks(stream.chunks).await), "Echo 2: hi");
}

async fn an_abandoned_stream_is_finished(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(30)));
    let cache = cache(&backend, &provider);
    for taken in 0..3 {
        let request = request(&format!("question {taken}"));
        let mut stream = cache.stream_with(&request, &CallOptions::new()).await.unwrap();
        for _ in 0..taken {
            stream.chunks.next().await.unwrap().unwrap();
        }
        drop(stream);
        cache.flush().await.unwrap();
        let found = cache.get(&request, &CallOptions::new()).await.unwrap().unwrap();
        let expected = whole(&format!("Echo {}: question {taken}", taken + 1));
        assert_eq!(*found.response.body(), expected);
    }
    // A whole answer too.
    let asked = provider.calls();
    let caller = cache.clone();
    let call =
        tokio::spawn(
            async move { caller.complete_with(&request("whole"), &CallOptions::new()).await },
        );
    common::until("the provider is asked", async || provider.calls() > asked).await;
    call.abort();
    until_stored(&cache, "whole").await;
}

async fn until_stored(cache: &response_cache::ResponseCache, text: &str) {
    common::until("the answer is stored", async || {
        cache.get(&request(text), &CallOptions::new()).await.unwrap().is_some()
    })
    .await;
}

async fn an_abandoned_stream_is_dropped_where_asked(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(30)));
    let cache = builder(&backend, &provider).on_abandon(OnAbandon::Drop).build().unwrap();
    let mut stream = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    stream.chunks.next().await.unwrap().unwrap();
    // As long as one of two is there, it goes on.
    let mut second = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    assert_eq!(second.source, Source::Coalesced);
    drop(stream);
    second.chunks.next().await.unwrap().unwrap();
    assert_eq!(provider.open_streams(), 1);
    drop(second);
    common::until("the request is ended", async || provider.open_streams() == 0).await;
    cache.flush().await.unwrap();
    assert!(cache.get(&request("hi"), &CallOptions::new()).await.unwrap().is_none());
    assert_eq!(cache.statistics().abandoned, 1);
    let stream = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    assert_eq!(said(&chunks(stream.chunks).await), "Echo 2: hi");
    until_stored(&cache, "hi").await;
}

async fn paces(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(60)));
    let cache = cache(&backend, &provider);
    let recorded = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    let recorded = chunks(recorded.chunks).await;
    let count = u32::try_from(recorded.len()).unwrap();
    let replay = async |pace| {
        let start = Instant::now();
        let options = CallOptions::new().with_pace(pace);
        let stream = cache.stream_with(&request("hi"), &options).await.unwrap();
        assert_eq!(stream.source, Source::Hit);
        assert_eq!(texts(&chunks(stream.chunks).await), texts(&recorded));
        start.elapsed()
    };
    assert!(replay(Pace::Recorded { longest_pause: Duration::MAX }).await >= millis(60) * count);
    let short = replay(Pace::Recorded { longest_pause: millis(5) }).await;
    assert!(short >= millis(5) * count);
    let per_second = Pace::PerSecond(NonZeroU32::new(20).unwrap());
    assert!(replay(per_second).await >= millis(50) * count);
    assert!(replay(Pace::Immediate).await < millis(60) * count);
}
