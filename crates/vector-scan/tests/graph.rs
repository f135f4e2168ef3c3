//! Indexes that are searched by a graph.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cache_core::vector::{
    Filter, GraphInfo, GraphOptions, IndexName, Similarity, VectorEntry, VectorIndex, VectorQuery,
};
use cache_core::{Embedding, Namespace, Ttl};
use support::{Numbers, Recall, half_of_the_groups, id, in_group, one_group, schema, vector};
use vector_scan::{MemoryVectorIndex, MemoryVectors};

const ABOVE: usize = 1_000;

fn index(max_bytes: u64) -> MemoryVectorIndex {
    let name = IndexName::new(Namespace::default(), "graph").unwrap();
    let store = MemoryVectors::new(max_bytes).with_approximate_above(ABOVE);
    store.index(&name, &schema(GraphOptions::new()))
}

fn entry(number: u32, vector: Embedding) -> VectorEntry {
    VectorEntry::new(id(number), vector, Ttl::FOREVER).with_attributes(in_group(number))
}

async fn fill(index: &dyn VectorIndex, entries: &BTreeMap<u32, Embedding>) {
    let entries: Vec<_> =
        entries.iter().map(|(number, vector)| entry(*number, vector.clone())).collect();
    index.upsert_many(&entries).await.unwrap();
}

async fn info(index: &dyn VectorIndex) -> GraphInfo {
    index.info().await.unwrap().unwrap().graph.unwrap()
}

/// Searches, and waits until what that has begun is built.
async fn built(index: &dyn VectorIndex) -> GraphInfo {
    for _ in 0..2 {
        ask(index, &VectorQuery::nearest(vector(1), 1)).await;
        let start = Instant::now();
        while info(index).await.building {
            assert!(start.elapsed() < Duration::from_secs(60), "a graph of some thousand");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    info(index).await
}

async fn ask(index: &dyn VectorIndex, query: &VectorQuery) -> Vec<cache_core::vector::VectorMatch> {
    index.search_many(std::slice::from_ref(query)).await.unwrap().remove(0)
}

fn queries(number: u32) -> Vec<VectorQuery> {
    let nearest = |most| VectorQuery::nearest(vector(number), most);
    vec![
        nearest(10),
        nearest(1),
        nearest(45),
        nearest(400),
        nearest(10).with_filter(half_of_the_groups()),
        nearest(10).with_filter(one_group(3)),
        nearest(10).with_filter(one_group(77)),
        nearest(1).with_at_least(similarity(0.9)).with_filter(one_group(4)),
        VectorQuery::within(vector(number), similarity(0.9)),
        VectorQuery::within(vector(number), similarity(0.2)),
    ]
}

fn similarity(value: f32) -> Similarity {
    Similarity::new(value).unwrap()
}

async fn judge(index: &dyn VectorIndex, entries: &BTreeMap<u32, Embedding>) {
    let kinds = queries(0).len();
    let mut recalls = vec![Recall::default(); kinds];
    for number in 1_000_000..1_000_050 {
        let queries = queries(number);
        let found = index.search_many(&queries).await.unwrap();
        for ((query, found), recall) in queries.iter().zip(&found).zip(&mut recalls) {
            recall.judge(entries, query, found);
        }
    }
    for (kind, recall) in recalls.iter().enumerate() {
        assert!(recall.all == 0 || recall.part() >= 0.95, "query {kind}: {recall:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graph_finds_what_comparing_with_all_finds() {
    let index = index(1 << 30);
    let mut entries: BTreeMap<_, _> = (0..5_000).map(|i| (i, vector(i))).collect();
    fill(&index, &entries).await;
    let before = info(&index).await;
    assert_eq!(
        (before.entries, before.pending, before.building),
        (0, 5_000, false),
        "not asked yet"
    );
    assert!(!index.vector_capabilities().exact);
    let graph = built(&index).await;
    assert_eq!((graph.entries, graph.pending, graph.above), (5_000, 0, 1_000));
    judge(&index, &entries).await;

    // Some are written again, some go and some come, which is not enough to build anew.
    let changed: BTreeMap<_, _> = (0..250).map(|i| (i * 14, vector(i + 10_000))).collect();
    let new: BTreeMap<_, _> = (5_000..5_100).map(|i| (i, vector(i))).collect();
    let gone: Vec<_> = (0..100).map(|i| i * 11 + 1).collect();
    fill(&index, &changed).await;
    fill(&index, &new).await;
    index.remove_many(&gone.iter().map(|&i| id(i)).collect::<Vec<_>>()).await.unwrap();
    entries.extend(changed);
    entries.extend(new);
    gone.iter().for_each(|i| _ = entries.remove(i));
    judge(&index, &entries).await;
    let graph = info(&index).await;
    assert_eq!(graph.entries + graph.pending, entries.len() as u64);
    assert!(graph.pending > 300 && graph.entries > 4_600 && !graph.building, "{graph:?}");

    let more: BTreeMap<_, _> = (6_000..7_000).map(|i| (i, vector(i))).collect();
    fill(&index, &more).await;
    entries.extend(more);
    let graph = built(&index).await;
    assert_eq!((graph.entries, graph.pending), (entries.len() as u64, 0), "built anew");
    judge(&index, &entries).await;

    // The same vectors again are no change.
    fill(&index, &entries).await;
    assert_eq!(info(&index).await.pending, 0);

    let rest: Vec<_> = entries.keys().skip(ABOVE / 2).map(|&i| id(i)).collect();
    index.remove_many(&rest).await.unwrap();
    let graph = built(&index).await;
    assert_eq!((graph.entries, graph.pending), (0, 500), "a small index has no graph");
}

/// Where a graph has no way from one to the others, all are compared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crowds_and_twins_are_found() {
    let index = index(1 << 30);
    let crowded = |i: u32| {
        let (place, mut noise) = (vector(i % 4), Numbers::new(i));
        let near = place.iter().map(|value| value * (1.0 + 0.02 * noise.next()));
        Embedding::new(near.collect::<Vec<_>>()).unwrap()
    };
    let crowds = (0..3_000).map(|i| (i, crowded(i)));
    let twins = (3_000..4_000).map(|i| (i, vector(i % 3)));
    let others = (4_000..4_200).map(|i| (i, vector(i)));
    let entries: BTreeMap<_, _> = crowds.chain(twins).chain(others).collect();
    fill(&index, &entries).await;
    built(&index).await;
    let mut recall = Recall::default();
    for i in (0..4_200).step_by(17) {
        for query in [
            VectorQuery::nearest(entries[&i].clone(), 10),
            VectorQuery::within(entries[&i].clone(), similarity(0.99)),
        ] {
            let found = ask(&index, &query).await;
            recall.judge(&entries, &query, &found);
        }
    }
    assert!(recall.part() >= 0.95, "{recall:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graph_takes_only_what_entries_leave() {
    let entries: BTreeMap<_, _> = (0..3_000).map(|i| (i, vector(i))).collect();
    let whole = index(1 << 30);
    fill(&whole, &entries).await;
    let without = whole.info().await.unwrap().unwrap().bytes;
    built(&whole).await;
    let with = whole.info().await.unwrap().unwrap().bytes;
    assert!(with > without + 3_000 * 300, "{without} bytes, and with a graph {with}");

    let tight = index(with - 1);
    fill(&tight, &entries).await;
    let graph = built(&tight).await;
    assert_eq!((graph.entries, graph.pending), (0, 3_000), "there is no room for a graph");

    let enough = index(with);
    fill(&enough, &entries).await;
    assert_eq!(built(&enough).await.entries, 3_000);
    fill(&enough, &BTreeMap::from([(9_000, vector(9_000))])).await;
    let found = enough.info().await.unwrap().unwrap();
    assert_eq!(
        (found.entries, found.graph.unwrap().entries),
        (3_001, 0),
        "entries go before a graph"
    );
    assert!(found.bytes < with);
    judge(&enough, &entries.into_iter().chain([(9_000, vector(9_000))]).collect()).await;
}

/// While entries are written, removed and searched, graphs are built one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_and_searchers_do_not_mind_builds() {
    let index = Arc::new(index(1 << 30));
    let entries: BTreeMap<_, _> = (0..3_000).map(|i| (i, vector(i))).collect();
    fill(&*index, &entries).await;
    let done = Arc::new(AtomicBool::new(false));
    // Each of two writers has every second entry of the first 2,000, and gives it one of two vectors.
    let other = |i: u32| vector(i + 50_000);
    let writers = (0..2u32).map(|writer| {
        let (index, done) = (Arc::clone(&index), Arc::clone(&done));
        tokio::spawn(async move {
            let mut round = 0;
            while !done.load(Ordering::Relaxed) {
                for i in (writer..2_000).step_by(2) {
                    match (i + round) % 3 {
                        0 => index.upsert_many(&[entry(i, vector(i))]).await.unwrap(),
                        1 => index.upsert_many(&[entry(i, other(i))]).await.unwrap(),
                        _ => _ = index.remove_many(&[id(i)]).await.unwrap(),
                    }
                }
                round += 1;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let searchers = (0..2u32).map(|searcher| {
        let (index, done) = (Arc::clone(&index), Arc::clone(&done));
        tokio::spawn(async move {
            let mut asked = 0;
            while !done.load(Ordering::Relaxed) {
                asked += 1;
                let query = VectorQuery::nearest(vector(asked * 2 + searcher), 10);
                let found = ask(&*index, &query).await;
                assert_eq!(found.len(), 10);
                for pair in found.windows(2) {
                    assert!(pair[0].similarity >= pair[1].similarity && pair[0].id != pair[1].id);
                }
                for found in found {
                    let number = support::number(&found.id);
                    let is = |vector: Embedding| {
                        let cosine = vector.cosine_similarity(&query.vector).unwrap();
                        (f64::from(found.similarity.get()) - cosine).abs() < 1e-5
                    };
                    assert!(is(vector(number)) || is(other(number)), "of neither vector");
                }
            }
        })
    });
    let searchers: Vec<_> = searchers.collect();
    let (start, mut builds, mut was_building) = (Instant::now(), 0, false);
    while builds < 3 {
        assert!(start.elapsed() < Duration::from_secs(120), "{builds} graphs were built");
        let building = info(&*index).await.building;
        builds += u32::from(was_building && !building);
        was_building = building;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    done.store(true, Ordering::Relaxed);
    for task in writers.into_iter().chain(searchers) {
        task.await.unwrap();
    }
    // Everything is written once more: what the graphs knew has changed under them.
    fill(&*index, &entries).await;
    judge(&*index, &entries).await;
    assert_eq!(index.count(&Filter::All).await.unwrap(), entries.len() as u64);
}
