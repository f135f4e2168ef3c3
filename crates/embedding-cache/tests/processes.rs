//! One computation among real processes: on one file, on one server, and on a cluster.
//!
//! Each test starts this very program again, as many times as it needs processes, in a role; in a
//! role, the test does that process's part and tells what came of it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cache_core::EmbeddingProvider;
use cache_test_support::{Log, Process, Role, say, wait_for_go};
use common::{Store, TestProvider, bits, millis, texts, until, vector};
use embedding_cache::{Coordination, EmbeddingCache};
use tokio::task::JoinSet;

const PROCESSES: usize = 8;
const IN_A_ROLE: &str = "in_a_role";

/// Every process that is started for a role runs this test alone.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_role() {
    let Some(role) = Role::of_this_process() else { return };
    let backend = Store::open(role.text(0)).await;
    let log = PathBuf::from(&role.given[1]);
    match role.name.split_once(' ').unwrap() {
        ("tasks", _) => many_tasks(backend, log).await,
        ("thousand", me) => a_thousand(backend, log, me.parse().unwrap()).await,
        ("batch", me) => one_batch(backend, log, me.parse().unwrap()).await,
        ("rounds", _) => rounds(backend, log).await,
        ("text", delay) => one_text(backend, log, delay.parse().unwrap()).await,
        (role, _) => panic!("there is no role {role}"),
    }
}

type Backend = Arc<dyn cache_core::CacheBackend>;

/// A cache whose provider writes down every text that it is asked for, then takes its time.
fn open(backend: Backend, log: PathBuf, delay: u64, lease: u64) -> EmbeddingCache {
    let script = move |inputs: &[&str]| {
        Log::write(&log, inputs);
        None
    };
    let provider = TestProvider::new().with_script(script).with_delay(millis(delay));
    let provider: Arc<dyn EmbeddingProvider> = Arc::new(provider);
    EmbeddingCache::builder(backend)
        .provider(provider)
        .coordination(Coordination::CrossProcess {
            lease: millis(lease),
            longest_wait: Duration::from_secs(60),
        })
        .unguarded()
        .build()
        .unwrap()
}

async fn many_tasks(backend: Backend, log: PathBuf) {
    let cache = open(backend, log, 300, 20_000);
    wait_for_go();
    let mut tasks: JoinSet<_> = (0..8)
        .map(|_| {
            let cache = cache.clone();
            async move { cache.embed("wanted by all").await.unwrap() }
        })
        .collect();
    while let Some(found) = tasks.join_next().await {
        say(format!("{:?}", bits(&found.unwrap())));
    }
}

const THOUSAND: usize = 1_000;

/// Wants a thousand texts, each for itself, all at once; each process in an order of its own.
async fn a_thousand(backend: Backend, log: PathBuf, me: usize) {
    let cache = open(backend, log, 50, 20_000);
    let mut texts = texts(THOUSAND);
    texts.rotate_left(me * THOUSAND / PROCESSES);
    wait_for_go();
    let mut tasks: JoinSet<_> = texts
        .into_iter()
        .map(|text| {
            let cache = cache.clone();
            async move { bits(&cache.embed(&text).await.unwrap()) == bits(&vector(&text)) }
        })
        .collect();
    let mut right = 0;
    while let Some(is_right) = tasks.join_next().await {
        right += usize::from(is_right.unwrap());
    }
    say(right);
}

async fn one_batch(backend: Backend, log: PathBuf, me: usize) {
    let cache = open(backend, log, 50, 20_000);
    let mut mine = overlapping(me);
    if me % 2 == 1 {
        mine.reverse();
    }
    wait_for_go();
    let found = cache.embed_batch(&mine).await.unwrap();
    let right = found.iter().zip(&mine).all(|(found, text)| bits(found) == bits(&vector(text)));
    say(if right && found.len() == mine.len() { "right" } else { "wrong" });
}

async fn one_text(backend: Backend, log: PathBuf, delay: u64) {
    let cache = open(backend, log, delay, 1_000);
    wait_for_go();
    let found = cache.embed("wanted by all").await.unwrap();
    say(format!("{:?}", bits(&found)));
}

const ROUNDS: usize = 5;

/// Each round wants one text; says when it was there.
async fn rounds(backend: Backend, log: PathBuf) {
    let cache = open(backend, log, 700, 20_000);
    for round in 0..ROUNDS {
        wait_for_go();
        cache.embed(&format!("wanted in round {round}")).await.unwrap();
        say(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros());
    }
}

/// Each process wants half of what the next one wants.
fn overlapping(process: usize) -> Vec<String> {
    texts(20 * (PROCESSES + 1))[20 * process..20 * process + 40].to_vec()
}

#[tokio::test]
async fn processes_on_a_file_compute_a_text_once() {
    compute_a_text_once(&Store::embedded().await);
}

/// Whoever waits for another process is woken by the write rather than asking over and over: all
/// have the value at nearly the same time, and the server is asked a few times only.
#[tokio::test]
async fn waiters_on_a_server_are_woken() {
    let mut store = Store::redis().await;
    let log = Log::new();
    let mut processes: Vec<_> =
        (0..PROCESSES).map(|_| log.start(IN_A_ROLE, &store, "rounds ")).collect();
    let mut spreads = Vec::new();
    for _ in 0..ROUNDS {
        processes.iter_mut().for_each(Process::go);
        let times = processes.iter_mut().map(|process| process.hear().parse::<u64>().unwrap());
        let times: Vec<_> = times.collect();
        spreads.push(millis((times.iter().max().unwrap() - times.iter().min().unwrap()) / 1_000));
    }
    processes.into_iter().for_each(Process::finish);
    assert_eq!(log.lines().len(), ROUNDS, "each text is computed once");
    let asked = store.server().command_calls("evalsha") / ROUNDS as u64;
    println!("from the first to the last of {PROCESSES}: {spreads:?}; {asked} scripts a round");
    // Asking at intervals of 100 ms, the last of seven is about 85 ms behind.
    let best = spreads.iter().min().unwrap();
    assert!(*best < millis(30), "waiters were not woken: {spreads:?}");
    assert!(asked < 5 * PROCESSES as u64, "{asked} scripts a round");
}

#[tokio::test]
async fn processes_on_a_server_compute_a_text_once() {
    compute_a_text_once(&Store::redis().await);
}

fn compute_a_text_once(store: &Store) {
    let log = Log::new();
    let mut processes: Vec<_> =
        (0..PROCESSES).map(|_| log.start(IN_A_ROLE, store, "tasks ")).collect();
    processes.iter_mut().for_each(Process::go);
    let right = format!("{:?}", bits(&vector("wanted by all")));
    for mut process in processes {
        for _ in 0..8 {
            assert_eq!(process.hear(), right);
        }
        process.finish();
    }
    assert_eq!(log.lines(), ["wanted by all"]);
}

#[tokio::test]
async fn processes_on_a_cluster_compute_each_of_a_thousand_texts_once() {
    let store = Store::cluster().await;
    let log = Log::new();
    let mut processes: Vec<_> =
        (0..PROCESSES).map(|me| log.start(IN_A_ROLE, &store, &format!("thousand {me}"))).collect();
    processes.iter_mut().for_each(Process::go);
    for mut process in processes {
        assert_eq!(process.hear(), THOUSAND.to_string());
        process.finish();
    }
    let (mut asked, mut wanted) = (log.lines(), texts(THOUSAND));
    asked.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(asked.len(), THOUSAND, "texts that the providers of all processes were asked for");
    assert_eq!(asked, wanted);
}

#[tokio::test]
async fn overlapping_batches_of_processes_on_a_cluster() {
    overlapping_batches(&Store::cluster().await);
}

#[tokio::test]
async fn overlapping_batches_of_processes_on_a_file() {
    overlapping_batches(&Store::embedded().await);
}

#[tokio::test]
async fn overlapping_batches_of_processes_on_a_server() {
    overlapping_batches(&Store::redis().await);
}

fn overlapping_batches(store: &Store) {
    let log = Log::new();
    let mut processes: Vec<_> =
        (0..PROCESSES).map(|me| log.start(IN_A_ROLE, store, &format!("batch {me}"))).collect();
    processes.iter_mut().for_each(Process::go);
    for mut process in processes {
        assert_eq!(process.hear(), "right");
        process.finish();
    }
    let mut counts = BTreeMap::new();
    log.lines().into_iter().for_each(|line| *counts.entry(line).or_insert(0) += 1);
    assert_eq!(counts.len(), 20 * (PROCESSES + 1));
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

#[tokio::test]
async fn a_killed_process_on_a_file_is_replaced() {
    killed_and_replaced(&Store::embedded().await).await;
}

#[tokio::test]
async fn a_killed_process_on_a_server_is_replaced() {
    killed_and_replaced(&Store::redis().await).await;
}

#[tokio::test]
async fn a_killed_process_on_a_cluster_is_replaced() {
    killed_and_replaced(&Store::cluster().await).await;
}

/// All others wait for one; when it is killed, one of them takes its place, and the rest wait on.
async fn killed_and_replaced(store: &Store) {
    let log = Log::new();
    let mut holder = log.start(IN_A_ROLE, store, "text 600000");
    holder.go();
    until("the holder computes", async || log.lines().len() == 1).await;
    let mut waiters: Vec<_> =
        (1..PROCESSES).map(|_| log.start(IN_A_ROLE, store, "text 300")).collect();
    waiters.iter_mut().for_each(Process::go);
    // Longer than a lease: the holder, which computes for ten minutes, keeps renewing it.
    tokio::time::sleep(Duration::from_millis(1_700)).await;
    assert_eq!(log.lines().len(), 1, "the lease ended under its holder");
    holder.kill();
    let killed = Instant::now();
    for mut waiter in waiters {
        assert_eq!(waiter.hear(), format!("{:?}", bits(&vector("wanted by all"))));
        // A lease of a second, a pause of a tenth, the computation, and the rest for a busy machine.
        assert!(killed.elapsed() < Duration::from_secs(4), "{:?}", killed.elapsed());
        waiter.finish();
    }
    assert_eq!(log.lines(), ["wanted by all"; 2], "it was taken over once");
}
