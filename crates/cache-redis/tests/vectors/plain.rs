//! Processes that search themselves: what one writes, the others see at once, and at what price.

use std::sync::Arc;
use std::time::Duration;

use cache_core::Embedding;
use cache_core::vector::{Filter, IndexSchema, VectorQuery, VectorStore};
use redis_test_server::{Proxy, TestServer};

use crate::{entry, local, name, nearest, numbered, plain, schema};

/// Longer than a client ever pauses within a burst.
const HOLD: Duration = Duration::from_millis(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_has_written_is_seen_by_the_next_search() {
    let server = TestServer::start();
    let [one, other] = [plain(&server.url()).await, plain(&server.url()).await];
    let [one, other] = [one, other].map(|store| store.open(&name("shared"), &schema()));
    // Somebody always searches: others' questions are on their way when a write returns.
    let busy = Arc::clone(&other);
    let busy = tokio::spawn(async move {
        loop {
            nearest(&*busy).await;
        }
    });
    for round in 0..300 {
        let id = format!("{:03}", round % 7);
        one.upsert_many(&[entry(&id, [1.0, 0.0, 0.0])]).await.unwrap();
        assert_eq!(nearest(&*other).await, [&id[..]], "written in round {round}");
        assert_eq!(other.remove_many(&[entry(&id, [1.0; 3]).id]).await.unwrap(), [true]);
        assert!(nearest(&*one).await.is_empty(), "removed in round {round}");
    }
    busy.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_one_round_trip() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let store = plain(&proxy.url()).await;
    let index = store.open(&name("trips"), &schema());
    // The scripts are known to the server, and the index is loaded.
    index.upsert_many(&numbered(0..10)).await.unwrap();
    index.remove_many(&[numbered(0..1).remove(0).id]).await.unwrap();
    nearest(&*index).await;
    proxy.set_hold(HOLD);
    let query = VectorQuery::nearest(Embedding::new(vec![1.0, 0.0, 0.0]).unwrap(), 3);
    let queries = vec![query; 50];
    let mut before = proxy.round_trips();
    let mut trips = || {
        let trips = proxy.round_trips() - before;
        before += trips;
        trips
    };
    index.upsert_many(&numbered(0..900)).await.unwrap();
    assert_eq!(trips(), 1, "of a write");
    index.search_many(&queries).await.unwrap();
    assert_eq!(trips(), 1, "of a search that finds changes");
    index.search_many(&queries).await.unwrap();
    assert_eq!(trips(), 1, "of a search that finds none");
    let ids: Vec<_> = numbered(0..900).into_iter().map(|entry| entry.id).collect();
    index.remove_many(&ids).await.unwrap();
    assert_eq!(trips(), 1, "of a removal");
    let searches: Vec<_> = (0..40)
        .map(|_| {
            let index = Arc::clone(&index);
            tokio::spawn(async move { nearest(&*index).await })
        })
        .collect();
    for search in searches {
        assert!(search.await.unwrap().is_empty());
    }
    let shared = trips();
    assert!(shared <= 3, "searches at the same time share questions: {shared}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_is_loaded_once_though_nobody_waits_for_it() {
    let server = TestServer::start();
    let filling = plain(&server.url()).await.open(&name("large"), &schema());
    filling.upsert_many(&numbered(0..20_000)).await.unwrap();
    let store = plain(&server.url()).await;
    let index = store.open(&name("large"), &schema());
    assert_eq!((local(&store).entries, local(&store).is_whole), (0, false));
    let mut seen = Vec::new();
    while !local(&store).is_whole {
        // A clone's index is the same.
        let again = store.as_ref().clone().open(&name("large"), &schema());
        let hurry = Duration::from_micros(300);
        let _ = tokio::time::timeout(hurry, again.count(&Filter::All)).await;
        seen.push(local(&store).entries);
    }
    assert!(seen.is_sorted() && seen.iter().any(|seen| (1..20_000).contains(seen)), "{seen:?}");
    assert_eq!(index.count(&Filter::All).await.unwrap(), 20_000);
    let local = local(&store);
    assert_eq!((local.entries, local.expected, local.loads), (20_000, 20_000, 1), "{local:?}");
    assert!(local.bytes > 20_000 * 64, "{local:?}");
}

#[tokio::test]
async fn two_schemas_of_a_name_do_not_mix_and_a_dropped_index_gives_its_memory_back() {
    let server = TestServer::start();
    let store = plain(&server.url()).await;
    let index = store.open(&name("gone"), &schema());
    index.upsert_many(&numbered(0..100)).await.unwrap();
    assert_eq!(index.count(&Filter::All).await.unwrap(), 100);
    assert!(local(&store).bytes > 0);
    let other = plain(&server.url()).await.open(&name("gone"), &schema());
    assert!(other.drop_index().await.unwrap());
    let more = IndexSchema::new(3).unwrap();
    let more = store.open(&name("gone"), &more);
    more.upsert_many(&[entry("a", [1.0, 0.0, 0.0])]).await.unwrap();
    assert!(index.count(&Filter::All).await.is_err(), "it is another's now");
    assert_eq!(local(&store).bytes, 0);
    assert_eq!(nearest(&*more).await, ["a"]);
}
