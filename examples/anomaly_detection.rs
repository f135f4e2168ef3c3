//! Odd lines in a stream of logs: a line is odd when nothing like it was seen of late. Every line
//! is compared with its nearest neighbours among those of the last minutes, then becomes one of them;
//! the index forgets by itself, as entries have a TTL.
//!
//! `cargo run --release --example anomaly_detection`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::time::Duration;

use caching_with_redis::core::vector::{
    IndexName, IndexSchema, VectorEntry, VectorId, VectorIndex, VectorQuery,
};
use caching_with_redis::core::{Embedding, Namespace, Ttl};
use caching_with_redis::{Settings, builder, open_backend, open_provider, open_vectors};

/// How long a line is remembered.
const MEMORY: Duration = Duration::from_secs(600);
/// Lines that only teach what is usual.
const WARM_UP: usize = 60;
/// So many neighbours must be like a line: the first repetition of something odd is odd as well.
const NEIGHBOURS: usize = 2;
/// A line is odd beyond this distance, for the lexical provider. Take a higher quantile of the
/// distances of a quiet day for other models and other logs.
const ODD: f32 = 0.5;

/// Lines that do not belong, and after how many others they come.
const PLANTED: [(usize, &str); 5] = [
    (85, "kernel: Out of memory: Killed process 4242 (postgres) total-vm:8123456kB"),
    (120, "sshd[991]: Failed password for root from 203.0.113.9 port 52144 ssh2"),
    (150, "panic: runtime error: invalid memory address or nil pointer dereference"),
    (175, "x509: certificate has expired or is not yet valid: current time is after the end"),
    (199, "disk quota exceeded while writing checkpoint segment to /var/lib/data"),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::load()?;
    let store = open_backend(&settings).await?;
    let vectors = open_vectors(&settings, &store).await?;
    let provider = open_provider(&settings).await?.provider;
    // Lines of one shape are one text to the cache: most of a log is embedded once.
    let cache = builder(&settings, store.backend)?.provider(provider).build()?;
    let dimensions = cache.embed("anything").await?.dimensions();
    let name = IndexName::new(Namespace::new(&settings.namespace)?, "anomaly-detection")?;
    let index = vectors.store.open(&name, &IndexSchema::new(dimensions)?);
    index.drop_index().await?;

    let (mut found, mut false_alarms) = (0, 0);
    for (number, line) in log().into_iter().enumerate() {
        let vector = cache.embed(&shape(&line)).await?;
        let distance = distance(&*index, &vector).await?;
        remember(&*index, number, vector).await?;
        if number < WARM_UP || distance < ODD {
            continue;
        }
        let planted = PLANTED.iter().any(|(_, planted)| *planted == line);
        *if planted { &mut found } else { &mut false_alarms } += 1;
        println!("{distance:.2}  line {number}: {line}");
    }
    println!("\nfound {found} of {} planted lines, {false_alarms} false alarms", PLANTED.len());
    let done = cache.statistics();
    println!("{} lines embedded, {} hits", done.provider_inputs, done.hits);
    cache.flush().await?;
    anyhow::ensure!(found == PLANTED.len(), "an odd line was overlooked");
    Ok(())
}

/// How far the line is from the last of its nearest neighbours; 2, the greatest distance, without any.
async fn distance(index: &dyn VectorIndex, vector: &Embedding) -> anyhow::Result<f32> {
    let query = VectorQuery::nearest(vector.clone(), NEIGHBOURS);
    let nearest = index.search_many(&[query]).await?.remove(0);
    let last = nearest.get(NEIGHBOURS - 1);
    Ok(last.map_or(2.0, |found| found.similarity.distance().get()))
}

async fn remember(index: &dyn VectorIndex, number: usize, vector: Embedding) -> anyhow::Result<()> {
    let id = VectorId::new(&format!("line-{number}"))?;
    Ok(index.upsert_many(&[VectorEntry::new(id, vector, Ttl::new(MEMORY)?)]).await?)
}

/// The line without what is different every time: numbers become `#`.
fn shape(line: &str) -> String {
    let mut shape = String::with_capacity(line.len());
    for c in line.chars() {
        match c.is_ascii_digit() {
            false => shape.push(c),
            true if shape.ends_with('#') => {}
            true => shape.push('#'),
        }
    }
    shape
}

/// Two hundred lines of a web service as there are millions, and what was planted among them.
fn log() -> Vec<String> {
    let mut seed = 7_u32;
    let mut random = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    let mut lines = Vec::new();
    for number in 0..200 {
        let path = ["/api/items", "/api/users", "/api/orders", "/health"][random(4) as usize];
        lines.push(match random(5) {
            0 | 1 => format!("GET {path} 200 in {} ms", random(90)),
            2 => format!("POST {path} 201 in {} ms", random(200)),
            3 => format!("cache hit for key user:{} after {} us", random(9_000), random(900)),
            _ => {
                format!("worker {} finished job {} in {} ms", random(8), random(9_999), random(700))
            }
        });
        lines.extend(
            PLANTED.iter().filter(|(at, _)| *at == number).map(|(_, line)| (*line).to_owned()),
        );
    }
    lines
}
