//! What is cached, for how long, and what it saves.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::collections::BTreeSet;
use std::time::Duration;

use cache_core::{ChatRequest, Price, PriceTable, Scope};
use common::{Reply, Script, Store, builder, cache, millis, request, said, ttl, whole};
use response_cache::{CallOptions, Mode, Policy, Source, assemble, split};
use serde_json::json;

on_every_store!(
    a_question_is_asked_once,
    scopes_do_not_share,
    one_entry_serves_both_forms,
    only_steady_requests_are_cached,
    answers_that_did_not_end_well_are_not_kept,
    long_answers_are_not_kept,
    modes,
    lives,
    several_answers,
    stale_while_revalidate,
    stale_if_error,
    statistics,
    removal,
);

async fn source(
    cache: &response_cache::ResponseCache,
    text: &str,
    options: &CallOptions,
) -> Source {
    cache.complete_with(&request(text), options).await.unwrap().source
}

async fn a_question_is_asked_once(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let options = CallOptions::new();
    let first = cache.complete_with(&request("hi"), &options).await.unwrap();
    assert_eq!((first.source, first.is_hit()), (Source::Computed, false));
    let second = cache.complete_with(&request("hi"), &options).await.unwrap();
    assert_eq!((second.source, second.is_hit()), (Source::Hit, true));
    assert_eq!(first.response.body().to_string(), second.response.body().to_string());
    assert_eq!(first.key, second.key);
    assert!(second.age() < Duration::from_secs(60));
    // Another handle, as another program would have it.
    let elsewhere = store.another().await;
    let other = common::cache(&elsewhere, &provider);
    let third = other.complete_with(&request("hi"), &options).await.unwrap();
    assert_eq!(third.source, Source::Hit);
    assert_eq!(third.response.body().to_string(), first.response.body().to_string());
    assert_eq!(provider.calls(), 1);
    assert_eq!(source(&cache, "hello", &options).await, Source::Computed);
}

async fn scopes_do_not_share(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let scopes = [
        Scope::shared(),
        Scope::tenant("1"),
        Scope::tenant("1").with("u", "2"),
        Scope::tenant("1 u2"),
        Scope::tenant("2"),
    ];
    for scope in &scopes {
        let options = CallOptions::new().with_scope(scope.clone());
        assert_eq!(source(&cache, "hi", &options).await, Source::Computed, "{scope:?}");
    }
    for scope in scopes {
        let options = CallOptions::new().with_scope(scope.clone());
        assert_eq!(source(&cache, "hi", &options).await, Source::Hit, "{scope:?}");
    }
}

async fn one_entry_serves_both_forms(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let options = CallOptions::new();
    let streamed = cache.stream_with(&request("first a stream"), &options).await.unwrap();
    let chunks = common::chunks(streamed.chunks).await;
    let answer = cache.complete_with(&request("first a stream"), &options).await.unwrap();
    assert_eq!(answer.source, Source::Hit);
    assert_eq!(answer.response.content(), Some(said(&chunks).as_str()));
    assert_eq!(*answer.response.body(), whole("Echo 1: first a stream"));

    let whole = cache.complete_with(&request("first a whole"), &options).await.unwrap();
    let asking = request("first a whole").with("stream_options", json!({ "include_usage": true }));
    for (request, usage) in [(request("first a whole"), false), (asking, true)] {
        let streamed = cache.stream_with(&request, &options).await.unwrap();
        assert_eq!(streamed.source, Source::Hit);
        let chunks = common::chunks(streamed.chunks).await;
        assert_eq!(chunks, split(whole.response.body(), usage));
        assert_eq!(assemble(&chunks).get("usage").is_some(), usage);
    }
    assert_eq!(provider.calls(), 2);
}

async fn only_steady_requests_are_cached(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let plain = ChatRequest::user("hi");
    for _ in 0..2 {
        let answer = cache.complete_with(&plain, &CallOptions::new()).await.unwrap();
        assert_eq!(answer.source, Source::Computed);
        let stream = cache.stream_with(&plain, &CallOptions::new()).await.unwrap();
        assert_eq!(stream.source, Source::Computed);
        common::chunks(stream.chunks).await;
    }
    assert!(backend.take_calls().is_empty(), "the store was touched");
    assert_eq!(provider.requests()[1].body(), plain.body(), "the request was touched");
    let allowed = CallOptions::new().allow();
    assert_eq!(cache.complete_with(&plain, &allowed).await.unwrap().source, Source::Computed);
    assert_eq!(cache.complete_with(&plain, &allowed).await.unwrap().source, Source::Hit);
    let all = builder(&backend, &provider).policy(Policy::cache_all()).build().unwrap();
    assert_eq!(all.complete_with(&plain, &CallOptions::new()).await.unwrap().source, Source::Hit);
    assert_eq!(cache.statistics().misses_not_cacheable, 4);
}

async fn answers_that_did_not_end_well_are_not_kept(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let mut bad = vec![json!({ "choices": [] }), json!({ "error": { "code": "429" } })];
    for reason in [json!("length"), json!("content_filter"), json!(null)] {
        let mut answer = whole("half an answ");
        answer["choices"][0]["finish_reason"] = reason;
        bad.push(answer);
    }
    let count = bad.len();
    for (index, answer) in bad.into_iter().enumerate() {
        let text = format!("question {index}");
        provider.add(Reply::new(answer.clone(), split(&answer, true)));
        let given = cache.complete_with(&request(&text), &CallOptions::new()).await.unwrap();
        assert_eq!(*given.response.body(), answer);
        assert_eq!(source(&cache, &text, &CallOptions::new()).await, Source::Computed, "{answer}");
        // The same as a stream.
        let text = format!("streamed {index}");
        provider.add(Reply::new(answer.clone(), split(&answer, true)));
        let given = cache.stream_with(&request(&text), &CallOptions::new()).await.unwrap();
        common::chunks(given.chunks).await;
        assert_eq!(source(&cache, &text, &CallOptions::new()).await, Source::Computed, "{answer}");
    }
    assert_eq!(cache.statistics().unfit_answers, 2 * count as u64);
    // An error is nothing to keep either.
    provider.add(Reply::failing());
    cache.complete_with(&request("failing"), &CallOptions::new()).await.unwrap_err();
    assert_eq!(source(&cache, "failing", &CallOptions::new()).await, Source::Computed);
    // Cut answers are, when the policy says so.
    let mut cut = whole("half");
    cut["choices"][0]["finish_reason"] = json!("length");
    provider.add(Reply::new(cut.clone(), vec![]));
    let keeps = Policy::deterministic().with_cut_answers(true);
    let keeps = builder(&backend, &provider).policy(keeps).build().unwrap();
    assert_eq!(source(&keeps, "cut", &CallOptions::new()).await, Source::Computed);
    assert_eq!(source(&keeps, "cut", &CallOptions::new()).await, Source::Hit);
}

async fn long_answers_are_not_kept(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let policy = Policy::deterministic().with_max_bytes(10_000);
    let cache = builder(&backend, &provider).policy(policy).build().unwrap();
    provider.add(Reply::saying(&"long ".repeat(10_000)));
    assert_eq!(source(&cache, "tell me", &CallOptions::new()).await, Source::Computed);
    assert_eq!(source(&cache, "tell me", &CallOptions::new()).await, Source::Computed);
    assert_eq!(source(&cache, "tell me", &CallOptions::new()).await, Source::Hit);
    assert_eq!(cache.statistics().too_long_answers, 1);
}

async fn modes(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let mode = |mode| CallOptions::new().with_mode(mode);
    for untouched in [Mode::ReadOnly, Mode::Bypass] {
        assert_eq!(source(&cache, "hi", &mode(untouched)).await, Source::Computed);
        assert!(cache.get(&request("hi"), &CallOptions::new()).await.unwrap().is_none());
    }
    assert_eq!(source(&cache, "hi", &CallOptions::new()).await, Source::Computed);
    assert_eq!(source(&cache, "hi", &mode(Mode::ReadOnly)).await, Source::Hit);
    assert_eq!(source(&cache, "hi", &mode(Mode::Bypass)).await, Source::Computed);
    assert_eq!(source(&cache, "hi", &mode(Mode::Refresh)).await, Source::Computed);
    let found = cache.get(&request("hi"), &CallOptions::new()).await.unwrap().unwrap();
    assert_eq!(found.response.content(), Some("Echo 5: hi"));
    assert_eq!(provider.calls(), 5);
}

async fn lives(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let rule = |request: &ChatRequest| request.get("seed").map(|_| ttl(50_000));
    let cache = builder(&backend, &provider).ttl(ttl(40_000)).ttl_by(rule).build().unwrap();
    let seeded = ChatRequest::user("hi").with("seed", 1);
    let short = CallOptions::new().with_ttl(ttl(60_000));
    for (request, options, life) in [
        (request("hi"), CallOptions::new(), 40_000),
        (seeded, CallOptions::new(), 50_000),
        (request("short"), short, 60_000),
    ] {
        backend.take_ttls();
        cache.complete_with(&request, &options).await.unwrap();
        cache.flush().await.unwrap();
        assert!(backend.take_ttls().contains(&ttl(life)), "{life}");
    }
    let gone = CallOptions::new().with_ttl(ttl(100));
    assert_eq!(source(&cache, "soon gone", &gone).await, Source::Computed);
    tokio::time::sleep(millis(150)).await;
    assert_eq!(source(&cache, "soon gone", &gone).await, Source::Computed);
    // No answer that is older than the call allows.
    tokio::time::sleep(millis(30)).await;
    let young = CallOptions::new().with_max_age(millis(20));
    assert_eq!(source(&cache, "hi", &young).await, Source::Computed);
    assert_eq!(
        source(&cache, "hi", &CallOptions::new().with_max_age(millis(60_000))).await,
        Source::Hit
    );
}

async fn several_answers(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let three = CallOptions::new().with_variants(3);
    let mut asked = BTreeSet::new();
    for _ in 0..3 {
        let answer = cache.complete_with(&request("hi"), &three).await.unwrap();
        assert_eq!(answer.source, Source::Computed);
        asked.insert(answer.response.content().unwrap().to_owned());
    }
    let mut given = BTreeSet::new();
    for _ in 0..3 {
        let answer = cache.complete_with(&request("hi"), &three).await.unwrap();
        assert_eq!(answer.source, Source::Hit);
        given.insert(answer.response.content().unwrap().to_owned());
    }
    assert_eq!((asked.len(), &asked), (3, &given));
    // Who wants one gets the first.
    assert_eq!(source(&cache, "hi", &CallOptions::new()).await, Source::Hit);
    assert!(cache.remove(&request("hi"), &three).await.unwrap());
    assert_eq!(source(&cache, "hi", &three).await, Source::Computed);
}

async fn stale_while_revalidate(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = builder(&backend, &provider)
        .ttl(ttl(300))
        .stale_while_revalidate(Duration::from_secs(60))
        .build()
        .unwrap();
    let options = CallOptions::new();
    assert_eq!(source(&cache, "hi", &options).await, Source::Computed);
    assert_eq!(source(&cache, "hi", &options).await, Source::Hit);
    tokio::time::sleep(millis(350)).await;
    let stale = cache.complete_with(&request("hi"), &options).await.unwrap();
    assert_eq!((stale.source, stale.response.content()), (Source::Stale, Some("Echo 1: hi")));
    cache.flush().await.unwrap();
    let fresh = cache.get(&request("hi"), &options).await.unwrap().unwrap();
    assert_eq!(fresh.response.content(), Some("Echo 2: hi"));
    // As a stream, and a refresh that fails changes nothing.
    tokio::time::sleep(millis(350)).await;
    provider.add(Reply::failing());
    let stale = cache.stream_with(&request("hi"), &options).await.unwrap();
    assert_eq!(stale.source, Source::Stale);
    assert_eq!(said(&common::chunks(stale.chunks).await), "Echo 2: hi");
    cache.flush().await.unwrap();
    assert_eq!(provider.calls(), 3);
    assert_eq!(source(&cache, "hi", &options).await, Source::Stale);
}

async fn stale_if_error(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = builder(&backend, &provider)
        .ttl(ttl(100))
        .stale_if_error(Duration::from_secs(60))
        .build()
        .unwrap();
    let options = CallOptions::new();
    assert_eq!(source(&cache, "hi", &options).await, Source::Computed);
    tokio::time::sleep(millis(150)).await;
    provider.add(Reply::failing());
    let stale = cache.complete_with(&request("hi"), &options).await.unwrap();
    assert_eq!((stale.source, stale.response.content()), (Source::Stale, Some("Echo 1: hi")));
    provider.add(Reply::failing());
    let stale = cache.stream_with(&request("hi"), &options).await.unwrap();
    assert_eq!(stale.source, Source::Stale);
    assert_eq!(said(&common::chunks(stale.chunks).await), "Echo 1: hi");
    assert_eq!(source(&cache, "hi", &options).await, Source::Computed);
}

async fn statistics(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(20)));
    let prices =
        PriceTable::empty().with_price("gpt-4o-mini", Price::per_million_of(1.0, 0.1, 4.0));
    let cache = builder(&backend, &provider).prices(prices).build().unwrap();
    let dollars = (600.0 + 40.0 + 400.0) / 1e6;
    let options = CallOptions::new();
    common::chunks(cache.stream_with(&request("hi"), &options).await.unwrap().chunks).await;
    let counted = cache.statistics();
    assert_eq!((counted.misses_absent, counted.provider_calls, counted.writes), (1, 1, 1));
    assert_eq!((counted.prompt_tokens_spent, counted.completion_tokens_spent), (1000, 100));
    assert!((counted.money_spent() - dollars).abs() < 1e-12);
    assert!(counted.raw_bytes > counted.stored_bytes && counted.stored_bytes > 0);
    for _ in 0..3 {
        source(&cache, "hi", &options).await;
    }
    let counted = cache.statistics();
    assert_eq!((counted.hits, counted.provider_calls), (3, 1));
    assert_eq!((counted.prompt_tokens_saved, counted.completion_tokens_saved), (3000, 300));
    assert!((counted.money_saved() - 3.0 * dollars).abs() < 1e-12);
    assert!(counted.time_saved() >= millis(60));
    assert!((counted.hit_rate() - 0.75).abs() < 1e-9);
    let shared = cache.shared_statistics().await.unwrap().unwrap();
    assert_eq!(shared, counted);
    let other = store.another().await;
    let seen = common::cache(&other, &provider).shared_statistics().await.unwrap().unwrap();
    assert_eq!(seen, counted);
}

async fn removal(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let options = CallOptions::new();
    assert!(!cache.remove(&request("hi"), &options).await.unwrap());
    source(&cache, "hi", &options).await;
    assert!(cache.get(&request("hi"), &options).await.unwrap().is_some());
    assert!(cache.remove(&request("hi"), &options).await.unwrap());
    assert!(cache.get(&request("hi"), &options).await.unwrap().is_none());
    source(&cache, "hi", &options).await;
    assert!(cache.usage().await.unwrap().entries >= 1);
    cache.clear().await.unwrap();
    assert!(cache.get(&request("hi"), &options).await.unwrap().is_none());
}

/// Futures are moved as they are combined: what only a miss needs has no place in a hit's.
#[tokio::test]
async fn a_call_is_small() {
    let cache = cache(&Store::memory().watched(), &Script::new([]));
    let (request, options) = (request("?"), CallOptions::new());
    let whole = size_of_val(&cache.complete_with(&request, &options));
    let stream = size_of_val(&cache.stream_with(&request, &options));
    assert!(whole < 2_000, "{whole} bytes");
    assert!(stream < 2_000, "{stream} bytes");
}
