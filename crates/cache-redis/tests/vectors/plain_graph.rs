//! Large approximate indexes on a plain server: each process searches by a graph of its own.

use std::time::{Duration, Instant};

use cache_core::vector::{
    GraphInfo, IndexSchema, VectorEntry, VectorId, VectorIndex, VectorQuery, VectorStore,
};
use cache_core::{Embedding, Ttl};
use cache_redis::{VectorEngine, VectorOptions};
use redis_test_server::TestServer;

use crate::graphs::graph;
use crate::{local, name, store};

const ENTRIES: u32 = 2_000;
const DIMENSIONS: u32 = 24;

fn options() -> VectorOptions {
    VectorOptions::new().with_engine(VectorEngine::Plain).with_approximate_above(500)
}

fn schema() -> IndexSchema {
    IndexSchema::new(DIMENSIONS as usize).unwrap().with_method(graph())
}

fn vector(number: u32) -> Embedding {
    let mut state = number;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..3).for_each(|_| _ = next());
    Embedding::new((0..DIMENSIONS).map(|_| next()).collect::<Vec<_>>()).unwrap()
}

fn entry(number: u32) -> VectorEntry {
    let id = VectorId::new(&number.to_string()).unwrap();
    VectorEntry::new(id, vector(number), Ttl::seconds(3_600).unwrap())
}

async fn info(index: &dyn VectorIndex) -> GraphInfo {
    index.info().await.unwrap().unwrap().graph.unwrap()
}

async fn nearest(index: &dyn VectorIndex, number: u32) -> String {
    let query = VectorQuery::nearest(vector(number), 1);
    let found = index.search_many(&[query]).await.unwrap().remove(0);
    found[0].id.as_str().to_owned()
}

async fn built(index: &dyn VectorIndex) -> GraphInfo {
    nearest(index, 0).await;
    let start = Instant::now();
    while info(index).await.building {
        assert!(start.elapsed() < Duration::from_secs(60), "a graph of some thousand");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    info(index).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_has_written_is_found_beside_a_graph() {
    let server = TestServer::start();
    let stores = [store(&server.url(), options()).await, store(&server.url(), options()).await];
    let [one, other] = [&stores[0], &stores[1]].map(|store| store.open(&name("graph"), &schema()));
    assert!(!one.vector_capabilities().exact);
    let entries: Vec<_> = (0..ENTRIES).map(entry).collect();
    one.upsert_many(&entries).await.unwrap();
    assert_eq!(info(&*other).await.entries, 0, "nobody has searched");
    assert_eq!(built(&*other).await.entries, u64::from(ENTRIES));
    for number in (0..ENTRIES).step_by(97) {
        assert_eq!(nearest(&*other, number).await, number.to_string());
        one.remove_many(&[entry(number).id]).await.unwrap();
        assert_ne!(nearest(&*other, number).await, number.to_string(), "it was removed");
        one.upsert_many(&[entry(number + 10_000)]).await.unwrap();
        assert_eq!(nearest(&*other, number + 10_000).await, (number + 10_000).to_string());
    }
    let found = info(&*other).await;
    assert_eq!((found.entries, found.pending), (u64::from(ENTRIES) - 21, 21), "the same graph");
    one.drop_index().await.unwrap();
    one.upsert_many(&entries[..10]).await.unwrap();
    assert_eq!(nearest(&*other, 3).await, "3");
    assert_eq!(info(&*other).await.entries, 0, "of another index");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graph_makes_room_for_entries() {
    let server = TestServer::start();
    let writer = store(&server.url(), options()).await.open(&name("graph"), &schema());
    writer.upsert_many(&(0..ENTRIES).map(entry).collect::<Vec<_>>()).await.unwrap();
    let measured = store(&server.url(), options().with_approximate_above(usize::MAX)).await;
    let exact = measured.open(&name("graph"), &schema());
    nearest(&*exact, 0).await;
    assert!(
        exact.vector_capabilities().exact && exact.info().await.unwrap().unwrap().graph.is_none()
    );
    let entry_bytes = local(&measured).bytes / u64::from(ENTRIES);
    // Of a graph, an entry takes some 400 bytes.
    let bytes = local(&measured).bytes + u64::from(ENTRIES) * 450;
    let index = store(&server.url(), options().with_max_local_bytes(bytes)).await;
    let index = index.open(&name("graph"), &schema());
    assert_eq!(built(&*index).await.entries, u64::from(ENTRIES));
    let more = u32::try_from(u64::from(ENTRIES) * 450 / entry_bytes).unwrap() - 10;
    writer.upsert_many(&(10_000..10_000 + more).map(entry).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(nearest(&*index, 10_000).await, "10000", "all entries are here");
    assert_eq!(info(&*index).await.entries, 0, "and the graph is gone");
}
