//! Processes that read, write, remove and clear at random, each with something near: no read gives
//! a value that was replaced longer before it began than the bound.
//!
//! Each test starts this very program again for every process that it needs.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::collections::HashMap;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use cache_core::{CacheBackendExt, StoredValue};
use cache_redis::{NearBackend, NearConfig, RedisBackend, Tracking};
use redis_test_server::{Proxy, TestServer};
use support::{hour, keys, namespace};

const URL: &str = "CACHE_REDIS_TEST_URL";
const ME: &str = "CACHE_REDIS_TEST_ME";
const WAY: &str = "CACHE_REDIS_TEST_WAY";

const PROCESSES: u64 = 3;
const TASKS: u64 = 2;
const KEYS: usize = 6;
const NAME: &str = "processes";
const DURATION: Duration = Duration::from_secs(5);
const BOUND: Duration = Duration::from_millis(600);

/// Every process that is started for it runs this test alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_role() {
    let Ok(url) = std::env::var(URL) else { return };
    let me: u64 = std::env::var(ME).unwrap().parse().unwrap();
    let way = match std::env::var(WAY).unwrap().as_str() {
        "PerKey" => Tracking::PerKey,
        _ => Tracking::Broadcast,
    };
    let config = cache_redis::RedisConfig::new(url)
        .with_connect_timeout(Duration::from_secs(2))
        .with_response_timeout(Duration::from_secs(2));
    let near = NearBackend::new(
        RedisBackend::connect_with(&config).await.unwrap(),
        NearConfig::default().with_max_staleness(BOUND).with_tracking(way),
    );
    println!(); // The line before is the test's name.
    let tasks = (0..TASKS).map(|task| tokio::spawn(act(near.clone(), me * TASKS + task)));
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap().iter().for_each(|event| println!("@{}", event.written()));
    }
    println!("@hits {}", near.near_stats().hits);
}

/// Something that was done to a key, and when it began and ended, in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Event {
    task: u64,
    key: usize,
    what: What,
    begun: u64,
    /// The largest number for what may be done at any time, since its answer did not come.
    ended: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Read(u64),
    Wrote(u64),
    Removed,
}

impl Event {
    fn written(&self) -> String {
        let (what, version) = match self.what {
            What::Read(version) => ("read", version),
            What::Wrote(version) => ("wrote", version),
            What::Removed => ("removed", 0),
        };
        let Self { task, key, begun, ended, .. } = self;
        format!("{what} {version} {task} {key} {begun} {ended}")
    }

    fn parse(line: &str) -> Self {
        let words: Vec<_> = line.split(' ').collect();
        let number = |index: usize| words[index].parse::<u64>().unwrap();
        let what = match words[0] {
            "read" => What::Read(number(1)),
            "wrote" => What::Wrote(number(1)),
            "removed" => What::Removed,
            other => panic!("{other} is no event"),
        };
        let (begun, ended) = (number(4), number(5));
        let key = usize::try_from(number(3)).unwrap();
        Self { task: number(2), key, what, begun, ended }
    }

    fn process(&self) -> u64 {
        self.task / TASKS
    }
}

fn now() -> u64 {
    u64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap()
}

async fn act(near: NearBackend, task: u64) -> Vec<Event> {
    let keys = keys(NAME, KEYS);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(task + 1);
    let mut events = Vec::new();
    let end = Instant::now() + DURATION;
    let mut version = task << 32;
    while Instant::now() < end {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let key = usize::try_from(random % KEYS as u64).unwrap();
        let begun = now();
        let ended = |done: bool| if done { now() } else { u64::MAX };
        let mut note = |key, what, ended| events.push(Event { task, key, what, begun, ended });
        match random >> 40 & 0xff {
            0..8 => {
                version += 1;
                let value = StoredValue::new(version.to_le_bytes().to_vec());
                let done = near.put(keys[key].clone(), value, hour()).await.is_ok();
                note(key, What::Wrote(version), ended(done));
            }
            8..10 => {
                let done = near.remove(&keys[key]).await.is_ok();
                note(key, What::Removed, ended(done));
            }
            10 => {
                let done = near.clear_all(&namespace(NAME)).await.is_ok();
                // Keys that come back while it goes on may stay, but what was there is gone.
                (0..KEYS).for_each(|key| note(key, What::Removed, ended(done)));
            }
            _ => {
                if let Ok(Some(value)) = near.get(&keys[key]).await {
                    let version = value.bytes()[..].try_into().map(u64::from_le_bytes).unwrap();
                    note(key, What::Read(version), ended(true));
                }
            }
        }
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
    events
}

/// A process, killed when it is dropped.
struct Process(Child);

impl Process {
    fn start(url: &str, me: u64, way: Tracking) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "in_a_role", "--nocapture", "--test-threads=1"])
            .envs([(URL, url), (ME, &me.to_string()), (WAY, &format!("{way:?}"))])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// What it has done, when it has ended, and how often it needed no server for a read.
    fn events(mut self) -> (Vec<Event>, u64) {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(self.0.wait().unwrap().success(), "a process failed");
        let said: Vec<_> = text.lines().filter_map(|line| line.strip_prefix('@')).collect();
        let (hits, events) = said.split_last().unwrap();
        let hits = hits.strip_prefix("hits ").unwrap().parse().unwrap();
        (events.iter().map(|line| Event::parse(line)).collect(), hits)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// By how much the oldest read of each kind was too old.
#[derive(Debug, Default)]
struct Staleness {
    /// Of what any process had replaced.
    of_any: Vec<Duration>,
    /// Of what the reading process itself had replaced.
    of_own: Duration,
}

/// A write or removal that began after `v` was written has replaced it when it has ended. Reads
/// that begin later than that are stale by the time between.
fn staleness(events: &[Event]) -> Staleness {
    let mut changes: HashMap<usize, Vec<&Event>> = HashMap::new();
    let mut writes = HashMap::new();
    for event in events {
        if !matches!(event.what, What::Read(_)) {
            changes.entry(event.key).or_default().push(event);
        }
        if let What::Wrote(version) = event.what {
            assert!(writes.insert(version, event).is_none(), "versions are used once");
        }
    }
    let mut staleness = Staleness::default();
    for read in events {
        let What::Read(version) = read.what else { continue };
        let written = writes[&version];
        assert_eq!(written.key, read.key, "a value of another key");
        assert!(written.begun <= read.ended, "a value out of nowhere");
        let replaced = |change: &&&Event| change.begun > written.ended && change.ended < read.begun;
        let (mut any, mut own) = (0, 0);
        for change in changes[&read.key].iter().filter(replaced) {
            any = any.max(read.begun - change.ended);
            if change.process() == read.process() {
                own = own.max(read.begun - change.ended);
            }
        }
        staleness.of_any.push(Duration::from_micros(any));
        staleness.of_own = staleness.of_own.max(Duration::from_micros(own));
    }
    staleness.of_any.sort();
    staleness
}

fn run(name: &str, url: &str, way: Tracking, meanwhile: impl FnOnce()) {
    let processes: Vec<_> = (0..PROCESSES).map(|me| Process::start(url, me, way)).collect();
    meanwhile();
    let (mut events, mut hits) = (Vec::new(), 0);
    for process in processes {
        let (more, more_hits) = process.events();
        events.extend(more);
        hits += more_hits;
    }
    let Staleness { of_any, of_own } = staleness(&events);
    let reads = of_any.len();
    let (typical, worst) = (of_any[reads * 999 / 1_000], of_any[reads - 1]);
    let stale = of_any.iter().filter(|late| !late.is_zero()).count();
    println!(
        "{name}: {reads} reads, {hits} of them near, {stale} stale; 99.9 % within {typical:?}, \
         the worst {worst:?}, of own changes {of_own:?}"
    );
    assert!(worst <= BOUND, "a read was {worst:?} stale");
    assert_eq!(of_own, Duration::ZERO, "an own change was not seen");
    assert!(hits * 5 > reads as u64, "too little was near to show anything");
}

#[test]
fn processes_never_see_what_was_replaced_longer_ago_than_the_bound() {
    for way in [Tracking::Broadcast, Tracking::PerKey] {
        let server = TestServer::start();
        run(&format!("{way:?}"), &server.url(), way, || {});
    }
}

/// The same while connections are cut, the server's messages withheld, and the server stopped.
#[test]
fn not_even_while_everything_fails() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let pause = |ms| std::thread::sleep(Duration::from_millis(ms));
    run("faults", &proxy.url(), Tracking::Broadcast, || {
        for _ in 0..3 {
            pause(300);
            proxy.cut();
            pause(300);
            proxy.silence_tracking(true);
            pause(700);
            proxy.silence_tracking(false);
            pause(200);
            server.pause();
            pause(150);
            server.resume();
        }
    });
}

/// One that cannot tell.
#[test]
fn nor_on_a_server_that_cannot_tell() {
    let rules = ["on", "nopass", "~*", "+@all", "-client|tracking"];
    let server = TestServer::builder().user("default", &rules).start();
    run("mute", &server.url(), Tracking::Broadcast, || {});
}
