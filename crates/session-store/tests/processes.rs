//! One session and many processes, on one file and on one server.
//!
//! Each test starts this very program again, as many times as it needs processes; started so, the
//! test appends its part and tells what it was given.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;

use cache_test_support::{Process, Role, say, wait_for_go};
use common::{Store, sessions, texts};
use session_store::{ChatMessage, NewMessage, SessionStore};
use tokio::task::JoinSet;

const PROCESSES: usize = 4;
const TASKS: usize = 8;
const EACH: usize = 50;
const SESSION: &str = "the one";

/// Every process that is started for a part runs this test alone.
#[tokio::test(flavor = "multi_thread")]
async fn as_a_part() {
    let Some(role) = Role::of_this_process() else { return };
    let backend = Store::open_log(role.text(0)).await;
    let sessions = SessionStore::builder(backend).build();
    wait_for_go();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let session = sessions.session("owner", SESSION);
        let name = format!("{}/{task}", role.name);
        tasks.spawn(async move {
            for i in 0..EACH {
                let message = NewMessage::from(ChatMessage::user(format!("{name}/{i}")));
                let seq = session.append(message.clone()).await.unwrap().receipts[0].seq;
                // Every append is done again, as after a timeout.
                let again = session.append(message).await.unwrap().receipts.remove(0);
                assert!(again.known && again.seq == seq);
                say(format!("{seq} {name}/{i}"));
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    // What this process sees when it is done.
    let seen = sessions.session("owner", SESSION).last(usize::MAX).await.unwrap();
    say(format!("seen {}", texts(&seen).join(" ")));
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
    let mut parts: Vec<_> =
        (0..PROCESSES).map(|i| Process::start("as_a_part", i, &[store.address()])).collect();
    parts.iter_mut().for_each(Process::go);
    let (mut given, mut seen) = (HashMap::new(), Vec::new());
    for part in parts {
        for line in part.hear_the_rest() {
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
