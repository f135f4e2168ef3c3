//! This project beside what else caches embeddings: the same works, the same vectors, one Redis server,
//! in turns.
//!
//! `cargo bench --bench compare` prints a table in Markdown. `-- --write FOLDER` writes it there, with
//! `compare.csv` and `compare.svg`. `-- --without-python` leaves out what is written in Python; the
//! rest is installed from PyPI into a folder of its own. `-- --test` does every work once, without
//! Python.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

mod contestant;
mod crates;
mod goals;
mod ours;
mod python;
mod report;

use std::path::PathBuf;
use std::sync::Arc;

use cache_benches::raw::Raw;
use cache_benches::vectors;
use redis_test_server::TestServer;

use contestant::{Contestant, Times, Work, in_rust};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let options = Options::read();
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let vectors = Arc::new(vectors::openai_like(contestant::TEXTS));
    let mut contestants = in_the_process(&server, folder.path(), &vectors).await;
    if options.python {
        contestants.extend(python::start(&server.url(), folder.path(), &vectors));
    } else {
        println!("RedisVL, LangChain, LiteLLM and diskcache are left out, as was asked for.\n");
    }
    let admin = Raw::connect(&server.url()).await;
    let mut times = Vec::new();
    for contestant in &mut contestants {
        admin.flush().await;
        let empty = admin.used_memory().await;
        contestant.work(Work::Store, 1).await;
        let bytes = (admin.used_memory().await - empty) / contestant::TEXTS as u64;
        times.push(Times::new(contestant.as_ref(), bytes));
    }
    admin.flush().await;
    for contestant in &mut contestants {
        contestant.work(Work::Store, 1).await;
    }
    for work in Work::ALL {
        for _ in 0..work.rounds(options.test) {
            for (contestant, times) in contestants.iter_mut().zip(&mut times) {
                let (often, warm_up) =
                    (contestant.often(work, options.test), work.warm_up(options.test));
                let mut done = contestant.work(work, warm_up + often).await;
                done.seconds.drain(..warm_up);
                times.add(work, done);
            }
        }
    }
    let table = report::table(&times);
    println!("{table}");
    if options.test {
        return; // Once each says nothing about times.
    }
    let goals = goals::all(&times);
    println!("{goals}");
    if let Some(folder) = options.write {
        report::write(&folder, &table, &goals, &times);
    }
}

struct Options {
    test: bool,
    python: bool,
    write: Option<PathBuf>,
}

impl Options {
    fn read() -> Self {
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        let has = |name: &str| arguments.iter().any(|argument| argument == name);
        let write = arguments.iter().position(|argument| argument == "--write");
        let write = write.map(|at| PathBuf::from(arguments.get(at + 1).expect("a folder")));
        Self { test: has("--test"), python: !has("--test") && !has("--without-python"), write }
    }
}

async fn in_the_process(
    server: &TestServer,
    folder: &std::path::Path,
    vectors: &Arc<Vec<Vec<f32>>>,
) -> Vec<Box<dyn Contestant>> {
    let url = server.url();
    let ours = ours::all(&url, folder).await;
    let ours = ours
        .into_iter()
        .map(|(name, on_redis, cache)| in_rust(name, on_redis, cache, Arc::clone(vectors)));
    let mut all: Vec<_> = ours.collect();
    all.push(in_rust("raw redis crate", true, crates::RawRedis::new(&url).await, vectors.clone()));
    all.push(in_rust("cached", true, crates::CachedCrate::new(&url).await, vectors.clone()));
    all
}
