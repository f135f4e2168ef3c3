//! Large approximate indexes: each process searches its mirror by a graph of its own.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::vector::{
    GraphInfo, GraphOptions, IndexMethod, IndexSchema, VectorIndex, VectorQuery, VectorStore,
};
use cache_embedded::{EmbeddedBackend, EmbeddedConfig};
use support::{direction, index_name, vector, vector_id};

const ENTRIES: u32 = 2_000;

fn schema() -> IndexSchema {
    let graph = IndexMethod::Approximate(GraphOptions::new());
    IndexSchema::new(24).unwrap().with_method(graph)
}

async fn open(file: &Path, memory: u64) -> Arc<dyn VectorIndex> {
    let config = EmbeddedConfig::new(file).with_approximate_above(500);
    let backend = EmbeddedBackend::open_with(config.with_vector_memory_bytes(memory));
    backend.await.unwrap().vectors().open(&index_name("index"), &schema())
}

async fn graph(index: &dyn VectorIndex) -> GraphInfo {
    index.info().await.unwrap().unwrap().graph.unwrap()
}

/// The nearest to the direction of a number.
async fn nearest(index: &dyn VectorIndex, number: u32) -> String {
    let query = VectorQuery::nearest(direction(number, &schema()), 1);
    let found = index.search_many(&[query]).await.unwrap().remove(0);
    found[0].id.as_str().to_owned()
}

async fn built(index: &dyn VectorIndex) -> GraphInfo {
    nearest(index, 0).await;
    let start = Instant::now();
    while graph(index).await.building {
        assert!(start.elapsed() < Duration::from_secs(60), "a graph of some thousand");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    graph(index).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_has_written_is_found_beside_a_graph() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let (one, other) = (open(&file, 64 << 20).await, open(&file, 64 << 20).await);
    assert!(!one.vector_capabilities().exact);
    let entries: Vec<_> = (0..ENTRIES).map(|number| vector(number, &schema())).collect();
    one.upsert_many(&entries).await.unwrap();
    let before = graph(&*other).await;
    assert_eq!(
        (before.above, before.entries, before.building),
        (500, 0, false),
        "it has no mirror"
    );
    let info = built(&*other).await;
    assert_eq!((info.entries, info.pending), (u64::from(ENTRIES), 0));
    for number in (0..ENTRIES).step_by(97) {
        assert_eq!(nearest(&*other, number).await, number.to_string());
        one.remove_many(&[vector_id(number)]).await.unwrap();
        assert_ne!(nearest(&*other, number).await, number.to_string(), "it was removed");
        one.upsert_many(&[vector(number + 10_000, &schema())]).await.unwrap();
        assert_eq!(nearest(&*other, number + 10_000).await, (number + 10_000).to_string());
    }
    let info = graph(&*other).await;
    assert_eq!((info.entries, info.pending), (u64::from(ENTRIES) - 21, 21), "the same graph");
    assert_eq!(graph(&*one).await.entries, 0, "which is the other's own");

    one.drop_index().await.unwrap();
    one.upsert_many(&entries[..10]).await.unwrap();
    assert_eq!(nearest(&*other, 3).await, "3");
    assert_eq!(graph(&*other).await.entries, 0, "of another index");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graph_takes_what_mirrors_leave() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let entries: Vec<_> = (0..ENTRIES).map(|number| vector(number, &schema())).collect();
    let index = open(&file, 64 << 20).await;
    index.upsert_many(&entries).await.unwrap();
    let bytes = index.info().await.unwrap().unwrap().bytes;
    let tight = open(&file, bytes + 1_000).await;
    assert_eq!(built(&*tight).await.entries, 0, "there is room for a mirror only");
    assert_eq!(nearest(&*tight, 7).await, "7");
    let none = open(&file, bytes - 1).await;
    assert_eq!(built(&*none).await.entries, 0, "nor is there room for a mirror");
    assert_eq!(nearest(&*none, 7).await, "7");
}
