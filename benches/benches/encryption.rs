//! What encryption costs: sealing and opening alone, and hits through the wrapper as ratios to hits
//! without it, for values of 3 KB and 6 KB (a vector of 1536 dimensions, compressed and not).
//!
//! `cargo bench --bench encryption`; with `--test` each part runs once.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{
    CacheBackend, CacheKey, GetOptions, KeyKind, KeySpace, MemoryBackend, Namespace, PutEntry,
    PutOptions, StoredValue, Ttl,
};
use cache_embedded::EmbeddedBackend;
use cache_encryption::{Binding, DataKey, EncryptedBackend, Keyring};
use cache_redis::RedisBackend;
use redis_test_server::TestServer;

const SIZES: [usize; 2] = [3_000, 6_000];
const BATCH: usize = 1_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { 300 };
    let ring = Keyring::new(DataKey::generate().unwrap());
    println!("{:<24} {:>10} {:>10}", "one value, in µs", "seal", "open");
    for size in SIZES {
        let [seal, open] = alone(&ring, size, rounds);
        println!("{:<24} {seal:>10.2} {open:>10.2}", format!("{size} bytes"));
    }
    let (server, folder) = (TestServer::start(), tempfile::tempdir().unwrap());
    let file = folder.path().join("bench.db");
    let stores: [(&str, Arc<dyn CacheBackend>); 3] = [
        ("memory", Arc::new(MemoryBackend::new(1 << 30))),
        ("embedded", Arc::new(EmbeddedBackend::open(file).await.unwrap())),
        ("redis", Arc::new(RedisBackend::connect(server.url()).await.unwrap())),
    ];
    println!("\nhits, medians of interleaved rounds, in µs");
    println!("{:<24} {:>10} {:>10} {:>8}", "", "plain", "encrypted", "ratio");
    for (name, store) in stores {
        let sealed = Arc::new(EncryptedBackend::new(Arc::clone(&store), ring.clone()));
        for size in SIZES {
            for (count, rounds) in [(1, rounds), (BATCH, rounds.div_ceil(10))] {
                let [plain, encrypted] = hits([&*store, &*sealed], size, count, rounds).await;
                let what = format!("{name}, {count} of {size} B");
                let ratio = encrypted / plain;
                println!("{what:<24} {plain:>10.1} {encrypted:>10.1} {ratio:>8.2}");
            }
        }
    }
}

fn keys(space: &str, count: usize) -> Vec<CacheKey> {
    let space = KeySpace::new(Namespace::new(space).unwrap(), KeyKind::Embedding, 0);
    let hash = |i: usize| {
        let mut hash = [7; 32];
        hash[..8].copy_from_slice(&i.to_le_bytes());
        hash[31] = hash[0];
        hash
    };
    (0..count).map(|i| CacheKey::new(Arc::clone(&space), hash(i))).collect()
}

/// Times of sealing and opening one value.
fn alone(ring: &Keyring, size: usize, rounds: usize) -> [f64; 2] {
    let (key, value) = (keys("alone", 1).remove(0), vec![7; size]);
    let place = Binding::Value(&key);
    let (mut seal, mut open) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        let sealed = ring.seal(&place, black_box(&value)).unwrap();
        seal.push(start.elapsed());
        let start = Instant::now();
        black_box(ring.open(&place, black_box(&sealed)).unwrap());
        open.push(start.elapsed());
    }
    [median(&mut seal), median(&mut open)]
}

/// Times of reading so many values of this size at once, from each of the stores in turn.
async fn hits(
    stores: [&dyn CacheBackend; 2],
    size: usize,
    count: usize,
    rounds: usize,
) -> [f64; 2] {
    let keys = [keys("plain", count), keys("sealed", count)];
    for (store, keys) in stores.iter().zip(&keys) {
        let entry = |key: &CacheKey| {
            PutEntry::new(key.clone(), StoredValue::new(vec![7; size]), Ttl::FOREVER)
        };
        let entries: Vec<_> = keys.iter().map(entry).collect();
        store.put_many(&entries, &PutOptions::default()).await.unwrap();
    }
    let mut times = [const { Vec::new() }; 2];
    for round in 0..rounds + rounds / 10 {
        for ((store, keys), times) in stores.iter().zip(&keys).zip(&mut times) {
            let start = Instant::now();
            let found = store.get_many(keys, &GetOptions::default()).await.unwrap();
            let time = start.elapsed();
            assert!(found.iter().flatten().all(|value| value.bytes().len() == size));
            if round >= rounds / 10 {
                times.push(time);
            }
        }
    }
    times.map(|mut times| median(&mut times))
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}
