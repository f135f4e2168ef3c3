//! A window by tokens costs by the window, not by the session: its time over sessions of 100,
//! 1,000 and 10,000 messages, and the ratio of the longest to the shortest.
//!
//! `cargo bench --bench sessions`; with `--test` each part runs once.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{LogBackend, MemoryLog};
use cache_embedded::EmbeddedBackend;
use cache_redis::RedisBackend;
use redis_test_server::TestServer;
use session_store::{ChatMessage, NewMessage, Session, SessionStore};

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const WINDOW: u64 = 50;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { 400 };
    let (server, folder) = (TestServer::start(), tempfile::tempdir().unwrap());
    let file = folder.path().join("bench.db");
    let stores: [(&str, Arc<dyn LogBackend>); 3] = [
        ("memory", Arc::new(MemoryLog::new(1 << 30))),
        ("embedded", Arc::new(EmbeddedBackend::open(file).await.unwrap())),
        ("redis", Arc::new(RedisBackend::connect(server.url()).await.unwrap())),
    ];
    println!("window of {WINDOW} messages, medians of {rounds} interleaved rounds, in µs");
    println!("{:<10} {:>9} {:>9} {:>9} {:>14}", "", 100, 1_000, 10_000, "10,000 : 100");
    for (name, backend) in stores {
        let store = SessionStore::builder(backend).build();
        let mut sessions = Vec::new();
        for size in SIZES {
            sessions.push(filled(&store, size).await);
        }
        let [small, middle, large] = medians(&sessions, rounds).await;
        let ratio = large / small;
        println!("{name:<10} {small:>9.1} {middle:>9.1} {large:>9.1} {ratio:>14.2}");
    }
}

/// Messages of one token each, and a system message, which is pinned.
async fn filled(store: &SessionStore, size: usize) -> Session {
    let session = store.create("bench");
    session.append(NewMessage::new(ChatMessage::system("Be brief.")).with_tokens(1)).await.unwrap();
    let messages = (1..size).map(|i| {
        let text = format!("message {i}: {}", "a few more words of a conversation ".repeat(5));
        NewMessage::new(ChatMessage::user(text)).with_tokens(1)
    });
    session.append_all(messages).await.unwrap();
    session
}

async fn medians(sessions: &[Session], rounds: usize) -> [f64; 3] {
    let mut times = [const { Vec::new() }; 3];
    for round in 0..rounds + rounds / 10 {
        for (session, times) in sessions.iter().zip(&mut times) {
            let start = Instant::now();
            let window = session.window(WINDOW).await.unwrap();
            let time = start.elapsed();
            assert_eq!(window.messages.len() as u64, WINDOW);
            if round >= rounds / 10 {
                times.push(time);
            }
        }
    }
    times.map(|mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e6
    })
}
