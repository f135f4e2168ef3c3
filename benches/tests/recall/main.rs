//! What every store finds among 20,000 vectors of real sentences, against all of them compared in
//! double precision. The file of vectors is named by `TEST_MINILM_MATRIX`, see the example
//! `minilm_matrix`; servers with vector search by the variables of `OptionalServer`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests that print what they measure")]

mod narrowed;
mod stores;
mod truth;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cache_benches::minilm::{DIMENSIONS, ENTRIES, Matrix};
use cache_core::vector::{
    GraphOptions, IndexMethod, IndexName, IndexSchema, Precision, Similarity, VectorIndex,
    VectorMatch, VectorQuery, VectorStore,
};
use cache_core::{Embedding, Namespace};

use narrowed::Narrowed;
use truth::Truth;

/// So many are looked for.
const MOST: usize = 10;
/// Queries that are asked at once.
const BATCH: usize = 50;
/// All that are so similar are looked for, too: some for each query.
const WITHIN: f32 = 0.6;
/// Cosines that are nearer to each other than this are a tie: floats cannot tell them apart.
const TIE: f64 = 2e-6;

static MATRIX: LazyLock<Option<(Matrix, Truth)>> = LazyLock::new(|| {
    let matrix = Matrix::from_environment()?;
    let truth = Truth::new(&matrix);
    Some((matrix, truth))
});

/// What is found for one narrowing, over all queries.
struct Quality {
    /// The part of the true matches that is found; of true ties any counts.
    recall: f64,
    /// The farthest that a similarity is from the true one.
    error: f64,
    /// Queries whose matches are the true ones, place by place, ties aside.
    exact: usize,
}

impl Quality {
    async fn of(index: &dyn VectorIndex, matrix: &Matrix, truth: &Truth, by: Narrowed) -> Self {
        let mut quality = Self { recall: 0.0, error: 0.0, exact: 0 };
        for (batch, queries) in matrix.queries.chunks(BATCH).enumerate() {
            let ask = |query: &Embedding| {
                VectorQuery::nearest(query.clone(), MOST).with_filter(by.filter())
            };
            let asked: Vec<_> = queries.iter().map(ask).collect();
            let found = index.search_many(&asked).await.unwrap();
            for (place, found) in found.iter().enumerate() {
                quality.add(&truth.of(batch * BATCH + place, by), found);
            }
        }
        quality.recall /= (matrix.queries.len() * MOST) as f64;
        quality
    }

    fn add(&mut self, truth: &truth::Answer<'_>, found: &[VectorMatch]) {
        let entry = |found: &VectorMatch| found.id.as_str().parse::<usize>().unwrap();
        let distinct: HashSet<_> = found.iter().map(entry).collect();
        assert_eq!((distinct.len(), found.len()), (MOST, MOST), "ten different entries");
        assert!(distinct.iter().all(|entry| truth.by.passes(*entry)), "the filter is kept");
        let true_cosines: Vec<_> = found.iter().map(|found| truth.cosine(entry(found))).collect();
        let worst = truth.best[MOST - 1] - TIE;
        self.recall += true_cosines.iter().filter(|cosine| **cosine >= worst).count() as f64;
        let ties = true_cosines.iter().zip(&truth.best);
        self.exact += usize::from(ties.into_iter().all(|(one, best)| (one - best).abs() < TIE));
        for (found, cosine) in found.iter().zip(true_cosines) {
            self.error = self.error.max((f64::from(found.similarity.get()) - cosine).abs());
        }
    }
}

async fn filled(
    store: &dyn VectorStore,
    schema: &IndexSchema,
    matrix: &Matrix,
) -> Arc<dyn VectorIndex> {
    let name = IndexName::new(Namespace::new("recall").unwrap(), "sentences").unwrap();
    let index = store.open(&name, &Narrowed::declare(schema));
    for (chunk, vectors) in matrix.entries.chunks(500).enumerate() {
        let entries = vectors.iter().enumerate();
        let entries: Vec<_> =
            entries.map(|(i, vector)| narrowed::entry(chunk * 500 + i, vector.clone())).collect();
        index.upsert_many(&entries).await.unwrap();
    }
    index
}

/// Where this process searches by a graph of its own: until it is built.
async fn graph_is_built(index: &dyn VectorIndex, query: &Embedding) -> bool {
    let graph = async || index.info().await.unwrap().unwrap().graph;
    if graph().await.is_none() {
        return false;
    }
    index.search_many(&[VectorQuery::nearest(query.clone(), MOST)]).await.unwrap();
    while graph().await.unwrap().building {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let graph = graph().await.unwrap();
    assert_eq!((graph.entries, graph.pending), (ENTRIES as u64, 0), "all are in the graph");
    true
}

/// The part of all entries within a similarity that is found.
async fn recall_within(index: &dyn VectorIndex, matrix: &Matrix, truth: &Truth) -> f64 {
    let (mut found, mut all) = (0, 0);
    for (place, query) in matrix.queries.iter().enumerate() {
        let query = VectorQuery::within(query.clone(), Similarity::new(WITHIN).unwrap());
        let near = index.search_many(&[query]).await.unwrap().remove(0);
        let truth = truth.of(place, Narrowed::All);
        let is_within = |cosine: f64| cosine >= f64::from(WITHIN) + TIE;
        all += (0..ENTRIES).filter(|entry| is_within(truth.cosine(*entry))).count();
        let entries = near.iter().map(|near| near.id.as_str().parse::<usize>().unwrap());
        found += entries.filter(|entry| is_within(truth.cosine(*entry))).count();
    }
    assert!(all > matrix.queries.len(), "there are some");
    found as f64 / all as f64
}

/// Fills every store, and holds what it finds against what is expected.
async fn judge(schema: IndexSchema, holds: impl Fn(&dyn VectorIndex, &Quality) -> bool) {
    let Some((matrix, truth)) = MATRIX.as_ref() else { return };
    let stores = stores::Stores::start().await;
    for store in stores.all.iter().filter(|store| store.check_schema(&schema).is_ok()) {
        let index = filled(&**store, &schema, matrix).await;
        let kind = store.vector_store_info().kind;
        if graph_is_built(&*index, &matrix.queries[0]).await {
            let recall = recall_within(&*index, matrix, truth).await;
            println!("{kind}, {}, within {WITHIN}: recall {recall:.4}", schema.to_text());
            assert!(recall >= 0.95, "{kind}, within {WITHIN}");
        }
        for by in Narrowed::ALL {
            let quality = Quality::of(&*index, matrix, truth, by).await;
            let Quality { recall, error, exact } = quality;
            println!(
                "{kind}, {}, {by:?}: recall@{MOST} {recall:.4}, {exact} of {} exact, similarities off by \
                 {error:.1e}",
                schema.to_text(),
                matrix.queries.len()
            );
            assert!(error <= f64::from(index.vector_capabilities().similarity_error));
            assert!(holds(&*index, &quality), "{kind}, {by:?}");
        }
    }
}

fn schema() -> IndexSchema {
    IndexSchema::new(DIMENSIONS).unwrap()
}

/// The parameters that the figures are for.
fn graph() -> IndexMethod {
    let graph = GraphOptions::new().with_links(16).with_build_effort(200).with_search_effort(100);
    IndexMethod::Approximate(graph)
}

/// One answer, ties aside, from every store: that of brute force.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exact_searches_find_what_brute_force_finds() {
    judge(schema(), |index, quality| {
        assert!(index.vector_capabilities().exact);
        quality.exact == cache_benches::minilm::QUERIES
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graphs_find_nineteen_of_twenty() {
    judge(schema().with_method(graph()), |_, quality| quality.recall >= 0.95).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graphs_of_bytes_find_nineteen_of_twenty() {
    let schema = schema().with_method(graph()).with_precision(Precision::Int8);
    judge(schema, |_, quality| quality.recall >= 0.95).await;
}

/// Where they are kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bits_find_nineteen_of_twenty() {
    let schema = schema().with_method(graph()).with_precision(Precision::Binary);
    judge(schema, |_, quality| quality.recall >= 0.95).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halves_find_nearly_all() {
    judge(schema().with_precision(Precision::Float16), |_, quality| quality.recall >= 0.99).await;
}
