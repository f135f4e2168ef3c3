//! The spans of calls, as a subscriber sees them.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use cache_core::Scope;
use cache_test_support::Spans;
use common::{Operation, Store, TestProvider, builder, cache, closures, millis, vector};
use embedding_cache::{Error, Mode};

const TEXT: &str = "ttt a text of a user ttt";
const OTHER: &str = "ooo another ooo";
const TENANT: &str = "nnn-tenant-nnn";

#[tokio::test]
async fn calls_are_spans_that_name_no_text() {
    let (spans, _guard) = Spans::capture();
    let backend = Store::memory().watched();
    let provider = Arc::new(TestProvider::new().with_delay(millis(20)));
    let cache = cache(&backend, &provider);
    let model = cache.provider().unwrap().clone().with_scope(Scope::tenant(TENANT));
    let fresh = model.clone().with_mode(Mode::Refresh);

    model.embed(TEXT).await.unwrap();
    model.embed(TEXT).await.unwrap();
    model.embed_batch(&[TEXT, OTHER]).await.unwrap();
    fresh.embed(TEXT).await.unwrap();
    let (computed, joined) = tokio::join!(model.embed("both"), model.embed("both"));
    assert_eq!(computed.unwrap(), joined.unwrap());
    model.get("never seen").await.unwrap();
    model.contains_batch(&[TEXT, "never seen"]).await.unwrap();
    model.put(TEXT, vector(TEXT)).await.unwrap();
    model.remove(TEXT).await.unwrap();
    tokio::time::timeout(millis(1), model.embed("too late")).await.unwrap_err();
    cache.flush().await.unwrap();
    let expected = [
        "cause=absent operation=embed outcome=computed texts=1",
        "operation=embed outcome=hit texts=1",
        "cause=absent operation=embed outcome=mixed texts=2",
        "cause=refresh operation=embed outcome=computed texts=1",
        "cause=absent operation=embed outcome=computed texts=1",
        "cause=absent operation=embed outcome=coalesced texts=1",
        "cause=absent operation=get outcome=miss texts=1",
        "operation=contains outcome=mixed texts=2",
        "operation=put outcome=ok texts=1",
        "operation=remove outcome=ok texts=1",
        "cause=absent operation=embed outcome=dropped texts=1",
        "operation=flush outcome=ok",
    ];
    assert_eq!(spans.named("cache_embedding"), expected);
    assert_clean(&spans, &model.key(TEXT).to_string());
}

#[tokio::test]
async fn what_fails_is_said_by_its_kind() {
    let (spans, _guard) = Spans::capture();
    let backend = Store::memory().watched();
    let provider = Arc::new(TestProvider::new());
    let cache = cache(&backend, &provider);
    let model = cache.provider().unwrap();
    backend.fail(&[Operation::Get], millis(0));
    model.embed(TEXT).await.unwrap();
    model.get(TEXT).await.unwrap_err();
    let strict = builder(&backend, &provider).strict(true).build().unwrap();
    strict.embed(TEXT).await.unwrap_err();
    backend.recover();
    provider.fail();
    model.embed(OTHER).await.unwrap_err();
    model.embed("").await.unwrap_err();
    let expected = [
        "cause=store_error operation=embed outcome=computed texts=1",
        "cause=store_error operation=get outcome=timeout texts=1",
        "cause=store_error operation=embed outcome=timeout texts=1",
        "cause=absent operation=embed outcome=rate_limited texts=1",
        "operation=embed outcome=invalid_input texts=1",
    ];
    assert_eq!(spans.named("cache_embedding"), expected);
    assert_clean(&spans, &model.key(TEXT).to_string());
}

#[tokio::test]
async fn calls_with_closures_are_spans() {
    let (spans, _guard) = Spans::capture();
    let cache = closures(&Store::memory().watched());
    let model = cache.model("by-closure");
    let one = |text: String| async move { Ok::<_, Error>(vector(&text)) };
    let many = |texts: Vec<String>| async move {
        Ok::<_, Error>(texts.iter().map(|text| vector(text)).collect())
    };
    model.get_or_compute(TEXT, one).await.unwrap();
    model.get_or_compute(TEXT, one).await.unwrap();
    model.get_or_compute_borrowed(TEXT, one).await.unwrap();
    model.get_or_compute_batch(&[TEXT, OTHER], many).await.unwrap();
    model.get_or_compute_batch_borrowed(&[TEXT, OTHER], many).await.unwrap();
    let expected = [
        "cause=absent operation=get_or_compute outcome=computed texts=1",
        "operation=get_or_compute outcome=hit texts=1",
        "operation=get_or_compute outcome=hit texts=1",
        "cause=absent operation=get_or_compute outcome=mixed texts=2",
        "operation=get_or_compute outcome=hit texts=2",
    ];
    assert_eq!(spans.named("cache_embedding"), expected);
    assert_clean(&spans, &model.key(TEXT).to_string());
}

fn assert_clean(spans: &Spans, key: &str) {
    let seen = spans.everything();
    for secret in [TEXT, OTHER, "never seen", TENANT, key] {
        assert!(!seen.contains(secret), "{secret} is in {seen}");
    }
}
