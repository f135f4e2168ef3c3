//! A deployment is given another model: its replies say so.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;

use cache_core::{ProviderError, ProviderErrorKind};
use common::{
    Operation, Reply, Script, Store, builder, cache, drain, millis, request, streamed, until, whole,
};
use response_cache::{CallOptions, Error, ModelChange, ResponseCache, Source};

on_every_store!(
    answers_of_the_old_model_are_not_given,
    another_process_notices,
    what_is_remembered_condemns_nothing,
    a_hit_needs_one_round_trip_even_when_the_record_is_read,
    another_model_can_be_taken_for_the_same,
    another_model_can_be_refused,
    a_stream_of_another_model_can_be_refused,
);

const OLD: &str = "gpt-4o-mini-2024-07-18";
const NEW: &str = "gpt-5-mini-2025-08-07";

/// A reply of the new model.
fn new(text: &str) -> Reply {
    let named = |mut body: serde_json::Value| {
        if body["model"] == OLD {
            body["model"] = NEW.into();
        }
        body
    };
    Reply::new(named(whole(text)), streamed(text).into_iter().map(named).collect())
}

async fn ask(cache: &ResponseCache, text: &str) -> (Source, String) {
    let answer = cache.complete_with(&request(text), &CallOptions::new()).await.unwrap();
    (answer.source, answer.response.model().unwrap().to_owned())
}

async fn has(cache: &ResponseCache, text: &str) -> bool {
    cache.get(&request(text), &CallOptions::new()).await.unwrap().is_some()
}

/// A cache that has these answers of the old model.
async fn filled(store: &Store, provider: &Arc<Script>, policy: ModelChange) -> ResponseCache {
    let cache = builder(&store.watched(), provider).model_change(policy).build().unwrap();
    for text in ["one", "two"] {
        assert_eq!(ask(&cache, text).await, (Source::Computed, OLD.to_owned()));
    }
    cache.flush().await.unwrap();
    cache
}

async fn answers_of_the_old_model_are_not_given(store: Store) {
    let provider = Script::new([]);
    let cache = filled(&store, &provider, ModelChange::Follow).await;
    provider.add(new("redeployed"));
    assert_eq!(ask(&cache, "three").await, (Source::Computed, NEW.to_owned()));
    assert!(has(&cache, "three").await && !has(&cache, "one").await);
    provider.add(new("anew"));
    assert_eq!(ask(&cache, "one").await, (Source::Computed, NEW.to_owned()));
    assert_eq!(ask(&cache, "one").await, (Source::Hit, NEW.to_owned()));
    // A stream tells as well, and is told.
    provider.add(Reply::saying("back again"));
    let stream = cache.stream_with(&request("two"), &CallOptions::new()).await.unwrap();
    assert_eq!(stream.source, Source::Computed);
    assert!(drain(stream.chunks).await.1.is_none());
    assert!(has(&cache, "two").await && !has(&cache, "one").await);
    let counted = cache.statistics();
    assert_eq!((counted.model_changes, counted.misses_model_changed), (2, 2));
    assert_eq!(counted.misses_invalidated, 0);
}

async fn another_process_notices(store: Store) {
    let provider = Script::new([]);
    let first = filled(&store, &provider, ModelChange::Follow).await;
    let another = cache(&store.another().await, &provider);
    assert_eq!(ask(&another, "one").await, (Source::Hit, OLD.to_owned()));
    provider.add(new("redeployed"));
    ask(&first, "three").await;
    first.flush().await.unwrap();
    until("the other process notices", async || !has(&another, "one").await).await;
    // One that starts only now knows at once.
    let third = cache(&store.another().await, &provider);
    assert!(has(&third, "three").await && !has(&third, "one").await);
}

async fn what_is_remembered_condemns_nothing(store: Store) {
    let provider = Script::new([]);
    let first = filled(&store, &provider, ModelChange::Follow).await;
    let another = cache(&store.another().await, &provider);
    assert_eq!(ask(&another, "one").await, (Source::Hit, OLD.to_owned()));
    provider.add(new("redeployed"));
    ask(&first, "three").await;
    first.flush().await.unwrap();
    assert_eq!(ask(&another, "three").await, (Source::Hit, NEW.to_owned()));
}

async fn a_hit_needs_one_round_trip_even_when_the_record_is_read(store: Store) {
    let provider = Script::new([]);
    filled(&store, &provider, ModelChange::Follow).await;
    let watched = store.watched();
    let cache = cache(&watched, &provider);
    ask(&cache, "one").await;
    cache.flush().await.unwrap();
    for pause in [0, 0, 1_100] {
        tokio::time::sleep(millis(pause)).await;
        watched.take_calls();
        assert_eq!(ask(&cache, "one").await.0, Source::Hit);
        assert_eq!(watched.take_calls(), [(Operation::Get, 1)].into());
    }
}

async fn another_model_can_be_taken_for_the_same(store: Store) {
    let provider = Script::new([]);
    let cache = filled(&store, &provider, ModelChange::Warn).await;
    provider.add(new("by another name"));
    ask(&cache, "three").await;
    assert_eq!(ask(&cache, "one").await, (Source::Hit, OLD.to_owned()));
    assert_eq!(ask(&cache, "three").await, (Source::Hit, NEW.to_owned()));
    let counted = cache.statistics();
    assert_eq!((counted.model_changes, counted.misses_model_changed), (1, 0));
}

async fn another_model_can_be_refused(store: Store) {
    let provider = Script::new([]);
    let cache = filled(&store, &provider, ModelChange::Refuse).await;
    provider.add(new("refused"));
    let asked = cache.complete_with(&request("three"), &CallOptions::new()).await;
    let Err(Error::Provider(error)) = asked else { panic!("{asked:?}") };
    assert_eq!(error.kind(), ProviderErrorKind::WrongModel);
    assert!(!has(&cache, "three").await);
    assert_eq!(ask(&cache, "one").await, (Source::Hit, OLD.to_owned()));
    assert_eq!(cache.statistics().model_changes, 1);
    assert!(cache.statistics().prompt_tokens_spent >= 3_000); // It was billed all the same.
    cache.clear().await.unwrap();
    provider.add(new("accepted"));
    assert_eq!(ask(&cache, "one").await, (Source::Computed, NEW.to_owned()));
}

async fn a_stream_of_another_model_can_be_refused(store: Store) {
    let provider = Script::new([]);
    let cache = filled(&store, &provider, ModelChange::Refuse).await;
    provider.add(new("refused"));
    let stream = cache.stream_with(&request("three"), &CallOptions::new()).await.unwrap();
    let (chunks, error) = drain(stream.chunks).await;
    assert_eq!(error.as_ref().map(ProviderError::kind), Some(ProviderErrorKind::WrongModel));
    assert!(!common::said(&chunks).contains("refused"));
    assert!(!has(&cache, "three").await);
}
