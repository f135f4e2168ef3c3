//! A model in the process against Python's onnxruntime running the same graph, in turns.
//!
//! `TEST_MINILM_DIR=$(scripts/get-minilm.sh) BENCH_PYTHON=$(scripts/get-onnxruntime.sh) cargo bench
//! --features local-model --bench local_model`; with `--test` each runs once. Ours takes texts and gives finished vectors;
//! onnxruntime is given token numbers and stops at the tokens' vectors.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cache_benches::compare::median;
use cache_core::{EmbedOptions, EmbeddingProvider};
use embed_local::{LocalModel, LocalModelOptions, export_onnx};

const BATCH: usize = 32;
/// With those that mark the ends: 48 tokens.
const WORDS: usize = 46;
const ROUNDS: usize = 40;
/// Each of them is one token.
const VOCABULARY: [&str; 8] = ["the", "cache", "keeps", "what", "was", "paid", "for", "once"];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let Some(folder) = path_in("TEST_MINILM_DIR") else {
        println!("TEST_MINILM_DIR is not set; `scripts/get-minilm.sh` fetches the model");
        return;
    };
    let test = env::args().any(|argument| argument == "--test");
    let rounds = if test { 1 } else { ROUNDS };
    let threads = thread::available_parallelism().unwrap().get();
    let options = LocalModelOptions::default().with_threads(threads);
    let model = LocalModel::open_with(&folder, options).await.unwrap();
    let ours = Ours { model, texts: texts() };

    println!("{BATCH} texts of {} tokens, {threads} threads; times for one text", WORDS + 2);
    match OnnxRuntime::start(&folder, threads, &ours.texts) {
        Some(mut other) => compare(&ours, &mut other, rounds).await,
        None => {
            println!(
                "BENCH_PYTHON is not set: nothing to compare with; see scripts/get-onnxruntime.sh"
            );
            let mut times = Vec::new();
            for _ in 0..=rounds {
                times.push(ours.time().await);
            }
            println!("{:.2} ms a text", per_text(median(&mut times[1..])));
        }
    }
}

async fn compare(ours: &Ours, other: &mut OnnxRuntime, rounds: usize) {
    let vectors = ours.embed().await;
    println!("cosine of one text's vectors: {:.7}", cosine(&vectors[0], &other.vector));
    let (mut our_times, mut other_times) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let times = (ours.time().await, other.time());
        // The first is warm-up.
        if round > 0 {
            our_times.push(times.0);
            other_times.push(times.1);
        }
    }
    println!(
        "{:<12} {:>13} {:>13} {:>8}   target: 1.2 or less",
        "", "onnxruntime", "ours", "ratio"
    );
    report("median", median(&mut other_times), median(&mut our_times));
    // What is left of the noise of a shared machine.
    report("fastest", other_times[0], our_times[0]);
}

fn report(what: &str, other: Duration, ours: Duration) {
    let ratio = ours.as_secs_f64() / other.as_secs_f64();
    println!("{what:<12} {:>10.2} ms {:>10.2} ms {ratio:>8.2}", per_text(other), per_text(ours));
}

fn texts() -> Vec<String> {
    let text = |start| -> String {
        let words = VOCABULARY.iter().cycle().skip(start).step_by(1 + start % 3 * 2);
        words.take(WORDS).copied().collect::<Vec<_>>().join(" ")
    };
    (0..BATCH).map(text).collect()
}

fn path_in(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn per_text(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3 / BATCH as f64
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

struct Ours {
    model: LocalModel,
    texts: Vec<String>,
}

impl Ours {
    async fn embed(&self) -> Vec<Vec<f32>> {
        let texts: Vec<&str> = self.texts.iter().map(String::as_str).collect();
        let response = self.model.embed(&texts, &EmbedOptions::default()).await.unwrap();
        assert_eq!(response.tokens, Some((BATCH * (WORDS + 2)) as u64));
        response.embeddings.into_iter().map(|vector| vector.unwrap().to_vec()).collect()
    }

    async fn time(&self) -> Duration {
        let start = Instant::now();
        self.embed().await;
        start.elapsed()
    }
}

/// A Python that waits for its turns.
struct OnnxRuntime {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// The first text's.
    vector: Vec<f32>,
}

impl OnnxRuntime {
    /// None when no Python is named.
    fn start(model: &Path, threads: usize, texts: &[String]) -> Option<Self> {
        let python = path_in("BENCH_PYTHON")?;
        let onnx = tempfile::tempdir().unwrap();
        let graph = export_onnx(model, onnx.path()).unwrap();
        let mut process = Command::new(python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("run_onnx.py"))
            .arg(graph)
            .arg(model.join("tokenizer.json"))
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = process.stdin.take().unwrap();
        let from = BufReader::new(process.stdout.take().unwrap());
        let mut this = Self { process, to, from, vector: Vec::new() };
        this.vector =
            serde_json::from_str(&this.ask(&serde_json::to_string(texts).unwrap())).unwrap();
        Some(this)
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.to, "{line}").unwrap();
        let mut answer = String::new();
        self.from.read_line(&mut answer).unwrap();
        answer
    }

    fn time(&mut self) -> Duration {
        Duration::from_secs_f64(self.ask("again").trim().parse().unwrap())
    }
}

impl Drop for OnnxRuntime {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
