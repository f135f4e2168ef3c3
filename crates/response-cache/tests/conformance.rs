//! The cache is a provider of chats like any other, on hits and on misses.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;

use cache_core::conformance::chat;
use common::{Script, Store, builder, millis};
use response_cache::Policy;

on_every_store!(a_cache_is_a_provider, a_cache_that_caches_nothing_is_a_provider);

async fn a_cache_is_a_provider(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(1)));
    let cache = builder(&backend, &provider).policy(Policy::cache_all()).build().unwrap();
    chat::run(Arc::new(cache.clone())).await;
    chat::run(Arc::new(cache.clone())).await;
    chat::concurrency(Arc::new(cache.clone()), |question, answer| answer.ends_with(question)).await;
    assert!(cache.statistics().hits > 20);
}

async fn a_cache_that_caches_nothing_is_a_provider(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(1)));
    let cache = builder(&backend, &provider).build().unwrap();
    chat::run(Arc::new(cache.clone())).await;
    assert_eq!(cache.statistics().hits, 0);
}
