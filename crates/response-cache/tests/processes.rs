//! Recording and asking among real processes, on one file and on one server.
//!
//! Each test starts this very program again, as many times as it needs processes, in a role; in a
//! role, the test does that process's part and tells what came of it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cache_core::{
    CacheBackend, ChatProvider, ChatRequest, ChatResponse, ChatStream, ModelIdentity, ProviderError,
};
use common::{Script, Store, chunks, millis, request, said, until};
use futures_util::StreamExt;
use response_cache::{CallOptions, Coordination, ResponseCache};
use tokio::task::JoinSet;

const PROCESSES: usize = 6;
const ROLE: &str = "RESPONSE_CACHE_TEST_ROLE";
const STORE: &str = "RESPONSE_CACHE_TEST_STORE";
const LOG: &str = "RESPONSE_CACHE_TEST_LOG";

/// Writes down every call, then echoes.
#[derive(Debug)]
struct Logged {
    script: Arc<Script>,
    log: PathBuf,
}

impl Logged {
    fn write(&self) {
        let mut log = OpenOptions::new().append(true).create(true).open(&self.log).unwrap();
        log.write_all(b"asked\n").unwrap();
    }
}

#[async_trait]
impl ChatProvider for Logged {
    fn identity(&self) -> ModelIdentity {
        self.script.identity()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        self.write();
        self.script.complete(request).await
    }

    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        self.write();
        self.script.stream(request).await
    }
}

fn open(backend: Arc<dyn CacheBackend>, log: PathBuf, pause: u64, lease: u64) -> ResponseCache {
    let provider = Logged { script: Script::echo(millis(pause)), log };
    ResponseCache::builder(backend, Arc::new(provider))
        .coordination(Coordination::CrossProcess {
            lease: millis(lease),
            longest_wait: Duration::from_secs(60),
        })
        .unguarded()
        .build()
        .unwrap()
}

/// Every process that is started for a role runs this test alone.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let backend = Store::open(&std::env::var(STORE).unwrap()).await;
    let log = PathBuf::from(std::env::var_os(LOG).unwrap());
    match role.split_once(' ').unwrap() {
        ("tasks", me) => many_tasks(open(backend, log, 100, 20_000), me.parse().unwrap()).await,
        ("stream", pause) => one_stream(open(backend, log, pause.parse().unwrap(), 1_000)).await,
        (role, _) => panic!("there is no role {role}"),
    }
}

/// Of the tasks of all processes some want the answer whole and some in chunks.
async fn many_tasks(cache: ResponseCache, me: usize) {
    wait_for_go();
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let cache = cache.clone();
        tasks.spawn(async move { answer(&cache, (me + task).is_multiple_of(2)).await });
    }
    while let Some(answer) = tasks.join_next().await {
        say(answer.unwrap());
    }
}

async fn answer(cache: &ResponseCache, whole: bool) -> String {
    let (request, options) = (request("wanted by all"), CallOptions::new());
    if whole {
        let answer = cache.complete_with(&request, &options).await.unwrap();
        return answer.response.content().unwrap().to_owned();
    }
    said(&chunks(cache.stream_with(&request, &options).await.unwrap().chunks).await)
}

/// Says so at the second chunk, and what it got at the end.
async fn one_stream(cache: ResponseCache) {
    wait_for_go();
    let stream = cache.stream_with(&request("wanted by all"), &CallOptions::new()).await;
    let mut stream = stream.unwrap().chunks;
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        all.push(chunk.unwrap().into_body());
        if all.len() == 3 {
            say("streaming");
        }
    }
    say(said(&all));
}

#[tokio::test]
async fn processes_on_a_file_ask_once() {
    ask_once(&Store::embedded().await);
}

#[tokio::test]
async fn processes_on_a_server_ask_once() {
    ask_once(&Store::redis().await);
}

fn ask_once(store: &Store) {
    let log = Log::new();
    let mut processes: Vec<_> =
        (0..PROCESSES).map(|me| log.start(store, &format!("tasks {me}"))).collect();
    processes.iter_mut().for_each(Process::go);
    for mut process in processes {
        for _ in 0..4 {
            assert_eq!(process.hear(), "Echo 1: wanted by all");
        }
        process.finish();
    }
    assert_eq!(log.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_records_leaves_nothing_in_a_file() {
    killed_while_recording(&Store::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_records_leaves_nothing_on_a_server() {
    killed_while_recording(&Store::redis().await).await;
}

async fn killed_while_recording(store: &Store) {
    let log = Log::new();
    let mut recorder = log.start(store, "stream 400");
    recorder.go();
    assert_eq!(recorder.hear(), "streaming");
    let mut waiter = log.start(store, "stream 0");
    waiter.go();
    // The recorder renews its lease: the waiter waits for it.
    tokio::time::sleep(millis(300)).await;
    assert_eq!(log.calls(), 1);
    recorder.kill();
    let killed = Instant::now();
    let backend = Store::open(&store.address()).await;
    let cache = ResponseCache::builder(backend, Script::new([])).unguarded().build().unwrap();
    let found = cache.get(&request("wanted by all"), &CallOptions::new()).await.unwrap();
    assert!(found.is_none(), "half an answer was stored");
    // The waiter takes over when the lease has ended: a second, a pause, and a busy machine.
    assert_eq!(waiter.hear(), "streaming");
    assert_eq!(waiter.hear(), "Echo 1: wanted by all");
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
    waiter.finish();
    assert_eq!(log.calls(), 2);
    until("the answer is there", async || {
        cache.get(&request("wanted by all"), &CallOptions::new()).await.unwrap().is_some()
    })
    .await;
}

fn say(line: impl std::fmt::Display) {
    println!("\n@{line}");
    std::io::stdout().flush().unwrap();
}

fn wait_for_go() {
    say("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Where the providers of all processes write down that they are asked.
struct Log {
    folder: tempfile::TempDir,
}

impl Log {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("asked")
    }

    fn calls(&self) -> usize {
        std::fs::read_to_string(self.path()).unwrap_or_default().lines().count()
    }

    fn start(&self, store: &Store, role: &str) -> Process {
        Process::start(&store.address(), &self.path(), role)
    }
}

/// A process in a role. It is killed when it is dropped.
struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    fn start(store: &str, log: &Path, role: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "in_a_role", "--nocapture", "--test-threads=1"])
            .env(STORE, store)
            .env(LOG, log)
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next thing it says; panics if it ends without.
    fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).unwrap();
            assert!(read > 0, "the process ended without saying what was expected");
            if let Some(said) = line.trim_end().strip_prefix('@') {
                return said.to_owned();
            }
        }
    }

    /// Waits until it is ready, and lets it go.
    fn go(&mut self) {
        assert_eq!(self.hear(), "ready");
        self.child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }

    /// SIGKILL: it has no time to give anything up.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end; panics if its part of the test failed.
    fn finish(mut self) {
        drop(self.child.stdin.take());
        std::io::copy(&mut self.lines, &mut std::io::sink()).unwrap();
        assert!(self.child.wait().unwrap().success(), "the process failed");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
