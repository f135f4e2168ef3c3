//! What measuring costs: hits through the wrapper next to hits without it, with no recorder and with
//! that of Prometheus.
//!
//! `cargo bench --bench metrics`; with `--test` each part runs once.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{
    CacheBackend, CacheKey, GetOptions, KeyFields, KeyKind, KeyProfile, KeySpace, MemoryBackend,
    Namespace, PutEntry, PutOptions, StoredValue, Ttl,
};
use cache_metrics::{MeteredBackend, SECONDS_BUCKETS};
use cache_redis::RedisBackend;
use metrics_exporter_prometheus::PrometheusBuilder;
use redis_test_server::TestServer;

/// Hits in one measurement.
const HITS: u32 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { 50 };
    let server = TestServer::start();
    let stores: [(&str, Arc<dyn CacheBackend>); 2] = [
        ("memory", Arc::new(MemoryBackend::new(1 << 20))),
        ("redis", Arc::new(RedisBackend::connect(server.url()).await.unwrap())),
    ];
    println!("one hit of 3 KB, medians of interleaved rounds, in ns");
    println!("{:<24} {:>10} {:>10} {:>10}", "", "plain", "metered", "more");
    for recorder in ["no recorder", "prometheus"] {
        if recorder == "prometheus" {
            let builder = PrometheusBuilder::new().set_buckets(SECONDS_BUCKETS).unwrap();
            builder.install_recorder().unwrap();
        }
        for (name, store) in &stores {
            let metered = MeteredBackend::new(Arc::clone(store));
            let key = stored(&**store).await;
            let mut times = [Vec::new(), Vec::new()];
            for _ in 0..rounds {
                for (times, store) in times.iter_mut().zip([&**store, &metered]) {
                    times.push(hits(store, &key).await);
                }
            }
            show(&format!("{name}, {recorder}"), times.map(median));
        }
        let metered = MeteredBackend::new(Arc::clone(&stores[0].1));
        let key = stored(&metered).await;
        let local =
            |store: &dyn CacheBackend| median((0..rounds).map(|_| local(store, &key)).collect());
        show(&format!("read_local, {recorder}"), [local(&*stores[0].1), local(&metered)]);
    }
}

fn show(what: &str, [plain, metered]: [f64; 2]) {
    println!("{what:<24} {plain:>10.0} {metered:>10.0} {:>10.0}", metered - plain);
}

async fn stored(store: &dyn CacheBackend) -> CacheKey {
    let space = KeySpace::new(Namespace::new("bench").unwrap(), KeyKind::Embedding, 0);
    let key = KeyProfile::new(space, KeyFields::new(KeyKind::Embedding), None).key("a text");
    let ttl = Ttl::seconds(3_600).unwrap();
    let entry = PutEntry::new(key.clone(), StoredValue::new(vec![7; 3_000]), ttl);
    store.put_many(&[entry], &PutOptions::default()).await.unwrap();
    key
}

/// The time of one hit.
async fn hits(store: &dyn CacheBackend, key: &CacheKey) -> Duration {
    let (keys, options, started) = ([key.clone()], GetOptions::default(), Instant::now());
    for _ in 0..HITS {
        assert!(black_box(store.get_many(&keys, &options).await.unwrap())[0].is_some());
    }
    started.elapsed() / HITS
}

/// The time of one hit that does not wait.
fn local(store: &dyn CacheBackend, key: &CacheKey) -> Duration {
    let started = Instant::now();
    for _ in 0..HITS {
        let mut read = |value: &StoredValue| {
            black_box(value.size_hint());
        };
        assert!(store.read_local(key, &mut read));
    }
    started.elapsed() / HITS
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e9
}
