//! Callers of one text find together: one computes, all get the result.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::anyhow;
use cache_core::ProviderErrorKind;
use common::{
    Operation, Store, TestProvider, bits, builder, cache, closures, long_leases, millis, texts,
    until, vector,
};
use embedding_cache::{Coordination, EmbeddingCache, Error, Lookup, Mode, Source};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

on_every_store!(
    many_tasks_of_one_missing_text_make_one_call,
    many_closures_of_one_missing_text_run_once,
    the_computation_survives_its_starter,
    a_closure_survives_its_starter,
    a_borrowing_closure_is_replaced_by_the_next_waiter,
    waiters_recover_from_a_panic,
    an_error_is_shared_and_not_kept,
    bypass_leaves_other_calls_alone,
    overlapping_batches_compute_each_text_once,
    overlapping_closures_get_all_their_vectors,
    what_was_removed_is_computed_again,
);

type Answer = JoinHandle<Result<Lookup, Error>>;

fn is_right(lookup: &Lookup, text: &str) -> bool {
    bits(&lookup.embedding) == bits(&vector(text))
}

fn ask(cache: &EmbeddingCache, text: &'static str) -> Answer {
    let model = cache.provider().unwrap().clone();
    tokio::spawn(async move { model.look_up(text).await })
}

/// Starts callers of a text that is being computed, and waits until they wait for it.
async fn waiters(cache: &EmbeddingCache, count: u64, start: impl Fn() -> Answer) -> Vec<Answer> {
    let before = cache.statistics().misses();
    let waiters = (0..count).map(|_| start()).collect();
    until("all of them have missed", async || cache.statistics().misses() == before + count).await;
    tokio::time::sleep(millis(20)).await; // From the miss to the flight it is no way at all.
    waiters
}

async fn many_tasks_of_one_missing_text_make_one_call(store: Store) {
    for coordination in [Coordination::Process, long_leases()] {
        let provider = Arc::new(TestProvider::new().with_delay(millis(50)));
        let cache =
            builder(&store.watched(), &provider).coordination(coordination).build().unwrap();
        let mut tasks: JoinSet<_> = (0..64)
            .map(|_| {
                let cache = cache.clone();
                async move { cache.provider().unwrap().look_up("wanted by all").await }
            })
            .collect();
        while let Some(result) = tasks.join_next().await {
            assert!(is_right(&result.unwrap().unwrap(), "wanted by all"));
        }
        assert_eq!(provider.call_count(), 1);
        let statistics = cache.statistics();
        assert_eq!(statistics.provider_calls, 1);
        assert_eq!(statistics.hits + statistics.coalesced, 63);
        cache.clear().await.unwrap();
    }
}

async fn many_closures_of_one_missing_text_run_once(store: Store) {
    let (cache, calls) = (closures(&store.watched()), Arc::new(AtomicUsize::new(0)));
    let mut tasks: JoinSet<_> = (0..64)
        .map(|_| {
            let (cache, calls) = (cache.clone(), Arc::clone(&calls));
            let compute = async move |text: String| {
                calls.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(millis(50)).await;
                Ok::<_, anyhow::Error>(vector(&text))
            };
            async move { cache.get_or_compute("wanted by all", "m", compute).await }
        })
        .collect();
    while let Some(result) = tasks.join_next().await {
        assert_eq!(bits(&result.unwrap().unwrap()), bits(&vector("wanted by all")));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

async fn the_computation_survives_its_starter(store: Store) {
    let provider = Arc::new(TestProvider::new().with_gate());
    let cache = cache(&store.watched(), &provider);
    let starter = ask(&cache, "a");
    until("the provider is asked", async || provider.call_count() == 1).await;
    let waiters = waiters(&cache, 5, || ask(&cache, "a")).await;
    starter.abort();
    assert!(starter.await.unwrap_err().is_cancelled());
    provider.open(1);
    for waiter in waiters {
        let lookup = waiter.await.unwrap().unwrap();
        assert!(is_right(&lookup, "a"));
        assert_eq!(lookup.source, Source::Coalesced);
    }

    // With nobody left to wait for it, it is stored all the same.
    let starter = ask(&cache, "b");
    until("the provider is asked", async || provider.call_count() == 2).await;
    starter.abort();
    assert!(starter.await.unwrap_err().is_cancelled());
    provider.open(1);
    cache.flush().await.unwrap();
    let stored = cache.provider().unwrap().get_batch(&["a", "b"]).await.unwrap();
    assert!(is_right(stored[0].as_ref().unwrap(), "a"));
    assert!(is_right(stored[1].as_ref().unwrap(), "b"));
    assert_eq!(provider.calls(), [["a"], ["b"]]);
}

/// A closure that says that it runs, waits to be let go, and counts how often it ended.
#[derive(Clone, Default)]
struct Steps {
    begun: Arc<AtomicUsize>,
    go: Arc<Notify>,
    ended: Arc<AtomicUsize>,
}

impl Steps {
    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    fn compute(&self) -> impl FnOnce(String) -> Computing + Send + 'static {
        let steps = self.clone();
        move |text| {
            Box::pin(async move {
                steps.begun.fetch_add(1, Ordering::SeqCst);
                steps.go.notified().await;
                steps.ended.fetch_add(1, Ordering::SeqCst);
                Ok(vector(&text))
            })
        }
    }
}

type Computing = std::pin::Pin<Box<dyn Future<Output = anyhow::Result<Vec<f32>>> + Send>>;

async fn a_closure_survives_its_starter(store: Store) {
    let (cache, steps) = (closures(&store.watched()), Steps::default());
    let start = || {
        let (model, compute) = (cache.model("m"), steps.compute());
        tokio::spawn(async move { model.get_or_compute("a", compute).await })
    };
    let starter = start();
    until("the closure runs", async || steps.begun() == 1).await;
    let waiters = waiters(&cache, 3, start).await;
    starter.abort();
    assert!(starter.await.unwrap_err().is_cancelled());
    steps.go.notify_one();
    for waiter in waiters {
        assert!(is_right(&waiter.await.unwrap().unwrap(), "a"));
    }
    assert_eq!((steps.begun(), steps.ended.load(Ordering::SeqCst)), (1, 1));
    assert!(is_right(&cache.model("m").get("a").await.unwrap().unwrap(), "a"));
}

async fn a_borrowing_closure_is_replaced_by_the_next_waiter(store: Store) {
    let (cache, steps) = (closures(&store.watched()), Steps::default());
    let start = || {
        let (model, steps) = (cache.model("m"), steps.clone());
        tokio::spawn(async move {
            let borrowed = &steps;
            let compute = async |text: String| borrowed.compute()(text).await;
            model.get_or_compute_borrowed("a", compute).await
        })
    };
    let starter = start();
    until("the closure runs", async || steps.begun() == 1).await;
    let waiters = waiters(&cache, 3, start).await;
    starter.abort();
    assert!(starter.await.unwrap_err().is_cancelled());
    until("another closure runs", async || steps.begun() == 2).await;
    steps.go.notify_one();
    let mut sources = Vec::new();
    for waiter in waiters {
        let lookup = waiter.await.unwrap().unwrap();
        assert!(is_right(&lookup, "a"));
        sources.push(lookup.source);
    }
    assert_eq!(sources.iter().filter(|source| **source == Source::Computed).count(), 1);
    assert_eq!((steps.begun(), steps.ended.load(Ordering::SeqCst)), (2, 1));
    assert!(is_right(&cache.model("m").get("a").await.unwrap().unwrap(), "a"));
}

/// A waiter that is slow to hear that it must try again finds what another has stored meanwhile.
#[tokio::test]
async fn a_late_waiter_does_not_compute_what_is_stored() {
    for coordination in [Coordination::Process, long_leases()] {
        let backend = Store::memory().watched();
        let provider = Arc::new(TestProvider::new());
        let cache = builder(&backend, &provider).coordination(coordination).build().unwrap();
        let model = cache.provider().unwrap();
        let never = |_| std::future::pending::<anyhow::Result<Vec<f32>>>();
        let mut starter = Box::pin(model.get_or_compute_borrowed("a", never));
        assert!(futures_util::poll!(&mut starter).is_pending());
        let mut late = Box::pin(model.look_up("a"));
        assert!(futures_util::poll!(&mut late).is_pending());
        drop(starter);
        assert!(is_right(&model.look_up("a").await.unwrap(), "a"));
        let lookup = late.await.unwrap();
        assert!(is_right(&lookup, "a"));
        assert_eq!((lookup.source, provider.call_count()), (Source::Coalesced, 1));
    }
}

async fn waiters_recover_from_a_panic(store: Store) {
    let provider = Arc::new(TestProvider::new().with_gate());
    let panics = AtomicUsize::new(1);
    provider.follow(move |_| {
        let panic = panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        assert!(panic.is_err(), "a provider that panics once");
        None
    });
    let cache = cache(&store.watched(), &provider);
    let starter = ask(&cache, "a");
    until("the provider is asked", async || provider.call_count() == 1).await;
    let waiters = waiters(&cache, 4, || ask(&cache, "a")).await;
    provider.open(2);
    assert!(matches!(starter.await.unwrap(), Err(Error::Aborted)));
    for waiter in waiters {
        assert!(is_right(&waiter.await.unwrap().unwrap(), "a"));
    }
    assert_eq!(provider.call_count(), 2);

    let panics = |_| -> Computing { panic!("a closure that panics") };
    let result = cache.model("m").get_or_compute("b", panics).await;
    assert!(matches!(result, Err(Error::Aborted)));
    let compute = async |text: String| Ok::<_, anyhow::Error>(vector(&text));
    assert!(is_right(&cache.model("m").get_or_compute("b", compute).await.unwrap(), "b"));
}

async fn an_error_is_shared_and_not_kept(store: Store) {
    let provider = Arc::new(TestProvider::new().with_gate());
    provider.fail();
    let cache = cache(&store.watched(), &provider);
    let starter = ask(&cache, "a");
    until("the provider is asked", async || provider.call_count() == 1).await;
    let mut callers = waiters(&cache, 8, || ask(&cache, "a")).await;
    callers.push(starter);
    provider.open(1);
    for caller in callers {
        let error = caller.await.unwrap().unwrap_err();
        assert!(error.is_retryable());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        let Error::Provider(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), ProviderErrorKind::RateLimited);
    }
    assert_eq!(provider.call_count(), 1);

    // Whoever has got the error and tries again starts anew, every time.
    for calls in 2..20 {
        provider.open(1);
        cache.embed("a").await.unwrap_err();
        assert_eq!(provider.call_count(), calls);
    }
    provider.recover();
    provider.open(1);
    assert!(is_right(&cache.provider().unwrap().look_up("a").await.unwrap(), "a"));
    let source = anyhow!("the reason");
    let failing = |_| async { Err::<Vec<f32>, _>(source) };
    let error = cache.model("m").get_or_compute("a", failing).await.unwrap_err();
    let chain: Vec<_> = anyhow::Error::from(error).chain().map(ToString::to_string).collect();
    assert_eq!(chain, ["computing the embedding failed", "the reason"]);
}

async fn bypass_leaves_other_calls_alone(store: Store) {
    let (provider, backend) = (Arc::new(TestProvider::new().with_gate()), store.watched());
    let cache = cache(&backend, &provider);
    let flight = ask(&cache, "a");
    until("the provider is asked", async || provider.call_count() == 1).await;
    let before = backend.take_calls();
    assert_eq!(before.get(&Operation::Put), None);
    let around = cache.provider().unwrap().clone().with_mode(Mode::Bypass);
    let around = tokio::spawn(async move { around.look_up("a").await });
    until("the provider is asked again", async || provider.call_count() == 2).await;
    provider.open(2);
    let lookup = around.await.unwrap().unwrap();
    assert_eq!((lookup.source, lookup.codec, lookup.stored_bytes), (Source::Computed, None, 0));
    assert!(is_right(&flight.await.unwrap().unwrap(), "a"));
    assert_eq!(backend.take_calls(), [(Operation::Put, 1)].into());
    assert_eq!(cache.statistics().misses_bypass, 1);
}

async fn overlapping_batches_compute_each_text_once(store: Store) {
    for coordination in [Coordination::Process, long_leases()] {
        let provider = Arc::new(TestProvider::new().with_delay(millis(20)));
        let cache =
            builder(&store.watched(), &provider).coordination(coordination).build().unwrap();
        let all = texts(16 * 5 + 15);
        let mut tasks: JoinSet<_> = (0..16)
            .map(|i| {
                let (cache, mut mine) = (cache.clone(), all[5 * i..5 * i + 20].to_vec());
                async move {
                    // Half of them ask from the other end: nobody may wait for one who waits.
                    if i % 2 == 1 {
                        mine.reverse();
                    }
                    let found = cache.embed_batch(&mine).await.unwrap();
                    found.iter().zip(&mine).all(|(v, text)| bits(v) == bits(&vector(text)))
                }
            })
            .collect();
        while let Some(right) = tasks.join_next().await {
            assert!(right.unwrap());
        }
        let (mut inputs, mut expected) = (provider.inputs(), all);
        inputs.sort();
        expected.sort();
        assert_eq!(inputs, expected);
        cache.clear().await.unwrap();
    }
}

async fn overlapping_closures_get_all_their_vectors(store: Store) {
    let (cache, all) = (closures(&store.watched()), texts(60));
    let inputs = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks: JoinSet<_> = (0..8)
        .map(|i| {
            let (model, mine, inputs) =
                (cache.model("m"), all[5 * i..5 * i + 25].to_vec(), Arc::clone(&inputs));
            let compute = async move |given: Vec<String>| {
                inputs.lock().unwrap().extend(given.clone());
                tokio::time::sleep(millis(20)).await;
                Ok::<_, anyhow::Error>(given.iter().map(|text| vector(text)).collect())
            };
            async move {
                let found = if i % 2 == 0 {
                    model.get_or_compute_batch(&mine, compute).await.unwrap()
                } else {
                    model.get_or_compute_batch_borrowed(&mine, compute).await.unwrap()
                };
                found.iter().zip(&mine).all(|(v, text)| bits(v) == bits(&vector(text)))
            }
        })
        .collect();
    while let Some(right) = tasks.join_next().await {
        assert!(right.unwrap());
    }
    let (mut inputs, mut expected) = (inputs.lock().unwrap().clone(), all);
    inputs.sort();
    expected.sort();
    assert_eq!(inputs, expected);
}

async fn what_was_removed_is_computed_again(store: Store) {
    let provider = Arc::new(TestProvider::new());
    let cache = cache(&store.watched(), &provider);
    let model = cache.provider().unwrap();
    for calls in 1..20 {
        assert_eq!(model.look_up("a").await.unwrap().source, Source::Computed);
        assert_eq!(provider.call_count(), calls);
        assert!(model.remove("a").await.unwrap(), "it is stored before it is given");
    }
}
