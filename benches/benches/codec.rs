//! The codecs of stored vectors at 1536 dimensions: first a table (the least of many short runs,
//! which other load disturbs least), then each in full.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "benchmarks")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use cache_benches::vectors;
use cache_core::Embedding;
use cache_core::codec::{Encoded, EntryMeta, VectorPolicy, decode, encode};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const KEY: [u8; 32] = [7; 32];
const COUNT: usize = 100;

/// Vectors of one kind under one policy.
struct Case {
    kind: &'static str,
    policy: VectorPolicy,
    vectors: Vec<Embedding>,
    stored: Vec<Encoded>,
}

impl Case {
    fn new(kind: &'static str, policy: VectorPolicy, vectors: Vec<Vec<f32>>) -> Self {
        let vectors: Vec<_> = vectors.into_iter().map(|v| Embedding::new(v).unwrap()).collect();
        let stored = vectors.iter().map(|v| store(v, policy)).collect();
        Self { kind, policy, vectors, stored }
    }

    fn encode_all(&self) {
        for vector in &self.vectors {
            black_box(store(black_box(vector), self.policy));
        }
    }

    fn decode_all(&self) {
        for stored in &self.stored {
            black_box(decode(&KEY, black_box(&stored.bytes)).unwrap());
        }
    }
}

fn store(vector: &Embedding, policy: VectorPolicy) -> Encoded {
    encode(&KEY, &EntryMeta::default(), vector, policy)
}

fn cases() -> Vec<Case> {
    let service = || vectors::openai_like(COUNT);
    let local = || (0..COUNT as u64).map(vectors::full).collect();
    vec![
        Case::new("service", VectorPolicy::Lossless, service()),
        Case::new("service", VectorPolicy::Fast, service()),
        Case::new("service", VectorPolicy::Compact, service()),
        Case::new("service", VectorPolicy::Tiny, service()),
        Case::new("local", VectorPolicy::Lossless, local()),
        Case::new("local", VectorPolicy::Fast, local()),
        Case::new("local", VectorPolicy::NearLossless, local()),
    ]
}

/// Nanoseconds per vector in the quickest of many passes.
fn least(mut pass: impl FnMut()) -> f64 {
    let mut least = Duration::MAX;
    for _ in 0..200 {
        let start = Instant::now();
        pass();
        least = least.min(start.elapsed());
    }
    least.as_secs_f64() * 1e9 / COUNT as f64
}

fn table(_: &mut Criterion) {
    println!("{COUNT} {} of 1536 dimensions, ns per vector:", vectors::source());
    println!(
        "{:8} {:14} {:7} {:>6} {:>8} {:>8}",
        "kind", "policy", "codec", "bytes", "encode", "decode"
    );
    for case in cases() {
        let Encoded { bytes, codec, .. } = &case.stored[0];
        println!(
            "{:8} {:14} {:7} {:>6} {:>8.0} {:>8.0}",
            case.kind,
            case.policy,
            codec,
            bytes.len(),
            least(|| case.encode_all()),
            least(|| case.decode_all())
        );
    }
}

fn codecs(criterion: &mut Criterion) {
    for case in cases() {
        let mut group = criterion.benchmark_group(format!("{} {}", case.kind, case.policy));
        group.throughput(Throughput::Elements(COUNT as u64));
        group.bench_function("encode", |b| b.iter(|| case.encode_all()));
        group.bench_function("decode", |b| b.iter(|| case.decode_all()));
    }
}

criterion_group!(benches, table, codecs);
criterion_main!(benches);
