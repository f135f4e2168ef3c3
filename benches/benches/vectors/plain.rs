//! A plain server, which keeps the vectors while every process searches itself: by this project, and as a
//! careful programmer has it on the raw `redis` crate. There the vectors are in a hash, a stream tells of
//! changes, every search asks it for news, and a loop over all of them runs on every processor.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use cache_benches::compare::{in_turns, report};
use cache_benches::raw::Raw;
use cache_core::vector::{IndexName, VectorEntry, VectorIndex, VectorQuery, VectorStore};
use cache_core::{Embedding, Namespace};
use cache_redis::{RedisConfig, RedisVectors, VectorEngine, VectorOptions};
use redis::{Pipeline, Value, cmd};
use redis_test_server::TestServer;

use crate::{DIMENSIONS, Numbers, entry, fill, schema};

const MOST: usize = 10;
/// Entries of a write.
const BATCH: usize = 100;
const TARGET: &str = "target ≤ 1.15";

pub(crate) async fn run(test: bool) {
    let (rows, rounds) = if test { (200, 1) } else { (10_000, 1_000) };
    let server = TestServer::start();
    println!(
        "{rows} vectors of {DIMENSIONS} dimensions on a plain server, medians of interleaved runs"
    );
    println!("{:<44} {:>13} {:>13} {:>8}", "what", "raw", "ours", "ratio");
    let bench = Bench::start(&server, rows).await;
    bench.searches("the nearest 10, asking for news first", Duration::ZERO, rounds).await;
    let lax = Duration::from_secs(1);
    bench.searches("the nearest 10, told of changes", lax, rounds).await;
    bench.writes(rounds.div_ceil(10)).await;
}

struct Bench {
    raw: Raw,
    url: String,
    /// Row after row.
    matrix: Vec<f32>,
    queries: Vec<Embedding>,
}

impl Bench {
    async fn start(server: &TestServer, rows: usize) -> Self {
        let url = server.url();
        let raw = Raw::connect(&url).await;
        fill(&*index(&url, Duration::ZERO).await, rows, &mut Numbers(42)).await;
        let mut numbers = Numbers(42);
        let matrix = (0..rows).flat_map(|_| unit(&numbers.vector())).collect();
        let queries = (0..100).map(|_| numbers.vector()).collect();
        let () = raw.ask(cmd("XADD").arg("changes").arg(&["1-1", "id", "0"])).await;
        Self { raw, url, matrix, queries }
    }

    async fn searches(&self, what: &str, staleness: Duration, rounds: usize) {
        let index = index(&self.url, staleness).await;
        let (raw, ours) = (Cell::new(0), Cell::new(0));
        let next = |turn: &Cell<usize>| {
            let number = turn.replace(turn.get() + 1);
            &self.queries[number % self.queries.len()]
        };
        let medians = in_turns(
            rounds,
            async || {
                if staleness.is_zero() {
                    let mut news = cmd("XREAD");
                    let news = news.arg(&["COUNT", "1000", "STREAMS", "changes", "1-1"]);
                    assert_eq!(self.raw.ask::<Value>(news).await, Value::Nil);
                }
                assert_eq!(nearest(&self.matrix, next(&raw)).len(), MOST);
            },
            async || {
                let query = VectorQuery::nearest(next(&ours).clone(), MOST);
                assert_eq!(index.search_many(&[query]).await.unwrap()[0].len(), MOST);
            },
        )
        .await;
        report(what, medians, TARGET);
    }

    /// The same entries again and again.
    async fn writes(&self, rounds: usize) {
        let index = index(&self.url, Duration::ZERO).await;
        let mut numbers = Numbers(7);
        let entries: Vec<_> = (0..BATCH).map(|id| entry(id, numbers.vector())).collect();
        let medians = in_turns(
            rounds,
            async || self.write_by_hand(&entries).await,
            async || index.upsert_many(&entries).await.unwrap(),
        )
        .await;
        report("100 entries written", medians, TARGET);
    }

    /// The vector to the hash, and to the stream for those who follow.
    async fn write_by_hand(&self, entries: &[VectorEntry]) {
        let mut pipeline = Pipeline::with_capacity(2 * entries.len());
        for entry in entries {
            let (id, vector) = (entry.id.as_str(), bytes(&entry.vector));
            pipeline.cmd("HSET").arg("vectors").arg(id).arg(&vector).ignore();
            pipeline.cmd("XADD").arg("changes").arg(&["MAXLEN", "~", "10000", "*", "id"]).arg(id);
            pipeline.arg("v").arg(vector).ignore();
        }
        self.raw.send(&pipeline).await;
    }
}

async fn index(url: &str, staleness: Duration) -> Arc<dyn VectorIndex> {
    let config = RedisConfig::new(url).with_response_timeout(Duration::from_secs(60));
    let options = VectorOptions::new().with_engine(VectorEngine::Plain);
    let options = options.with_max_staleness(staleness);
    let store = RedisVectors::connect(&config, options).await.unwrap();
    let name = IndexName::new(Namespace::new("bench").unwrap(), "plain").unwrap();
    store.open(&name, &schema())
}

/// The nearest rows by their dot products, on every processor.
fn nearest(matrix: &[f32], query: &Embedding) -> Vec<(f32, usize)> {
    let query = unit(query);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let rows = (matrix.len() / DIMENSIONS).div_ceil(threads);
    let mut best: Vec<_> = std::thread::scope(|scope| {
        let parts = matrix.chunks(rows * DIMENSIONS).enumerate();
        let query = &query;
        let running: Vec<_> = parts
            .map(|(part, matrix)| scope.spawn(move || nearest_of(matrix, part * rows, query)))
            .collect();
        running.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    best.sort_unstable_by(|a: &(f32, usize), b| b.0.total_cmp(&a.0));
    best.truncate(MOST);
    best
}

fn nearest_of(matrix: &[f32], first: usize, query: &[f32]) -> Vec<(f32, usize)> {
    let mut best: Vec<(f32, usize)> = Vec::with_capacity(MOST + 1);
    for (row, vector) in matrix.chunks_exact(DIMENSIONS).enumerate() {
        let similarity = dot(vector, query);
        if best.len() < MOST || similarity > best[MOST - 1].0 {
            let place = best.partition_point(|(better, _)| *better >= similarity);
            best.insert(place, (similarity, first + row));
            best.truncate(MOST);
        }
    }
    best
}

/// Several sums, so that adding does not hold the reading up.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    for (a, b) in a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum()
}

fn unit(vector: &Embedding) -> Vec<f32> {
    let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter().map(|value| value / norm).collect()
}

fn bytes(vector: &Embedding) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}
