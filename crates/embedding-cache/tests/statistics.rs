//! What is counted, and how counts come together without costing round trips.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;
use std::time::Duration;

use cache_core::Namespace;
use common::{
    DIMENSIONS, Operation, Store, TestProvider, builder, cache, closures, millis, on_grid, texts,
    until, vector,
};
use embedding_cache::{EmbeddingCache, Mode};

on_every_store!(
    counts_add_up,
    hits_tell_what_they_saved,
    bytes_are_counted_as_stored,
    caches_share_their_counts,
    counting_costs_no_round_trips,
    counts_are_shared_by_the_clock,
    a_dropped_cache_shares_what_it_has,
    failed_sharing_is_made_up_for,
    flushing_at_once_ends,
);

async fn counts_add_up(store: Store) {
    let provider = Arc::new(TestProvider::new());
    let cache = cache(&store.watched(), &provider);
    let model = cache.provider().unwrap();
    assert!(cache.statistics().hit_rate().abs() < f64::EPSILON);
    let texts = texts(30);
    cache.embed_batch(&texts[..10]).await.unwrap(); // 10 misses
    cache.embed_batch(&texts[..20]).await.unwrap(); // 10 hits, 10 misses
    cache.embed(&texts[0]).await.unwrap(); // a hit
    model.get(&texts[0]).await.unwrap(); // a hit
    model.get("never seen").await.unwrap(); // a miss
    model.get_batch(&texts[15..25]).await.unwrap(); // 5 hits, 5 misses
    model.clone().with_mode(Mode::Refresh).look_up(&texts[0]).await.unwrap();
    model.clone().with_mode(Mode::Bypass).look_up(&texts[0]).await.unwrap();
    let statistics = cache.statistics();
    assert_eq!((statistics.hits, statistics.stale_hits), (17, 0));
    assert_eq!((statistics.misses_absent, statistics.misses()), (26, 28));
    assert!((statistics.hit_rate() - 17.0 / 45.0).abs() < 1e-12);
    assert_eq!((statistics.provider_calls, statistics.provider_errors), (4, 0));
    assert_eq!((statistics.provider_inputs, statistics.provider_tokens), (22, 220));
    assert_eq!((statistics.writes, statistics.write_errors), (21, 0));
    assert_eq!(statistics.coalesced, 0);

    provider.fail();
    cache.embed("fails").await.unwrap_err();
    let since = cache.statistics().since(&statistics);
    assert_eq!((since.provider_calls, since.provider_errors), (1, 1));
    assert_eq!((since.misses(), since.writes, since.hits), (1, 0, 0));
}

async fn hits_tell_what_they_saved(store: Store) {
    let provider = Arc::new(TestProvider::new().with_delay(millis(100)));
    let cache = cache(&store.watched(), &provider);
    cache.embed("a").await.unwrap();
    let spent = cache.statistics();
    assert!(spent.provider_micros >= 100_000);
    assert_eq!((spent.tokens_saved, spent.micros_saved), (0, 0));
    for _ in 0..3 {
        cache.embed("a").await.unwrap();
    }
    let saved = cache.statistics();
    assert_eq!(saved.tokens_saved, 30);
    assert_eq!(saved.time_saved(), 3 * Duration::from_micros(spent.provider_micros));
}

async fn bytes_are_counted_as_stored(store: Store) {
    let cache = closures(&store.watched());
    let model = cache.model("m");
    let entries: Vec<_> = texts(20).into_iter().map(|t| (t.clone(), on_grid(&t, 1536))).collect();
    model.put_batch(entries.clone()).await.unwrap();
    let statistics = cache.statistics();
    let stored: usize = model
        .get_batch(&entries.iter().map(|(text, _)| text).collect::<Vec<_>>())
        .await
        .unwrap()
        .into_iter()
        .map(|lookup| lookup.unwrap().stored_bytes)
        .sum();
    assert_eq!((statistics.writes, statistics.raw_bytes), (20, 20 * 1536 * 4));
    assert_eq!(statistics.stored_bytes, stored as u64);
    assert!(statistics.compression_ratio() > 1.9, "{}", statistics.compression_ratio());
    model.put("full floats", vector("full floats")).await.unwrap();
    let statistics = cache.statistics().since(&statistics);
    assert_eq!(statistics.raw_bytes, 4 * DIMENSIONS as u64);
}

async fn caches_share_their_counts(store: Store) {
    let (one, other) = (store.watched(), store.another().await);
    let provider = Arc::new(TestProvider::new());
    let stranger = Namespace::new("other").unwrap();
    let stranger = builder(&one, &provider).namespace(stranger).build().unwrap();
    let (one, other) = (cache(&one, &provider), cache(&other, &provider));
    one.embed_batch(&texts(10)).await.unwrap();
    other.embed_batch(&texts(15)).await.unwrap();
    stranger.embed("a").await.unwrap();
    stranger.flush().await.unwrap();
    other.flush().await.unwrap();
    // Asking shares one's own.
    let shared = one.shared_statistics().await.unwrap().unwrap();
    assert_eq!((shared.hits, shared.misses_absent), (10, 15));
    assert_eq!((shared.provider_inputs, shared.provider_tokens), (15, 150));
    assert_eq!(other.shared_statistics().await.unwrap().unwrap(), shared, "nothing counts twice");
    assert_eq!(stranger.shared_statistics().await.unwrap().unwrap().misses(), 1);
    one.clear().await.unwrap();
    assert_eq!(one.shared_statistics().await.unwrap().unwrap().hits, 0);
    assert_eq!(stranger.shared_statistics().await.unwrap().unwrap().misses(), 1);
}

async fn counting_costs_no_round_trips(store: Store) {
    let backend = store.watched();
    let cache = builder(&backend, &Arc::new(TestProvider::new()))
        .share_statistics_every(Some(Duration::from_secs(3_600)))
        .build()
        .unwrap();
    cache.embed("a").await.unwrap();
    backend.take_calls();
    for _ in 0..1_000 {
        cache.embed("a").await.unwrap();
    }
    assert_eq!(backend.take_calls(), [(Operation::Get, 1_000)].into());
    cache.flush().await.unwrap();
    cache.flush().await.unwrap();
    assert_eq!(backend.take_calls(), [(Operation::AddCounters, 1)].into());
    let shared = cache.shared_statistics().await.unwrap().unwrap();
    assert_eq!((shared.hits, shared.misses()), (1_000, 1));
}

async fn counts_are_shared_by_the_clock(store: Store) {
    let (backend, asking) = (store.watched(), store.another().await);
    let cache = builder(&backend, &Arc::new(TestProvider::new()))
        .share_statistics_every(Some(millis(50)))
        .build()
        .unwrap();
    let asking = closures(&asking);
    let hits = async || asking.shared_statistics().await.unwrap().unwrap().hits;
    for round in 1..=3 {
        cache.embed_batch(&texts(10)).await.unwrap();
        until("the counts are shared", async || hits().await == 10 * (round - 1)).await;
    }
    tokio::time::sleep(millis(150)).await;
    backend.take_calls();
    tokio::time::sleep(millis(200)).await;
    assert!(backend.take_calls().is_empty(), "an idle cache asks for nothing");
}

async fn a_dropped_cache_shares_what_it_has(store: Store) {
    let (backend, asking) = (store.watched(), closures(&store.another().await));
    let open = |every| {
        builder(&backend, &Arc::new(TestProvider::new()))
            .share_statistics_every(every)
            .build()
            .unwrap()
    };
    let cache = open(Some(Duration::from_secs(3_600)));
    cache.embed("a").await.unwrap();
    drop(cache);
    let misses = async || asking.shared_statistics().await.unwrap().unwrap().misses();
    until("the counts are shared", async || misses().await == 1).await;
    drop(open(None));
}

async fn failed_sharing_is_made_up_for(store: Store) {
    let backend = store.watched();
    let cache = cache(&backend, &Arc::new(TestProvider::new()));
    cache.embed("a").await.unwrap();
    backend.fail(&[Operation::AddCounters], Duration::ZERO);
    cache.flush().await.unwrap_err();
    cache.shared_statistics().await.unwrap_err();
    cache.embed("a").await.unwrap();
    backend.recover();
    let shared = cache.shared_statistics().await.unwrap().unwrap();
    assert_eq!((shared.hits, shared.misses(), shared.provider_calls), (1, 1, 1));
    assert_eq!(cache.statistics(), shared);
}

async fn flushing_at_once_ends(store: Store) {
    let cache = cache(&store.watched(), &Arc::new(TestProvider::new()));
    let work = async |cache: EmbeddingCache, me: usize| {
        for round in 0..30 {
            cache.embed(&format!("{me}/{round}")).await.unwrap();
            cache.flush().await.unwrap();
        }
    };
    let tasks: Vec<_> = (0..8)
        .map(|me| {
            let cache = cache.clone();
            tokio::spawn(async move { work(cache, me).await })
        })
        .collect();
    for task in tasks {
        let ended = tokio::time::timeout(Duration::from_secs(60), task).await;
        ended.expect("a flush hangs").unwrap();
    }
    let shared = cache.shared_statistics().await.unwrap().unwrap();
    assert_eq!((shared.misses(), shared.writes), (240, 240), "nothing lost, nothing twice");
}
