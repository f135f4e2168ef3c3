//! Indexes in memory keep the contract.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use cache_core::conformance::vector::{Subject, run};
use cache_core::vector::{
    AttributeKind, AttributeName, AttributeValue, Attributes, Filter, GraphOptions, IndexMethod,
    IndexName, IndexSchema, Precision, VectorEntry, VectorId, VectorIndex, VectorQuery,
};
use cache_core::{Embedding, ErrorKind, Namespace, Ttl};
use vector_scan::{MemoryVectorIndex, MemoryVectors};

fn subject() -> Subject {
    Subject::new(Arc::new(MemoryVectors::new(64 << 20)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exact() {
    run(&subject()).await;
}

#[tokio::test]
async fn approximate_on_one_thread() {
    let approximate = IndexMethod::Approximate(GraphOptions::new());
    let store = MemoryVectors::new(64 << 20).with_approximate_above(100);
    run(&Subject::new(Arc::new(store)).with_method(approximate)).await;
}

fn index(max_bytes: u64, schema: &IndexSchema) -> MemoryVectorIndex {
    let name = IndexName::new(Namespace::default(), "index").unwrap();
    MemoryVectors::new(max_bytes).index(&name, schema)
}

fn entry(id: usize, vector: Vec<f32>) -> VectorEntry {
    let id = VectorId::new(&format!("{id:05}")).unwrap();
    VectorEntry::new(id, Embedding::new(vector).unwrap(), Ttl::FOREVER)
}

#[tokio::test]
async fn a_full_index_drops_what_was_written_first() {
    let schema = IndexSchema::new(256).unwrap();
    let index = index(200_000, &schema);
    for id in 0..500 {
        let entries = [entry(id, vec![1.0; 256]), entry(99_999, vec![1.0; 256])];
        index.upsert_many(&entries).await.unwrap();
    }
    let info = index.info().await.unwrap().unwrap();
    assert!(info.bytes <= 200_000 && info.bytes > 195_000, "{} bytes", info.bytes);
    let query = VectorQuery::nearest(Embedding::new(vec![1.0; 256]).unwrap(), 10_000);
    let found = index.search_many(&[query]).await.unwrap().remove(0);
    let ids: Vec<_> = found.iter().map(|found| found.id.as_str().to_owned()).collect();
    let first = 500 - (ids.len() - 1);
    let expected = (first..500).chain([99_999]).map(|id| format!("{id:05}"));
    assert_eq!(ids, expected.collect::<Vec<_>>(), "the latest, in the order of their ids");

    let name = AttributeName::new("kept").unwrap();
    let schema = schema.with_attribute(name.clone(), AttributeKind::Stored);
    let index = self::index(10_000, &schema);
    let large = AttributeValue::Stored(vec![0; 10_000].into());
    let large = entry(1, vec![1.0; 256]).with_attributes(Attributes::from([(name, large)]));
    let batch = [entry(0, vec![1.0; 256]), large];
    assert_eq!(index.upsert_many(&batch).await.unwrap_err().kind(), ErrorKind::Full);
    assert_eq!(index.count(&Filter::All).await.unwrap(), 0, "a refused batch has written nothing");
}

/// Some dozens of blocks: several threads, and every row found whatever its block is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_indexes_are_searched_as_small_ones_are() {
    const ROWS: usize = 40_000;
    let schema = IndexSchema::new(64).unwrap();
    let index = index(1 << 30, &schema);
    let vector = |i: usize| {
        let at = |j: usize| ((i * 31 + j * 17 + i * j * 7) % 1_009) as f32 / 1_009.0 - 0.5;
        (0..64).map(at).collect::<Vec<_>>()
    };
    let entries: Vec<_> = (0..ROWS).map(|i| entry(i, vector(i))).collect();
    index.upsert_many(&entries).await.unwrap();
    let gone: Vec<_> = (0..ROWS).step_by(3).map(|i| entries[i].id.clone()).collect();
    assert!(index.remove_many(&gone).await.unwrap().iter().all(|removed| *removed));
    let wanted = [1, 2, 16_385, 20_000, 39_998];
    let query = |&i: &usize| VectorQuery::nearest(entries[i].vector.clone(), 3);
    let queries: Vec<_> = wanted.iter().map(query).collect();
    let found = index.search_many(&queries).await.unwrap();
    for (query, found) in queries.iter().zip(&found) {
        let cosine = |entry: &VectorEntry| entry.vector.cosine_similarity(&query.vector).unwrap();
        let left = entries.iter().enumerate().filter(|(i, _)| i % 3 != 0);
        let mut cosines: Vec<_> = left.map(|(_, entry)| cosine(entry)).collect();
        cosines.sort_by(|a, b| b.total_cmp(a));
        for (found, exact) in found.iter().zip(&cosines) {
            assert!((f64::from(found.similarity.get()) - exact).abs() < 1e-5);
        }
        assert_eq!(found.len(), 3);
    }
    assert_eq!(index.count(&Filter::All).await.unwrap(), (ROWS - gone.len()) as u64);
}

#[tokio::test]
async fn bits_are_refused() {
    let schema = IndexSchema::new(4).unwrap().with_precision(Precision::Binary);
    let schema = schema.with_method(IndexMethod::Approximate(GraphOptions::new()));
    let index = index(1 << 20, &schema);
    let written = index.upsert_many(&[entry(1, vec![1.0; 4])]).await;
    for refused in [index.create().await.map(|_| ()), written] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
