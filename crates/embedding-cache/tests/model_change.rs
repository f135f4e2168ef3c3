//! Which model answers: found out once, remembered, and what happens when it changes.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    CacheBackend, EmbedOptions, EmbedResponse, Embedding, EmbeddingProvider, ModelIdentity,
    Namespace, PriceTable, ProviderError, ProviderErrorKind,
};
use common::{Operation, Store, vector};
use embedding_cache::{Builder, EmbeddingCache, Error, ModelChange, Source};

/// A deployment whose model can be exchanged: each model turns the vectors its own way.
#[derive(Debug, Default)]
struct Deployment {
    model: AtomicUsize,
    calls: AtomicUsize,
    delay: Duration,
}

const MODELS: [&str; 2] = ["text-embedding-3-small", "text-embedding-3-large"];

impl Deployment {
    fn redeploy(&self, model: usize) {
        self.model.store(model, Ordering::SeqCst);
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn made_by(model: usize, text: &str) -> Vec<f32> {
    vector(text).into_iter().map(|v| if model == 0 { v } else { -v }).collect()
}

#[async_trait]
impl EmbeddingProvider for Deployment {
    fn identity(&self) -> ModelIdentity {
        let mut identity = ModelIdentity::new("test", "our-deployment");
        identity.deployment = Some("our-deployment".to_owned());
        identity
    }

    fn names_model(&self) -> bool {
        true
    }

    async fn embed(
        &self,
        inputs: &[&str],
        _: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.delay).await;
        let model = self.model.load(Ordering::SeqCst);
        let embed = |text: &&str| match *text {
            "bad" => {
                let error = ProviderError::new(ProviderErrorKind::ContentFiltered, "refused");
                Err(error.with_input(0))
            }
            text => Ok(Embedding::new(made_by(model, text)).unwrap()),
        };
        let response = EmbedResponse::partial(inputs.iter().map(embed).collect());
        Ok(response.with_model(MODELS[model]).with_tokens(10 * inputs.len() as u64))
    }
}

fn deployment() -> Arc<Deployment> {
    Arc::new(Deployment { delay: Duration::from_millis(20), ..Deployment::default() })
}

fn builder(backend: &Arc<dyn CacheBackend>, provider: &Arc<Deployment>) -> Builder {
    let provider: Arc<dyn EmbeddingProvider> = provider.clone();
    EmbeddingCache::builder(Arc::clone(backend))
        .provider(provider)
        .ttl_jitter(0.0)
        .share_statistics_every(None)
        .unguarded()
}

fn process(store: &Store, provider: &Arc<Deployment>) -> EmbeddingCache {
    builder(&backend(store), provider).build().unwrap()
}

fn backend(store: &Store) -> Arc<dyn CacheBackend> {
    store.watched()
}

async fn bits(cache: &EmbeddingCache, text: &str) -> Vec<f32> {
    cache.embed(text).await.unwrap().as_slice().to_vec()
}

async fn the_first_reply_is_asked_for_once(store: Store) {
    let provider = deployment();
    let caches = [process(&store, &provider), process(&store, &provider)];
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..32 {
        let cache = caches[task % 2].clone();
        tasks.spawn(async move { bits(&cache, "hello").await });
    }
    while let Some(result) = tasks.join_next().await {
        assert_eq!(result.unwrap(), made_by(0, "hello"));
    }
    // Two processes share the store, where it can be shared.
    let shared = store.watched().capabilities().shared;
    assert!(provider.calls() <= if shared { 1 } else { 2 }, "{} calls", provider.calls());
    let model = caches[0].provider().unwrap().answering_model().await.unwrap();
    assert_eq!(model.as_deref(), Some(MODELS[0]));
}

async fn a_new_process_knows_the_model(store: Store) {
    let provider = deployment();
    let texts = ["one", "two", "three"];
    let first = process(&store, &provider);
    let lookups = first.provider().unwrap().embed_each(&texts).await.unwrap();
    assert!(lookups.iter().all(|l| l.as_ref().unwrap().source == Source::Computed));
    let calls = provider.calls();
    assert_eq!(calls, 2, "one text to find the model, one call for the others");
    let statistics = first.statistics();
    assert_eq!((statistics.hits, statistics.misses()), (0, 3));
    let second = process(&store, &provider);
    let lookups = second.provider().unwrap().embed_each(&texts).await.unwrap();
    assert!(lookups.iter().all(|l| l.as_ref().unwrap().is_hit()));
    assert_eq!(provider.calls(), calls, "cached texts make no call");
    assert!(second.provider().unwrap().contains("two").await.unwrap());
    assert!(second.provider().unwrap().get("two").await.unwrap().is_some());
}

async fn a_redeployed_model_serves_no_old_vector(store: Store) {
    let provider = deployment();
    let cache = process(&store, &provider);
    cache.embed_batch(&["one", "two"]).await.unwrap();
    provider.redeploy(1);
    // "one" is a hit; the reply for "three" shows that its vector is of another model.
    let vectors = cache.embed_batch(&["one", "three", "two"]).await.unwrap();
    for (text, vector) in ["one", "three", "two"].iter().zip(&vectors) {
        assert_eq!(vector.as_slice(), made_by(1, text), "{text}");
    }
    assert_eq!(cache.statistics().model_changes, 1);
    cache.flush().await.unwrap();
    // A process that starts now goes by the new record, hits only.
    let calls = provider.calls();
    let other = process(&store, &provider);
    assert_eq!(bits(&other, "one").await, made_by(1, "one"));
    assert_eq!(provider.calls(), calls);
    // And back: what was stored under the first model is good again.
    provider.redeploy(0);
    let vectors = cache.embed_batch(&["four", "one"]).await.unwrap();
    assert_eq!(vectors[1].as_slice(), made_by(0, "one"));
}

async fn a_change_can_be_refused_or_ignored(store: Store) {
    let provider = deployment();
    let shared = backend(&store);
    let refusing = builder(&shared, &provider).model_change(ModelChange::Refuse).build().unwrap();
    refusing.embed("one").await.unwrap();
    provider.redeploy(1);
    let error = refusing.embed("two").await.unwrap_err();
    let Error::Provider(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), ProviderErrorKind::WrongModel);
    assert!(error.to_string().contains(MODELS[1]), "{error}");
    assert_eq!(bits(&refusing, "one").await, made_by(0, "one"), "hits go on");
    assert!(!refusing.provider().unwrap().contains("two").await.unwrap(), "nothing is stored");

    let ignoring = builder(&shared, &provider).model_change(ModelChange::Warn).build().unwrap();
    assert_eq!(bits(&ignoring, "two").await, made_by(1, "two"));
    assert_eq!(bits(&ignoring, "one").await, made_by(0, "one"));
    assert_eq!(ignoring.statistics().model_changes, 1);
}

async fn a_lost_or_damaged_record_is_found_out_again(store: Store) {
    let provider = deployment();
    let namespace = Namespace::new("other").unwrap();
    let shared = backend(&store);
    let build = || builder(&shared, &provider).namespace(namespace.clone()).build().unwrap();
    build().embed("one").await.unwrap();
    let calls = provider.calls();
    let key = {
        let space = cache_core::KeySpace::new(namespace.clone(), cache_core::KeyKind::Model, 0);
        let identity = provider.identity();
        cache_core::KeyProfile::model_record(space, &identity, None).key_of_bytes(&[])
    };
    assert_eq!(shared.contains_many(std::slice::from_ref(&key)).await.unwrap(), [true]);
    for damage in [None, Some("MDL1 and then nonsense"), Some("")] {
        shared.remove_many(std::slice::from_ref(&key)).await.unwrap();
        if let Some(bytes) = damage {
            let value = cache_core::StoredValue::new(bytes.as_bytes().to_vec());
            let entry = cache_core::PutEntry::new(key.clone(), value, cache_core::Ttl::FOREVER);
            shared.put_many(&[entry], &cache_core::PutOptions::default()).await.unwrap();
        }
        let cache = build();
        assert_eq!(bits(&cache, "two").await, made_by(0, "two"));
        assert_eq!(bits(&cache, "one").await, made_by(0, "one"));
        let model = build().provider().unwrap().answering_model().await.unwrap();
        assert_eq!(model.as_deref(), Some(MODELS[0]), "the record is whole again");
    }
    assert!(provider.calls() <= calls + 3 * 2);
}

async fn a_refused_text_does_not_stop_the_others(store: Store) {
    let provider = deployment();
    let cache = process(&store, &provider);
    let results = cache.provider().unwrap().embed_each(&["", "bad", "good"]).await.unwrap();
    assert!(matches!(results[0], Err(Error::EmptyText(0))));
    let Err(Error::Provider(error)) = &results[1] else { panic!("{:?}", results[1]) };
    assert_eq!((error.kind(), error.input()), (ProviderErrorKind::ContentFiltered, Some(1)));
    assert_eq!(results[2].as_ref().unwrap().embedding.as_slice(), made_by(0, "good"));
}

async fn vectors_of_an_unknown_model_are_not_stored(store: Store) {
    let provider = deployment();
    let cache = process(&store, &provider);
    let handle = cache.provider().unwrap();
    let error = handle.put("one", made_by(0, "one")).await.unwrap_err();
    assert!(matches!(error, Error::UnknownModel), "{error}");
    assert!(handle.get("one").await.unwrap().is_none());
    handle.embed("two").await.unwrap();
    handle.put("one", made_by(0, "one")).await.unwrap();
    assert!(handle.embed_each(&["one"]).await.unwrap()[0].as_ref().unwrap().is_hit());
}

on_every_store!(
    the_first_reply_is_asked_for_once,
    a_new_process_knows_the_model,
    a_redeployed_model_serves_no_old_vector,
    a_change_can_be_refused_or_ignored,
    a_lost_or_damaged_record_is_found_out_again,
    a_refused_text_does_not_stop_the_others,
    vectors_of_an_unknown_model_are_not_stored,
);

#[tokio::test]
async fn a_failing_store_neither_stops_nor_misleads() {
    let store = Store::memory().watched();
    let shared: Arc<dyn CacheBackend> = store.clone();
    let provider = deployment();
    store.fail(&[Operation::Get, Operation::Lease, Operation::Put], Duration::ZERO);
    let cache = builder(&shared, &provider).build().unwrap();
    assert_eq!(bits(&cache, "one").await, made_by(0, "one"));
    provider.redeploy(1);
    store.recover();
    assert_eq!(bits(&cache, "one").await, made_by(1, "one"), "no vector of the first model");
}

#[tokio::test]
async fn money_is_counted_by_the_answering_model() {
    let provider = deployment();
    let store = Store::memory();
    let shared = backend(&store);
    let cache = builder(&shared, &provider).build().unwrap();
    cache.embed("one").await.unwrap();
    cache.embed("one").await.unwrap();
    let statistics = cache.statistics();
    assert_eq!((statistics.tokens_saved, statistics.picodollars_saved), (10, 10 * 22_000));
    assert_eq!((statistics.provider_tokens, statistics.picodollars_spent), (10, 10 * 22_000));
    let prices = PriceTable::empty()
        .with_price("cheap", cache_core::Price::per_million(0.001))
        .with_deployment("our-deployment", "cheap");
    let cache = builder(&shared, &provider).prices(prices).build().unwrap();
    cache.embed("one").await.unwrap();
    assert_eq!(cache.statistics().picodollars_saved, 10 * 1_000);
}
