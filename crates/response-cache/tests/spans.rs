//! The spans of calls, as a subscriber sees them.
#![allow(clippy::unwrap_used)]

mod common;

use cache_core::{ChatRequest, Scope};
use cache_test_support::Spans;
use common::{Operation, Reply, Script, Store, cache, chunks, millis, request};
use response_cache::{CallOptions, Group};

const TEXT: &str = "ttt a question of a user ttt";
const TENANT: &str = "nnn-tenant-nnn";
const TAG: &str = "ggg-tag-ggg";

#[tokio::test]
async fn calls_are_spans_that_name_no_text() {
    let (spans, _guard) = Spans::capture();
    let backend = Store::memory().watched();
    let provider = Script::echo(millis(20));
    let cache = cache(&backend, &provider);
    let options = CallOptions::new().with_scope(Scope::tenant(TENANT)).with_tag(TAG);

    cache.complete_with(&request(TEXT), &options).await.unwrap();
    cache.complete_with(&request(TEXT), &options).await.unwrap();
    chunks(cache.stream_with(&request(TEXT), &options).await.unwrap().chunks).await;
    cache.complete_with(&ChatRequest::user(TEXT), &options).await.unwrap();
    let both = request("ttt both ttt");
    let (computed, joined) =
        tokio::join!(cache.complete_with(&both, &options), cache.complete_with(&both, &options));
    assert!(computed.is_ok() && joined.is_ok());
    cache.invalidate(&Group::Tag(TAG.to_owned())).await.unwrap();
    cache.get(&request(TEXT), &options).await.unwrap();
    cache.remove(&request(TEXT), &options).await.unwrap();
    cache.remove(&request(TEXT), &options).await.unwrap();
    let late = request("too late");
    tokio::time::timeout(millis(1), cache.complete_with(&late, &options)).await.unwrap_err();
    cache.flush().await.unwrap();
    let expected = [
        "cause=absent messages=1 operation=complete outcome=computed",
        "messages=1 operation=complete outcome=hit",
        "messages=1 operation=stream outcome=hit",
        "cause=not_cacheable messages=1 operation=complete outcome=computed",
        "cause=absent messages=1 operation=complete outcome=computed",
        "cause=absent messages=1 operation=complete outcome=coalesced",
        "operation=invalidate outcome=ok",
        "cause=invalidated messages=1 operation=get outcome=miss",
        "messages=1 operation=remove outcome=ok",
        "messages=1 operation=remove outcome=miss",
        "cause=absent messages=1 operation=complete outcome=dropped",
        "operation=flush outcome=ok",
    ];
    assert_eq!(spans.named("cache_response"), expected);
    assert_clean(&spans, &cache.key(&request(TEXT), &options).to_string());
}

#[tokio::test]
async fn what_fails_is_said_by_its_kind() {
    let (spans, _guard) = Spans::capture();
    let backend = Store::memory().watched();
    let provider = Script::new([]);
    let (cache, options) = (cache(&backend, &provider), CallOptions::new());
    backend.fail(&[Operation::Get], millis(0));
    cache.complete_with(&request(TEXT), &options).await.unwrap();
    cache.get(&request(TEXT), &options).await.unwrap_err();
    backend.recover();
    provider.add(Reply::failing());
    cache.complete_with(&request(TEXT), &options).await.unwrap_err();
    let expected = [
        "cause=store_error messages=1 operation=complete outcome=computed",
        "cause=store_error messages=1 operation=get outcome=timeout",
        "cause=absent messages=1 operation=complete outcome=unavailable",
    ];
    assert_eq!(spans.named("cache_response"), expected);
    assert_clean(&spans, &cache.key(&request(TEXT), &options).to_string());
}

fn assert_clean(spans: &Spans, key: &str) {
    let seen = spans.everything();
    for secret in ["ttt", TENANT, TAG, key] {
        assert!(!seen.contains(secret), "{secret} is in {seen}");
    }
}
