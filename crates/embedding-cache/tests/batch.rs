//! Batches: what is asked of the provider, in what order, and in how many round trips.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use cache_core::{
    EmbedResponse, Embedding, ProviderError, ProviderErrorKind, ProviderLimits, estimate_tokens,
};
use common::{Operation, Store, TestProvider, bits, builder, cache, texts, until, vector};
use embedding_cache::{Coordination, Error, Mode, Source};
use redis_test_server::Proxy;

on_every_store!(
    only_misses_reach_the_provider,
    calls_stay_within_the_token_limit,
    duplicates_are_computed_once,
    a_batch_is_one_read_and_one_write,
    a_failed_part_fails_only_its_own_texts,
    a_refused_text_fails_alone,
    empty_texts_are_named,
    nothing_is_asked_for_an_empty_batch,
    a_finished_part_does_not_wait_for_a_slow_one,
    bypass_goes_by_the_limits_too,
);

fn all_right(found: &[Embedding], texts: &[String]) -> bool {
    found.len() == texts.len()
        && found.iter().zip(texts).all(|(found, text)| bits(found) == bits(&vector(text)))
}

async fn only_misses_reach_the_provider(store: Store) {
    let texts = texts(1_000);
    let backend = store.watched();
    let (missing, known): (Vec<_>, Vec<_>) =
        texts.iter().cloned().enumerate().partition(|(i, _)| i % 10 == 3);
    let known: Vec<_> = known.into_iter().map(|(_, text)| text).collect();
    let missing: Vec<_> = missing.into_iter().map(|(_, text)| text).collect();
    cache(&backend, &Arc::new(TestProvider::new())).embed_batch(&known).await.unwrap();

    let limits = ProviderLimits::default().with_max_inputs(30).with_max_concurrency(1);
    let provider = Arc::new(TestProvider::new().with_limits(limits));
    let cache = cache(&backend, &provider);
    let lookups = cache.provider().unwrap().embed_each(&texts).await.unwrap();

    for (index, (lookup, text)) in lookups.iter().zip(&texts).enumerate() {
        let lookup = lookup.as_ref().unwrap();
        assert_eq!(bits(&lookup.embedding), bits(&vector(text)), "text {index}");
        let expected = if index % 10 == 3 { Source::Computed } else { Source::Hit };
        assert_eq!(lookup.source, expected, "text {index}");
    }
    let sizes: Vec<_> = provider.calls().iter().map(Vec::len).collect();
    assert_eq!(sizes, [30, 30, 30, 10]);
    assert_eq!(provider.inputs(), missing);
    let statistics = cache.statistics();
    assert_eq!((statistics.hits, statistics.misses_absent), (900, 100));
}

async fn calls_stay_within_the_token_limit(store: Store) {
    let texts: Vec<_> = (1..=60).map(|i| format!("{i} {}", "한글 word ".repeat(i % 9))).collect();
    let limits = ProviderLimits::default().with_max_tokens(100);
    let provider = Arc::new(TestProvider::new().with_limits(limits));
    let found = cache(&store.watched(), &provider).embed_batch(&texts).await.unwrap();
    assert!(all_right(&found, &texts));
    for call in provider.calls() {
        assert!(call.iter().map(|text| estimate_tokens(text)).sum::<usize>() <= 100);
    }
    assert!(provider.call_count() > 5);
    let mut inputs = provider.inputs();
    inputs.sort();
    let mut expected = texts.clone();
    expected.sort();
    assert_eq!(inputs, expected);
}

async fn duplicates_are_computed_once(store: Store) {
    let (provider, backend) = (Arc::new(TestProvider::new()), store.watched());
    let cache = cache(&backend, &provider);
    let texts = ["b", "a", "b", "c", "a", "b"].map(String::from);
    assert!(all_right(&cache.embed_batch(&texts).await.unwrap(), &texts));
    assert_eq!(provider.calls(), [["b", "a", "c"]]);
    // Half of them known, and the unknown ones more than once.
    let texts = ["d", "a", "d", "e", "a", "d"].map(String::from);
    assert!(all_right(&cache.embed_batch(&texts).await.unwrap(), &texts));
    assert_eq!(provider.calls()[1..], [["d", "e"]]);

    let closure = |given: Vec<String>| async move {
        assert_eq!(given, ["b", "a", "c"]);
        Ok::<_, anyhow::Error>(given.iter().map(|text| vector(text)).collect())
    };
    let texts = ["b", "a", "b", "c", "a", "b"].map(String::from);
    let found = cache.get_or_compute_batch(&texts, "a closure's model", closure).await.unwrap();
    assert!(all_right(&found, &texts));
}

async fn a_batch_is_one_read_and_one_write(store: Store) {
    use Operation::{Get, Lease, Put};
    let texts = texts(200);
    let backend = store.watched();
    let modes = [
        (Coordination::Process, vec![(Get, 1), (Put, 1)]),
        (Coordination::default(), vec![(Get, 1), (Put, 1), (Lease, 1)]),
    ];
    for (generation, (coordination, expected)) in (1..).zip(modes) {
        let limits = ProviderLimits::default().with_max_inputs(7);
        let provider = Arc::new(TestProvider::new().with_limits(limits));
        let cache = builder(&backend, &provider)
            .coordination(coordination)
            .generation(generation)
            .build()
            .unwrap();
        cache.embed_batch(&texts[..150]).await.unwrap();
        assert_eq!(backend.take_calls(), expected.clone().into_iter().collect(), "all missing");
        cache.embed_batch(&texts).await.unwrap();
        assert_eq!(backend.take_calls(), expected.into_iter().collect(), "some missing");
        assert!(all_right(&cache.embed_batch(&texts).await.unwrap(), &texts));
        assert_eq!(backend.take_calls(), [(Get, 1)].into(), "all known");
        cache.embed(&texts[0]).await.unwrap();
        assert_eq!(backend.take_calls(), [(Get, 1)].into(), "one known");
    }
}

/// The same on the wire, where a pipeline must not turn into several exchanges.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_on_a_server_is_three_round_trips_or_one() {
    let mut store = Store::redis().await;
    let proxy = Proxy::start(store.server().port());
    let backend = Arc::new(common::Watched::new(Store::open(&proxy.url()).await));
    let cache = cache(&backend, &Arc::new(TestProvider::new()));
    cache.embed("the server learns the scripts").await.unwrap();

    proxy.set_hold(Duration::from_millis(40));
    let texts = texts(500);
    let before = proxy.round_trips();
    cache.embed_batch(&texts).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 3, "read, lease, write");
    let before = proxy.round_trips();
    assert!(all_right(&cache.embed_batch(&texts).await.unwrap(), &texts));
    assert_eq!(proxy.round_trips() - before, 1, "read");
}

async fn a_failed_part_fails_only_its_own_texts(store: Store) {
    let limits = ProviderLimits::default().with_max_inputs(2);
    let script = |inputs: &[&str]| {
        let error = ProviderError::new(ProviderErrorKind::InputTooLong, "too long").with_input(1);
        inputs.contains(&"5").then_some(Err(error))
    };
    let provider = Arc::new(TestProvider::new().with_limits(limits).with_script(script));
    let cache = cache(&store.watched(), &provider);
    let texts: Vec<_> = (0..9).map(|i| i.to_string()).collect();
    let results = cache.provider().unwrap().embed_each(&texts).await.unwrap();
    for (index, (result, text)) in results.iter().zip(&texts).enumerate() {
        match result {
            Ok(lookup) => assert_eq!(bits(&lookup.embedding), bits(&vector(text))),
            Err(Error::Provider(error)) => {
                assert!([4, 5].contains(&index));
                assert_eq!(error.input(), Some(5), "the index within the caller's batch");
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 2);
    let stored = cache.provider().unwrap().contains_batch(&texts).await.unwrap();
    assert_eq!(stored, [true, true, true, true, false, false, true, true, true]);

    let error = cache.embed_batch(&texts).await.unwrap_err();
    assert!(matches!(error, Error::Provider(e) if e.kind() == ProviderErrorKind::InputTooLong));
    provider.recover();
    provider.forget_calls();
    assert!(all_right(&cache.embed_batch(&texts).await.unwrap(), &texts));
    assert_eq!(provider.calls(), [["4", "5"]]);
}

async fn a_refused_text_fails_alone(store: Store) {
    let script = |inputs: &[&str]| {
        let refuse = |text: &&str| match *text {
            "bad" => Err(ProviderError::new(ProviderErrorKind::ContentFiltered, "filtered")),
            text => Ok(Embedding::new(vector(text)).unwrap()),
        };
        Some(Ok(EmbedResponse::partial(inputs.iter().map(refuse).collect())))
    };
    let provider = Arc::new(TestProvider::new().with_script(script));
    let cache = cache(&store.watched(), &provider);
    let results = cache.provider().unwrap().embed_each(&["a", "b", "bad", "c"]).await.unwrap();
    let Err(Error::Provider(error)) = &results[2] else { panic!("it was refused") };
    assert_eq!((error.kind(), error.input()), (ProviderErrorKind::ContentFiltered, Some(2)));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    assert_eq!(cache.usage().await.unwrap().entries, 3);
}

async fn empty_texts_are_named(store: Store) {
    let provider = Arc::new(TestProvider::new());
    let cache = cache(&store.watched(), &provider);
    let results = cache.provider().unwrap().embed_each(&["", "a", "", "a"]).await.unwrap();
    for index in [0, 2] {
        assert!(matches!(results[index], Err(Error::EmptyText(i)) if i == index));
    }
    for index in [1, 3] {
        assert_eq!(bits(&results[index].as_ref().unwrap().embedding), bits(&vector("a")));
    }
    assert_eq!(provider.calls(), [["a"]]);
    assert!(matches!(cache.embed("").await, Err(Error::EmptyText(0))));
    assert!(matches!(cache.embed_batch(&["a", ""]).await, Err(Error::EmptyText(1))));
    let results = cache.provider().unwrap().embed_each(&["", ""]).await.unwrap();
    assert!(matches!(results[..], [Err(Error::EmptyText(0)), Err(Error::EmptyText(1))]));
    assert_eq!(provider.call_count(), 1);
}

async fn nothing_is_asked_for_an_empty_batch(store: Store) {
    let (provider, backend) = (Arc::new(TestProvider::new()), store.watched());
    let cache = cache(&backend, &provider);
    let none: [&str; 0] = [];
    assert!(cache.embed_batch(&none).await.unwrap().is_empty());
    let closure = |_| async { Err::<Vec<Vec<f32>>, _>(anyhow!("it must not be called")) };
    assert!(cache.get_or_compute_batch(&none, "m", closure).await.unwrap().is_empty());
    assert!(cache.provider().unwrap().get_batch(&none).await.unwrap().is_empty());
    assert_eq!(provider.call_count(), 0);
    assert_eq!(backend.count(Operation::Put), 0);
    assert_eq!(cache.statistics().hits + cache.statistics().misses(), 0);
}

async fn a_finished_part_does_not_wait_for_a_slow_one(store: Store) {
    let limits = ProviderLimits::default().with_max_inputs(1);
    let provider = Arc::new(TestProvider::new().with_limits(limits).with_gate());
    let cache = cache(&store.watched(), &provider);
    let batch = tokio::spawn({
        let cache = cache.clone();
        async move { cache.embed_batch(&["a", "b"]).await }
    });
    until("both parts are asked for", async || provider.call_count() == 2).await;
    provider.open(1);
    // The other part never ends until it is let through: only the clock can have this one stored.
    let model = cache.provider().unwrap();
    until("the finished part is stored", async || {
        model.contains_batch(&["a", "b"]).await.unwrap().contains(&true)
    })
    .await;
    assert!(!batch.is_finished());
    provider.open(1);
    assert!(all_right(&batch.await.unwrap().unwrap(), &["a".to_owned(), "b".to_owned()]));
}

async fn bypass_goes_by_the_limits_too(store: Store) {
    let limits = ProviderLimits::default().with_max_inputs(2);
    let script = |inputs: &[&str]| {
        let error = ProviderError::new(ProviderErrorKind::InputTooLong, "too long").with_input(1);
        inputs.contains(&"3").then_some(Err(error))
    };
    let provider = Arc::new(TestProvider::new().with_limits(limits).with_script(script));
    let backend = store.watched();
    let cache = cache(&backend, &provider);
    let model = cache.provider().unwrap().clone().with_mode(Mode::Bypass);
    let results = model.embed_each(&["0", "1", "0", "2", "3", "", "4"]).await.unwrap();
    for (index, text) in [(0, "0"), (1, "1"), (2, "0"), (6, "4")] {
        assert_eq!(bits(&results[index].as_ref().unwrap().embedding), bits(&vector(text)));
    }
    for index in [3, 4] {
        let Err(Error::Provider(error)) = &results[index] else { panic!("its part failed") };
        assert_eq!(error.input(), Some(4), "the index within the caller's batch");
        assert_eq!(error.to_string(), "input 4: too long");
    }
    assert!(matches!(results[5], Err(Error::EmptyText(5))));
    assert!(backend.take_calls().is_empty());
}

/// Futures are moved as they are combined: what only a miss needs has no place in a hit's.
#[tokio::test]
async fn a_call_is_small() {
    let cache = cache(&Store::memory().watched(), &Arc::new(TestProvider::new()));
    let one = size_of_val(&cache.embed("?"));
    let batch = size_of_val(&cache.embed_batch(&["?"]));
    assert!(one < 2_000, "{one} bytes");
    assert!(batch < 2_000, "{batch} bytes");
}
