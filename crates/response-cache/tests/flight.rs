//! Of all who ask the same, one asks the provider.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;

use common::{
    Reply, Script, Store, builder, cache, chunks, drain, millis, request, said, texts, until,
};
use futures_util::StreamExt;
use response_cache::{CallOptions, Error, ResponseCache, Source};
use tokio::task::JoinSet;

on_every_store!(
    many_callers_one_call,
    a_second_caller_sees_the_stream_from_its_beginning,
    a_whole_answer_comes_of_a_running_stream,
    a_stream_comes_of_a_running_whole_answer,
    failures_reach_all_and_are_retried_once,
    a_cut_stream_reaches_those_who_joined,
    a_panic_is_an_error,
    two_caches_of_one_store_ask_once,
);

async fn many_callers_one_call(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(100)));
    let cache = cache(&backend, &provider);
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let cache = cache.clone();
        tasks.spawn(async move {
            let options = CallOptions::new();
            if task % 2 == 0 {
                let answer = cache.complete_with(&request("hi"), &options).await.unwrap();
                answer.response.content().unwrap().to_owned()
            } else {
                said(
                    &chunks(cache.stream_with(&request("hi"), &options).await.unwrap().chunks)
                        .await,
                )
            }
        });
    }
    while let Some(answer) = tasks.join_next().await {
        assert_eq!(answer.unwrap(), "Echo 1: hi");
    }
    assert_eq!(provider.calls(), 1);
    let counted = cache.statistics();
    assert_eq!((counted.provider_calls, counted.writes), (1, 1));
    assert_eq!(counted.hits + counted.misses(), 64);
    assert_eq!(counted.coalesced + counted.hits, 63);
}

async fn a_second_caller_sees_the_stream_from_its_beginning(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(80)));
    let cache = cache(&backend, &provider);
    let options = CallOptions::new();
    let mut first = cache.stream_with(&request("hi"), &options).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(first.chunks.next().await.unwrap().unwrap().into_body());
    }
    let second = cache.stream_with(&request("hi"), &options).await.unwrap();
    assert_eq!((first.source, second.source), (Source::Computed, Source::Coalesced));
    let (rest, second) = tokio::join!(chunks(first.chunks), chunks(second.chunks));
    seen.extend(rest);
    assert_eq!(texts(&seen), texts(&second));
    assert_eq!(provider.calls(), 1);
}

async fn a_whole_answer_comes_of_a_running_stream(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(50)));
    let cache = cache(&backend, &provider);
    let options = CallOptions::new();
    let stream = cache.stream_with(&request("hi"), &options).await.unwrap();
    let answer = cache.complete_with(&request("hi"), &options).await.unwrap();
    assert_eq!((answer.source, provider.calls()), (Source::Coalesced, 1));
    assert_eq!(*answer.response.body(), common::whole("Echo 1: hi"));
    assert_eq!(said(&chunks(stream.chunks).await), "Echo 1: hi");
}

async fn a_stream_comes_of_a_running_whole_answer(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(150)));
    let cache = cache(&backend, &provider);
    let whole = {
        let cache = cache.clone();
        tokio::spawn(async move { cache.complete_with(&request("hi"), &CallOptions::new()).await })
    };
    until("the provider is asked", async || provider.calls() == 1).await;
    let stream = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    assert_eq!((stream.source, provider.calls()), (Source::Coalesced, 1));
    let chunks = chunks(stream.chunks).await;
    let whole = whole.await.unwrap().unwrap();
    assert_eq!(chunks, response_cache::split(whole.response.body(), false));
}

/// Starts a call of each form and lets them wait for the same answer.
async fn two_callers(
    cache: &ResponseCache,
    provider: &Arc<Script>,
) -> (Result<(), Error>, Result<(), Error>) {
    let asked = provider.calls();
    let first = {
        let cache = cache.clone();
        tokio::spawn(async move { cache.complete_with(&request("hi"), &CallOptions::new()).await })
    };
    until("the provider is asked", async || provider.calls() > asked).await;
    let second = cache.stream_with(&request("hi"), &CallOptions::new()).await;
    let second = match second {
        Ok(stream) => {
            chunks(stream.chunks).await;
            Ok(())
        }
        Err(error) => Err(error),
    };
    (first.await.unwrap().map(drop), second)
}

async fn failures_reach_all_and_are_retried_once(store: Store) {
    let (backend, provider) = (store.watched(), Script::new([]));
    let failing = || Reply::failing().with_pause(millis(300));
    let without = builder(&backend, &provider).retry_joined(false).build().unwrap();
    provider.add(failing());
    let (first, second) = two_callers(&without, &provider).await;
    assert!(matches!((first, second), (Err(Error::Provider(_)), Err(Error::Provider(_)))));
    assert_eq!(provider.calls(), 1);
    // Whoever had joined asks once more, and then for itself.
    let with = cache(&backend, &provider);
    provider.add(failing());
    let (first, second) = two_callers(&with, &provider).await;
    assert!(first.is_err() && second.is_ok());
    assert_eq!(provider.calls(), 3);
    with.remove(&request("hi"), &CallOptions::new()).await.unwrap();
    provider.add(failing());
    provider.add(Reply::failing());
    let (first, second) = two_callers(&with, &provider).await;
    assert!(first.is_err() && second.is_err());
    assert_eq!(provider.calls(), 5);
}

async fn a_cut_stream_reaches_those_who_joined(store: Store) {
    let reply = Reply::saying("half").failing_after(2).with_pause(millis(150));
    let (backend, provider) = (store.watched(), Script::new([reply]));
    let cache = cache(&backend, &provider);
    let first = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    let second = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap();
    let (first, second) = tokio::join!(drain(first.chunks), drain(second.chunks));
    for (chunks, error) in [first, second] {
        assert_eq!((chunks.len(), error.is_some()), (2, true));
    }
    assert_eq!(provider.calls(), 1);
}

async fn a_panic_is_an_error(store: Store) {
    let (backend, provider) =
        (store.watched(), Script::new([Reply::panicking(), Reply::panicking()]));
    let cache = cache(&backend, &provider);
    let error = cache.complete_with(&request("hi"), &CallOptions::new()).await.unwrap_err();
    assert!(matches!(error, Error::Aborted));
    let error = cache.stream_with(&request("hi"), &CallOptions::new()).await.unwrap_err();
    assert!(matches!(error, Error::Aborted));
    // It leaves no lease that others would wait for.
    let start = std::time::Instant::now();
    let elsewhere = common::cache(&store.another().await, &provider);
    elsewhere.complete_with(&request("hi"), &CallOptions::new()).await.unwrap();
    assert!(start.elapsed() < millis(3_000), "{:?}", start.elapsed());
}

async fn two_caches_of_one_store_ask_once(store: Store) {
    let (backend, provider) = (store.watched(), Script::echo(millis(200)));
    let here = cache(&backend, &provider);
    let elsewhere = store.another().await;
    let there = cache(&elsewhere, &provider);
    let options = CallOptions::new();
    let (stream, whole) = tokio::join!(
        async { chunks(here.stream_with(&request("hi"), &options).await.unwrap().chunks).await },
        async {
            until("the provider is asked", async || provider.calls() == 1).await;
            there.complete_with(&request("hi"), &options).await.unwrap()
        },
    );
    assert_eq!((whole.source, provider.calls()), (Source::Coalesced, 1));
    assert_eq!(said(&stream), whole.response.content().unwrap());
    // A stale or invalid entry is asked for once, too.
    here.invalidate(&response_cache::Group::Everything).await.unwrap();
    let again = async |cache: &ResponseCache| {
        cache.complete_with(&request("hi"), &options).await.unwrap().response.into_body()
    };
    let (one, other) = tokio::join!(again(&here), again(&there));
    assert_eq!((one, provider.calls()), (other, 2));
}
