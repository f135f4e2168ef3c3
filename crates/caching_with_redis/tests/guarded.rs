//! The guard and the near cache as the settings have them, over a real Redis.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use caching_with_redis::guard::BreakerState;
use caching_with_redis::{OpenedBackend, Settings, builder, open_backend};
use redis_test_server::TestServer;

const BUDGETS: [&str; 3] = ["CACHE_READ_BUDGET", "CACHE_LEASE_BUDGET", "CACHE_WRITE_BUDGET"];

/// With budgets that a machine keeps which runs many tests at once, unless there are others.
fn settings(server: &TestServer, more: &[(&str, &str)]) -> Settings {
    let url = server.url();
    let is_free = |name: &&str| more.iter().all(|(given, _)| given != name);
    let patient = BUDGETS.into_iter().filter(is_free).map(|name| (name, "10s"));
    let pairs =
        [("REDIS_URL", url.as_str())].into_iter().chain(patient).chain(more.iter().copied());
    let environment: Vec<_> = pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    Settings::from_sources(None, &environment, []).unwrap()
}

async fn opened(server: &TestServer, more: &[(&str, &str)]) -> (Settings, OpenedBackend) {
    let settings = settings(server, more);
    let opened = open_backend(&settings).await.unwrap();
    (settings, opened)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_caches_on_a_store_share_one_breaker() {
    let server = TestServer::start();
    let (settings, store) = opened(&server, &BUDGETS.map(|name| (name, "20ms"))).await;
    let cache = || builder(&settings, Arc::clone(&store.backend)).unwrap().build().unwrap();
    let (one, other) = (cache(), cache());
    assert!(one.guard().is_none() && other.guard().is_none(), "the store has one already");
    server.pause();
    let ask = |cache: &caching_with_redis::embedding::EmbeddingCache, number: u32| {
        let (model, text) = (cache.model("model"), format!("text {number}"));
        async move { model.get_or_compute(&text, |_| async { anyhow::Ok(vec![1.0]) }).await }
    };
    for number in 0..6 {
        ask(&one, number).await.unwrap();
    }
    let guard = store.guard.as_ref().unwrap();
    assert_ne!(guard.state().store, BreakerState::Closed);
    let left_out = guard.snapshot().left_out();
    // One call may be let through to try.
    for number in 10..13 {
        ask(&other, number).await.unwrap();
    }
    server.resume();
    assert!(guard.snapshot().left_out() > left_out, "the other knows of it, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_store_surfaces_its_errors() {
    let server = TestServer::start();
    let (settings, store) =
        opened(&server, &[("CACHE_STRICT", "true"), ("CACHE_READ_BUDGET", "50ms")]).await;
    let cache = builder(&settings, store.backend).unwrap().build().unwrap();
    drop(server);
    let model = cache.model("model");
    model.get_or_compute("text", |_| async { anyhow::Ok(vec![1.0]) }).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_writes_are_made_when_the_store_is_closed() {
    let server = TestServer::start();
    let queue = [("CACHE_WRITE_BEHIND", "true"), ("CACHE_WRITE_BEHIND_ENTRIES", "3")];
    let (settings, store) = opened(&server, &queue).await;
    let cache = builder(&settings, Arc::clone(&store.backend)).unwrap().build().unwrap();
    server.pause();
    for text in ["one", "two", "three"] {
        cache.model("model").put(text, vec![1.0, 2.0]).await.unwrap();
    }
    cache.model("model").put("four", vec![1.0, 2.0]).await.unwrap_err();
    let waiting = store.guard.as_ref().unwrap().snapshot().queue.unwrap();
    assert_eq!((waiting.entries, waiting.written, waiting.refused), (3, 0, 1));
    server.resume();
    store.close(Duration::from_secs(10)).await.unwrap();
    let (settings, other) = opened(&server, &[]).await;
    let other = builder(&settings, other.backend).unwrap().build().unwrap();
    let found = other.model("model").get_batch(&["one", "two", "three"]).await.unwrap();
    assert!(found.iter().all(Option::is_some), "another process finds them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_may_do_without_the_guard() {
    let server = TestServer::start();
    let (_, store) = opened(&server, &[]).await;
    assert!(store.backend.capabilities().guarded);
    let store = store.unguarded();
    assert!(!store.backend.capabilities().guarded && store.guard.is_none());
    store.backend.status().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_near_is_told() {
    let server = TestServer::start();
    let near = [
        ("CACHE_NEAR_MEMORY", "1mb"),
        ("CACHE_NEAR_STALENESS", "500ms"),
        ("CACHE_NEAR_TRACKING", "per-key"),
    ];
    let (settings, store) = opened(&server, &near).await;
    let cache = builder(&settings, Arc::clone(&store.backend)).unwrap().build().unwrap();
    let model = cache.model("model");
    model.put("text", vec![1.0, 2.0]).await.unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while store.near_stats().unwrap().hits == 0 {
        assert!(std::time::Instant::now() < deadline, "{:?}", store.near_stats());
        model.get("text").await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(store.near_stats().unwrap().entries, 1);
    let (_, plain) = opened(&server, &[]).await;
    assert!(plain.near_stats().is_none());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (pairs, named) in [
        (&[("CACHE_READ_BUDGET", "0")][..], "CACHE_READ_BUDGET"),
        (&[("CACHE_WRITE_BUDGET", "soon")], "CACHE_WRITE_BUDGET"),
        (&[("CACHE_NEAR_TRACKING", "all")], "CACHE_NEAR_TRACKING"),
        (&[("CACHE_STRICT", "perhaps")], "CACHE_STRICT"),
        (&[("CACHE_STRICT", "true"), ("CACHE_WRITE_BEHIND", "true")], "CACHE_WRITE_BEHIND"),
    ] {
        let environment: Vec<_> =
            pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let error = Settings::from_sources(None, &environment, []).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}
