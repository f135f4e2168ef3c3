//! How everything is, once a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_benches::load::Latencies;
use serde::Serialize;

use crate::setup::Setup;

/// One second.
#[derive(Debug, Serialize)]
pub struct Sample {
    pub second: u64,
    pub calls_per_second: f64,
    pub p50_micros: u64,
    pub p99_micros: u64,
    /// Of this process; `None` where the system does not tell.
    pub rss_bytes: Option<u64>,
    pub redis_bytes: u64,
    pub evicted_keys: u64,
    /// Of all lookups of texts and chats so far.
    pub hit_ratio: f64,
    pub near_hits: u64,
    pub faults: u64,
}

/// Takes samples, and keeps what the end needs of them.
pub struct Sampler {
    started: Instant,
    last: Instant,
    pub rss: Vec<u64>,
    pub whole: Vec<(&'static str, Latencies)>,
    pub evicted: u64,
}

impl Sampler {
    pub fn new() -> Self {
        let now = Instant::now();
        Self { started: now, last: now, rss: Vec::new(), whole: Vec::new(), evicted: 0 }
    }

    pub async fn sample(&mut self, setup: &Setup) -> Sample {
        let since = std::mem::replace(&mut self.last, Instant::now()).elapsed();
        let latencies = setup.tally.take_latencies(&mut self.whole);
        let info = info(setup).await;
        let rss = resident_bytes();
        self.rss.extend(rss);
        self.evicted = number(&info, "evicted_keys");
        let (texts, chats) = (setup.embeddings.statistics(), setup.responses.statistics());
        let hits = texts.hits + texts.stale_hits + chats.hits + chats.stale_hits;
        let lookups = hits + texts.misses() + chats.misses();
        Sample {
            second: self.started.elapsed().as_secs(),
            calls_per_second: latencies.count() as f64 / since.as_secs_f64(),
            p50_micros: micros(latencies.at(0.5)),
            p99_micros: micros(latencies.at(0.99)),
            rss_bytes: rss,
            redis_bytes: number(&info, "used_memory"),
            evicted_keys: self.evicted,
            hit_ratio: if lookups == 0 { 0.0 } else { hits as f64 / lookups as f64 },
            near_hits: setup.near.near_stats().hits,
            faults: setup.tally.faults().0,
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

async fn info(setup: &Setup) -> String {
    let server = Arc::clone(&setup.server);
    tokio::task::spawn_blocking(move || server.command(&["INFO"])).await.unwrap()
}

fn number(info: &str, name: &str) -> u64 {
    let line = |line: &str| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok();
    info.lines().find_map(line).unwrap()
}

/// What the system holds in memory for this process.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}
