//! Groups of entries become invisible at once, for good, and no others.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::time::Duration;

use cache_core::{CacheBackend, ChatProvider, Scope};
use common::{Operation, Script, Store, builder, cache, chunks, millis, request, said, until};
use response_cache::{CallOptions, Group, Source};

on_every_store!(
    groups_and_no_others,
    tags_of_others_are_noticed_in_time,
    an_invalidation_is_one_round_trip,
    what_was_asked_for_before_is_invisible,
    a_lost_identifier_only_causes_misses,
    hits_need_one_round_trip,
);

async fn source(cache: &response_cache::ResponseCache, options: &CallOptions) -> Source {
    cache.complete_with(&request("hi"), options).await.unwrap().source
}

fn in_scope(scope: &Scope) -> CallOptions {
    CallOptions::new().with_scope(scope.clone())
}

async fn groups_and_no_others(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let elsewhere = store.another().await;
    let another = common::cache(&elsewhere, &provider);
    let acme = Scope::tenant("acme");
    let user = acme.clone().with("user", "42");
    let all = [
        ("shared", CallOptions::new()),
        ("acme", in_scope(&acme).with_tag("manual")),
        ("acme's user", in_scope(&user)),
        ("another tenant", in_scope(&Scope::tenant("b")).with_tag("manual").with_tag("law")),
    ];
    let model = provider.identity();
    for (group, gone) in [
        (Group::Tag("manual".to_owned()), vec!["acme", "another tenant"]),
        (Group::Tag("nobody's".to_owned()), vec![]),
        (Group::Scope(acme.clone()), vec!["acme", "acme's user"]),
        (Group::Scope(user.clone()), vec!["acme's user"]),
        (Group::Scope(Scope::shared()), vec!["shared"]),
        (Group::Scope(Scope::shared().with("user", "42")), vec!["acme's user"]),
        (Group::Model(model.clone()), vec!["shared", "acme", "acme's user", "another tenant"]),
        (Group::Model(cache_core::ModelIdentity::new("script", "gpt-5")), vec![]),
        (Group::Everything, vec!["shared", "acme", "acme's user", "another tenant"]),
    ] {
        for (_, options) in &all {
            source(&cache, options).await;
            assert_eq!(source(&cache, options).await, Source::Hit);
        }
        another.invalidate(&group).await.unwrap();
        for (name, options) in &all {
            let expected = if gone.contains(name) { Source::Computed } else { Source::Hit };
            assert_eq!(source(&cache, options).await, expected, "{name} after {group:?}");
        }
    }
    assert!(cache.statistics().misses_invalidated >= 14);
}

async fn tags_of_others_are_noticed_in_time(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = builder(&backend, &provider).trust_tags_for(millis(300)).build().unwrap();
    let another = common::cache(&store.another().await, &provider);
    let (tagged, plain) = (CallOptions::new().with_tag("manual"), CallOptions::new());
    source(&cache, &tagged).await;
    assert_eq!(source(&cache, &plain).await, Source::Hit); // From now on it trusts what it read.
    another.invalidate(&Group::Tag("manual".to_owned())).await.unwrap();
    tokio::time::sleep(millis(350)).await;
    assert_eq!(source(&cache, &plain).await, Source::Computed);
    // One's own invalidation is noticed at once.
    source(&cache, &tagged.clone().with_mode(response_cache::Mode::Refresh)).await;
    assert_eq!(source(&cache, &plain).await, Source::Hit);
    cache.invalidate(&Group::Tag("manual".to_owned())).await.unwrap();
    assert_eq!(source(&cache, &plain).await, Source::Computed);
}

async fn an_invalidation_is_one_round_trip(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let options = CallOptions::new().with_tag("manual");
    for i in 0..50 {
        cache.complete_with(&request(&i.to_string()), &options).await.unwrap();
    }
    cache.flush().await.unwrap();
    backend.take_calls();
    cache.invalidate(&Group::Tag("manual".to_owned())).await.unwrap();
    assert_eq!(backend.take_calls(), [(Operation::Remove, 1)].into());
    for i in 0..50 {
        let found = cache.get(&request(&i.to_string()), &options).await.unwrap();
        assert!(found.is_none());
    }
}

async fn what_was_asked_for_before_is_invisible(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(100)));
    let cache = cache(&backend, &provider);
    let acme = Scope::tenant("acme");
    let options = in_scope(&acme).with_tag("manual");
    for (round, group) in
        [Group::Everything, Group::Tag("manual".to_owned()), Group::Scope(acme.clone())]
            .iter()
            .enumerate()
    {
        let asked = provider.calls();
        let before = cache.stream_with(&request("hi"), &options).await.unwrap();
        assert_eq!((before.source, provider.calls()), (Source::Computed, asked + 1));
        cache.invalidate(group).await.unwrap();
        // Who comes now does not join what was asked for before …
        let after = cache.complete_with(&request("hi"), &options).await.unwrap();
        assert_eq!((after.source, provider.calls()), (Source::Computed, asked + 2), "{round}");
        assert_eq!(said(&chunks(before.chunks).await), format!("Echo {}: hi", asked + 1));
        cache.flush().await.unwrap();
        // … nor finds it, in whatever order the two were stored.
        let found = cache.get(&request("hi"), &options).await.unwrap();
        if let Some(found) = found {
            let expected = format!("Echo {}: hi", asked + 2);
            assert_eq!(found.response.content(), Some(expected.as_str()));
        }
        cache.remove(&request("hi"), &options).await.unwrap();
    }
}

async fn a_lost_identifier_only_causes_misses(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache = cache(&backend, &provider);
    let options = CallOptions::new().with_tag("manual");
    source(&cache, &options).await;
    assert_eq!(source(&cache, &options).await, Source::Hit);
    // What an eviction would do.
    let mut lost = 0;
    for group in [Group::Everything, Group::Tag("manual".to_owned())] {
        cache.invalidate(&group).await.unwrap();
        lost += 1;
        assert_eq!(source(&cache, &options).await, Source::Computed);
        assert_eq!(source(&cache, &options).await, Source::Hit);
    }
    assert_eq!(cache.statistics().misses_invalidated, lost);
    until("all is written", async || cache.flush().await.is_ok()).await;
    assert!(backend.usage(cache.namespace()).await.unwrap().entries >= 4);
}

async fn hits_need_one_round_trip(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let cache =
        builder(&backend, &provider).trust_tags_for(Duration::from_secs(60)).build().unwrap();
    let options =
        CallOptions::new().with_tag("manual").with_scope(Scope::tenant("acme").with("u", "1"));
    source(&cache, &options).await;
    source(&cache, &options).await;
    cache.flush().await.unwrap();
    backend.take_calls();
    assert_eq!(source(&cache, &options).await, Source::Hit);
    cache.flush().await.unwrap();
    let calls = || {
        let mut calls = backend.take_calls();
        calls.remove(&Operation::AddCounters); // Of the flush.
        calls
    };
    assert_eq!(calls(), [(Operation::Get, 1)].into());
    // A miss: the read, the lease, the write.
    cache.complete_with(&request("another"), &options).await.unwrap();
    cache.flush().await.unwrap();
    let expected = [(Operation::Get, 1), (Operation::Lease, 1), (Operation::Put, 1)];
    assert_eq!(calls(), expected.into());
}
