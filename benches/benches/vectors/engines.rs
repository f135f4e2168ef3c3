//! The engines of Redis: one search by this project, and by the command that a careful programmer
//! sends with the raw `redis` crate to the same index, in turns.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use cache_benches::compare::{in_turns, report};
use cache_benches::raw::Raw;
use cache_core::vector::{
    GraphOptions, IndexMethod, IndexName, Precision, VectorIndex, VectorQuery, VectorStore,
};
use cache_core::{Embedding, Namespace};
use cache_redis::{RedisConfig, RedisVectors, VectorEngine, VectorOptions};
use redis::{Cmd, Value, cmd};
use redis_test_server::{OptionalServer, TestServer};

use crate::{DIMENSIONS, Numbers, fill, schema};

const MOST: usize = 10;
const TARGET: &str = "target ≤ 1.15";

pub(crate) async fn run(test: bool) {
    let (rows, rounds) = if test { (100, 1) } else { (10_000, 2_000) };
    println!("{rows} vectors of {DIMENSIONS} dimensions on Redis, medians of interleaved runs");
    println!("{:<44} {:>13} {:>13} {:>8}", "the nearest 10", "raw", "ours", "ratio");
    for (kind, engine) in [
        (OptionalServer::Search, VectorEngine::Search),
        (OptionalServer::Redis8, VectorEngine::Sets),
    ] {
        let Some(server) = kind.builder().map(|builder| builder.start()) else { continue };
        let forms = [Form::Exact, Form::Graph, Form::Bits];
        // Bits are kept by vector sets only.
        let forms = &forms[..if engine == VectorEngine::Sets { 3 } else { 2 }];
        for form in forms {
            let bench = Bench::start(&server, engine, *form, rows).await;
            bench.run(rounds).await;
            bench.index.drop_index().await.unwrap();
        }
    }
}

/// How an index is searched.
#[derive(Debug, Clone, Copy)]
enum Form {
    Exact,
    Graph,
    /// By a graph of bits. The raw command takes what the bits say for true; ours compares again.
    Bits,
}

struct Bench {
    raw: Raw,
    index: Arc<dyn VectorIndex>,
    what: &'static str,
    /// The raw command without the vector.
    command: fn(&str, &[u8]) -> Cmd,
    /// What the command is about.
    key: String,
    queries: Vec<Embedding>,
}

impl Bench {
    async fn start(server: &TestServer, engine: VectorEngine, form: Form, rows: usize) -> Self {
        let config = RedisConfig::new(server.url()).with_response_timeout(Duration::from_secs(60));
        let options = VectorOptions::new().with_engine(engine).with_module_graphs(true);
        let store = RedisVectors::connect(&config, options).await.unwrap();
        let name = IndexName::new(Namespace::new("bench").unwrap(), "v").unwrap();
        let graph = IndexMethod::Approximate(GraphOptions::new());
        let schema = match (engine, form) {
            (_, Form::Exact) => schema(),
            (_, Form::Bits) => schema().with_method(graph).with_precision(Precision::Binary),
            (VectorEngine::Search, _) => schema().with_method(graph),
            _ => schema().with_method(graph).with_precision(Precision::Int8),
        };
        let index = store.open(&name, &schema);
        let mut numbers = Numbers(42);
        fill(&*index, rows, &mut numbers).await;
        let queries = (0..100).map(|_| numbers.vector()).collect();
        let (what, command): (_, fn(&str, &[u8]) -> Cmd) = match (engine, form) {
            (VectorEngine::Search, Form::Exact) => ("a search module, FLAT", search),
            (VectorEngine::Search, _) => ("a search module, HNSW", search),
            (_, Form::Exact) => ("vector sets, TRUTH", true_neighbours),
            (_, Form::Graph) => ("vector sets, Q8", neighbours),
            (_, Form::Bits) => ("vector sets, BIN", neighbours),
        };
        let key = match engine {
            VectorEngine::Search => {
                server.command(&["EVAL", "return redis.call('FT._LIST')[1]", "0"])
            }
            _ => "bench:vec:{v/0}:set".to_owned(),
        };
        let raw = Raw::connect(&server.url()).await;
        Self { raw, index, what, command, key, queries }
    }

    async fn run(&self, rounds: usize) {
        let (raw, ours) = (Cell::new(0), Cell::new(0));
        let next = |turn: &Cell<usize>| {
            let number = turn.replace(turn.get() + 1);
            &self.queries[number % self.queries.len()]
        };
        let medians = in_turns(
            rounds,
            async || assert_eq!(self.by_hand(next(&raw)).await, MOST),
            async || {
                let query = VectorQuery::nearest(next(&ours).clone(), MOST);
                let found = self.index.search_many(&[query]).await.unwrap();
                assert_eq!(found[0].len(), MOST);
            },
        )
        .await;
        let target = if self.what.ends_with("BIN") { "raw is not compared again" } else { TARGET };
        report(self.what, medians, target);
    }

    /// The same by hand: how many are found, each with its id and its similarity.
    async fn by_hand(&self, query: &Embedding) -> usize {
        let vector: Vec<u8> = query.iter().flat_map(|value| value.to_le_bytes()).collect();
        let answer: Vec<Value> = self.raw.ask(&(self.command)(&self.key, &vector)).await;
        let found: Vec<(String, f32)> = match &answer[..] {
            // The number of matches, then key and fields of each.
            [Value::Int(_), rows @ ..] => {
                let rows = rows.chunks_exact(2).map(|row| {
                    let fields: Vec<String> = redis::from_redis_value_ref(&row[1]).unwrap();
                    (
                        redis::from_redis_value_ref(&row[0]).unwrap(),
                        1.0 - fields[1].parse::<f32>().unwrap(),
                    )
                });
                rows.collect()
            }
            rows => {
                let rows = rows.chunks_exact(2).map(|row| {
                    let [id, score]: [String; 2] =
                        [&row[0], &row[1]].map(|part| redis::from_redis_value_ref(part).unwrap());
                    (id, score.parse().unwrap())
                });
                rows.collect()
            }
        };
        found.len()
    }
}

fn search(index: &str, vector: &[u8]) -> Cmd {
    let mut command = cmd("FT.SEARCH");
    command.arg(index).arg(format!("*=>[KNN {MOST} @v $q AS s]")).arg(&["PARAMS", "2", "q"]);
    command.arg(vector).arg(&["RETURN", "1", "s", "SORTBY", "s", "LIMIT", "0"]).arg(MOST);
    command.arg(&["DIALECT", "2"]);
    command
}

fn neighbours(set: &str, vector: &[u8]) -> Cmd {
    let mut command = cmd("VSIM");
    command.arg(set).arg("FP32").arg(vector).arg(&["WITHSCORES", "COUNT"]).arg(MOST);
    command.arg(&["EF", "100"]);
    command
}

fn true_neighbours(set: &str, vector: &[u8]) -> Cmd {
    let mut command = neighbours(set, vector);
    command.arg("TRUTH");
    command
}
