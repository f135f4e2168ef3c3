//! One session and many processes, on one file and on one server.
//!
//! Each test starts this very program again, as many times as it needs processes; started so, the
//! test appends its part and tells what it was given.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use common::{Store, sessions, texts};
use session_store::{ChatMessage, NewMessage, SessionStore};
use tokio::task::JoinSet;

const PROCESSES: usize = 4;
const TASKS: usize = 8;
const EACH: usize = 50;
const SESSION: &str = "the one";
const PART: &str = "SESSION_STORE_TEST_PART";
const STORE: &str = "SESSION_STORE_TEST_STORE";

/// Every process that is started for a part runs this test alone.
#[tokio::test(flavor = "multi_thread")]
async fn as_a_part() {
    let Ok(part) = std::env::var(PART) else { return };
    let backend = Store::open_log(&std::env::var(STORE).unwrap()).await;
    let sessions = SessionStore::builder(backend).build();
    println!("\n@ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let session = sessions.session("owner", SESSION);
        let name = format!("{part}/{task}");
        tasks.spawn(async move {
            for i in 0..EACH {
                let message = NewMessage::from(ChatMessage::user(format!("{name}/{i}")));
                let seq = session.append(message.clone()).await.unwrap().receipts[0].seq;
                // Every append is done again, as after a timeout.
                let again = session.append(message).await.unwrap().receipts.remove(0);
                assert!(again.known && again.seq == seq);
                println!("\n@{seq} {name}/{i}");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    // What this process sees when it is done.
    let seen = sessions.session("owner", SESSION).last(usize::MAX).await.unwrap();
    println!("\n@seen {}", texts(&seen).join(" "));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_on_a_file() {
    one_order(&Store::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_on_a_server() {
    one_order(&Store::redis().await).await;
}

async fn one_order(store: &Store) {
    let mut parts: Vec<_> = (0..PROCESSES).map(|i| Part::start(&store.address(), i)).collect();
    parts.iter_mut().for_each(Part::go);
    let (mut given, mut seen) = (HashMap::new(), Vec::new());
    for part in parts {
        for line in part.finish() {
            let (first, rest) = line.split_once(' ').unwrap();
            if first == "seen" {
                seen.push(rest.split(' ').map(str::to_owned).collect::<Vec<_>>());
            } else {
                let number: u64 = first.parse().unwrap();
                assert!(given.insert(number, rest.to_owned()).is_none(), "a number given twice");
            }
        }
    }
    let messages = sessions(store).session("owner", SESSION).last(usize::MAX).await.unwrap();
    assert_eq!(messages.len(), PROCESSES * TASKS * EACH, "none lost, none doubled");
    assert!(messages.iter().map(|message| message.seq).eq(1..=given.len() as u64));
    let order = texts(&messages);
    for (message, text) in messages.iter().zip(&order) {
        assert_eq!(&given[&message.seq], text, "every writer was told the one order");
    }
    assert_eq!(seen.len(), PROCESSES);
    for seen in seen {
        assert_eq!(seen[..], order[..seen.len()], "every reader saw the one order");
    }
    for task in (0..PROCESSES).flat_map(|part| (0..TASKS).map(move |task| (part, task))) {
        let name = format!("{}/{}/", task.0, task.1);
        let own = order.iter().filter(|text| text.starts_with(&name)).cloned();
        assert!(own.eq((0..EACH).map(|i| format!("{name}{i}"))), "a writer's own order is kept");
    }
}

/// A process that appends its part. It is killed when it is dropped.
struct Part {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Part {
    fn start(store: &str, part: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "as_a_part", "--nocapture", "--test-threads=1"])
            .env(STORE, store)
            .env(PART, part.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Waits until it is ready, and lets it go.
    fn go(&mut self) {
        let mut line = String::new();
        while line.trim_end() != "@ready" {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the process ended early");
        }
        self.child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }

    /// Waits for its end, and gives all that it said.
    fn finish(mut self) -> Vec<String> {
        let mut said = String::new();
        self.lines.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "the process failed");
        said.lines().filter_map(|line| line.strip_prefix('@')).map(str::to_owned).collect()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
