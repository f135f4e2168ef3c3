//! The graph of neighbours in the process beside comparing with every vector: time, recall, and what
//! building it takes.

use std::cell::Cell;
use std::time::{Duration, Instant};

use cache_benches::compare::in_turns;
use cache_core::vector::{
    Filter, GraphOptions, IndexMethod, IndexName, Similarity, VectorIndex, VectorQuery,
};
use cache_core::{Embedding, Namespace};
use vector_scan::{MemoryVectorIndex, MemoryVectors};

use crate::{DIMENSIONS, Numbers, entry, part, schema};

const SIZES: [usize; 4] = [5_000, 10_000, 20_000, 100_000];
const QUERIES: usize = 100;
/// What embeddings mean lies in fewer dimensions than they have.
const HIDDEN: usize = 32;

pub(crate) async fn run(test: bool) {
    let (sizes, rounds) = if test { (&[500][..], 1) } else { (&SIZES[..], 400) };
    println!("{:<46} {:>10} {:>10} {:>8}", "a graph in the process", "exact", "graph", "recall");
    for &rows in sizes {
        Bench::new(rows).await.run(rounds).await;
    }
}

struct Bench {
    rows: usize,
    exact: MemoryVectorIndex,
    graph: MemoryVectorIndex,
    queries: Vec<Embedding>,
}

impl Bench {
    async fn new(rows: usize) -> Self {
        let name = IndexName::new(Namespace::default(), "bench").unwrap();
        let approximate = schema().with_method(IndexMethod::Approximate(GraphOptions::new()));
        let exact = MemoryVectors::new(4 << 30).index(&name, &schema());
        let graph = MemoryVectors::new(4 << 30).with_approximate_above(100);
        let graph = graph.index(&name, &approximate);
        let mut embeddings = Embeddings::new();
        for first in (0..rows).step_by(500) {
            let last = rows.min(first + 500);
            let entries: Vec<_> = (first..last).map(|id| entry(id, embeddings.next())).collect();
            exact.upsert_many(&entries).await.unwrap();
            graph.upsert_many(&entries).await.unwrap();
        }
        let queries = (0..QUERIES).map(|_| embeddings.next()).collect();
        Self { rows, exact, graph, queries }
    }

    async fn run(&self, rounds: usize) {
        let before = self.graph.info().await.unwrap().unwrap().bytes;
        let start = Instant::now();
        self.graph.search_many(&[self.nearest(0)]).await.unwrap();
        while self.graph.info().await.unwrap().unwrap().graph.unwrap().building {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (time, info) = (start.elapsed(), self.graph.info().await.unwrap().unwrap());
        assert_eq!(info.graph.unwrap().entries, self.rows as u64, "the graph is there");
        println!(
            "{} entries: built in {:.1} s, {} bytes an entry, which takes {} itself",
            self.rows,
            time.as_secs_f64(),
            (info.bytes - before) / self.rows as u64,
            before / self.rows as u64,
        );
        let tenth = || Filter::tag(part(), "3");
        let least = Similarity::new(0.9).unwrap();
        self.compare(rounds, "the nearest 10", |i| self.nearest(i)).await;
        self.compare(rounds, "the nearest 10 of a tenth", |i| self.nearest(i).with_filter(tenth()))
            .await;
        self.compare(rounds, "the nearest of a tenth, at least 0.9", |i| {
            let query = VectorQuery::nearest(self.queries[i].clone(), 1);
            query.with_at_least(least).with_filter(tenth())
        })
        .await;
    }

    fn nearest(&self, query: usize) -> VectorQuery {
        VectorQuery::nearest(self.queries[query].clone(), 10)
    }

    async fn compare(&self, rounds: usize, what: &str, query: impl Fn(usize) -> VectorQuery) {
        let (exact, graph) = (Cell::new(0), Cell::new(0));
        let ask = async |index: &MemoryVectorIndex, turn: &Cell<usize>| {
            let query = query(turn.replace(turn.get() + 1) % QUERIES);
            index.search_many(&[query]).await.unwrap()
        };
        let medians = in_turns(
            rounds,
            async || _ = ask(&self.exact, &exact).await,
            async || _ = ask(&self.graph, &graph).await,
        )
        .await;
        let (mut found, mut all) = (0, 0);
        for i in 0..QUERIES {
            let truth = self.exact.search_many(&[query(i)]).await.unwrap().remove(0);
            let near = self.graph.search_many(&[query(i)]).await.unwrap().remove(0);
            all += truth.len();
            found += truth.iter().filter(|one| near.iter().any(|near| near.id == one.id)).count();
        }
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "  {what:<44} {:>7.2} ms {:>7.2} ms {:>8.4}",
            milliseconds(medians.raw),
            milliseconds(medians.ours),
            if all == 0 { 1.0 } else { found as f64 / all as f64 },
        );
    }
}

/// Vectors as models make them: of some dimensions that mean something, and a little noise.
struct Embeddings {
    numbers: Numbers,
    directions: Vec<Embedding>,
}

impl Embeddings {
    fn new() -> Self {
        let mut numbers = Numbers(42);
        let directions = (0..HIDDEN).map(|_| numbers.vector()).collect();
        Self { numbers, directions }
    }

    fn next(&mut self) -> Embedding {
        let (hidden, noise) = (self.numbers.vector(), self.numbers.vector());
        let at = |i: usize| {
            let meant = hidden.iter().zip(&self.directions).map(|(value, to)| value * to[i]);
            meant.sum::<f32>() + 0.2 * noise[i]
        };
        Embedding::new((0..DIMENSIONS).map(at).collect::<Vec<_>>()).unwrap()
    }
}
