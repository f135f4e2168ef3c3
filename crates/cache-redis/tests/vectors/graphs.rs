//! Graphs of a search module: they lose entries, and are used where they are asked for.

use cache_core::conformance::vector as suite;
use cache_core::vector::{GraphOptions, IndexMethod, VectorIndex, VectorQuery, VectorStore};
use cache_core::{Embedding, ErrorKind};
use cache_redis::{VectorEngine, VectorOptions};

use crate::support::assert_says;
use crate::{entry, name, schema, server, store};

/// Entries of one direction, more than twice the links that an entry has.
const ONE_WAY: usize = 128;

pub(crate) fn graph() -> IndexMethod {
    IndexMethod::Approximate(GraphOptions::new())
}

fn search(module_graphs: bool) -> VectorOptions {
    VectorOptions::new().with_engine(VectorEngine::Search).with_module_graphs(module_graphs)
}

/// Writes entries of one direction, some of them a second time, and one of another direction; and gives
/// how many are there, and how many are found.
async fn there_and_found(index: &dyn VectorIndex) -> (usize, usize) {
    let entries: Vec<_> = (0..ONE_WAY).map(|i| entry(&i.to_string(), [1.0, 0.0, 0.0])).collect();
    index.upsert_many(&[entry("other", [0.0, 1.0, 0.0])]).await.unwrap();
    for _ in 0..2 {
        index.upsert_many(&entries).await.unwrap();
    }
    let all = VectorQuery::nearest(Embedding::new(vec![0.0, 1.0, 0.0]).unwrap(), 1_000);
    let found = index.search_many(&[all]).await.unwrap().remove(0);
    (ONE_WAY + 1, found.len())
}

#[tokio::test]
async fn without_graphs_nothing_is_lost() {
    let Some(server) = server(VectorEngine::Search) else { return };
    let store = store(&server.url(), search(false)).await;
    assert!(store.reason().contains("searched exactly"), "{}", store.reason());
    let index = store.open(&name("list"), &schema().with_method(graph()));
    assert!(index.vector_capabilities().exact);
    let (there, found) = there_and_found(&*index).await;
    assert_eq!(found, there);
}

/// Why graphs are not used unless they are asked for. Where this fails, a module has been repaired.
#[tokio::test]
async fn graphs_lose_entries() {
    let Some(server) = server(VectorEngine::Search) else { return };
    let store = store(&server.url(), search(true)).await;
    let index = store.open(&name("graph"), &schema().with_method(graph()));
    assert!(!index.vector_capabilities().exact);
    let (there, found) = there_and_found(&*index).await;
    assert!(found < there, "all {there} are found: graphs can be used by default");
}

/// Of vectors that differ, graphs find what they should.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graphs_that_are_asked_for_keep_the_rest_of_the_contract() {
    let Some(server) = server(VectorEngine::Search) else { return };
    let store = store(&server.url(), search(true)).await;
    assert!(!store.reason().contains("searched exactly"), "{}", store.reason());
    let subject = suite::Subject::new(store).with_method(graph());
    suite::conflicts(&subject).await;
    suite::writing(&subject).await;
    suite::overwriting(&subject).await;
    suite::removing(&subject).await;
    suite::cosines(&subject).await;
    suite::radius(&subject).await;
    suite::recall(&subject).await;
    suite::filters(&subject).await;
    suite::expiry(&subject).await;
}

#[tokio::test]
async fn an_index_without_a_graph_does_not_become_one() {
    let Some(server) = server(VectorEngine::Search) else { return };
    let schema = schema().with_method(graph());
    let list = store(&server.url(), search(false)).await.open(&name("list"), &schema);
    list.upsert_many(&[entry("a", [1.0, 0.0, 0.0])]).await.unwrap();
    let graph = store(&server.url(), search(true)).await.open(&name("list"), &schema);
    let error = graph.upsert_many(&[entry("b", [1.0, 0.0, 0.0])]).await.unwrap_err();
    assert_says(&error, ErrorKind::Conflict, &["list"]);
    assert!(graph.drop_index().await.unwrap());
    graph.upsert_many(&[entry("b", [1.0, 0.0, 0.0])]).await.unwrap();
}
