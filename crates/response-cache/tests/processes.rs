//! Recording and asking among real processes, on one file and on one server.
//!
//! Each test starts this very program again, as many times as it needs processes, in a role; in a
//! role, the test does that process's part and tells what came of it.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cache_core::{
    CacheBackend, ChatProvider, ChatRequest, ChatResponse, ChatStream, ModelIdentity, ProviderError,
};
use cache_test_support::{Log, Process, Role, say, wait_for_go};
use common::{Script, Store, chunks, millis, request, said, until};
use futures_util::StreamExt;
use response_cache::{CallOptions, Coordination, ResponseCache};
use tokio::task::JoinSet;

const PROCESSES: usize = 6;
const IN_A_ROLE: &str = "in_a_role";

/// Writes down every call, then echoes.
#[derive(Debug)]
struct Logged {
    script: Arc<Script>,
    log: PathBuf,
}

impl Logged {
    fn write(&self) {
        Log::write(&self.log, &["asked"]);
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
    let Some(role) = Role::of_this_process() else { return };
    let backend = Store::open(role.text(0)).await;
    let log = PathBuf::from(&role.given[1]);
    match role.name.split_once(' ').unwrap() {
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
        (0..PROCESSES).map(|me| log.start(IN_A_ROLE, store, &format!("tasks {me}"))).collect();
    processes.iter_mut().for_each(Process::go);
    for mut process in processes {
        for _ in 0..4 {
            assert_eq!(process.hear(), "Echo 1: wanted by all");
        }
        process.finish();
    }
    assert_eq!(log.lines().len(), 1);
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
    let mut recorder = log.start(IN_A_ROLE, store, "stream 400");
    recorder.go();
    assert_eq!(recorder.hear(), "streaming");
    let mut waiter = log.start(IN_A_ROLE, store, "stream 0");
    waiter.go();
    // The recorder renews its lease: the waiter waits for it.
    tokio::time::sleep(millis(300)).await;
    assert_eq!(log.lines().len(), 1);
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
    assert_eq!(log.lines().len(), 2);
    until("the answer is there", async || {
        cache.get(&request("wanted by all"), &CallOptions::new()).await.unwrap().is_some()
    })
    .await;
}
