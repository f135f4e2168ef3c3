//! Searching vectors: in memory, as a share of what the memory gives, and on Redis, beside the same
//! commands by the raw `redis` crate.
//!
//! `cargo bench --bench vectors`; with `--test` each part runs once. Servers with vector search are
//! started where `TEST_REDIS_SEARCH_SERVER` and `TEST_REDIS8_SERVER` name them.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

mod engines;
mod graph;
mod memory;
mod plain;

use cache_core::vector::{
    AttributeKind, AttributeName, AttributeValue, Attributes, IndexSchema, VectorEntry, VectorId,
    VectorIndex,
};
use cache_core::{Embedding, Ttl};

/// As all-MiniLM-L6-v2 has them.
const DIMENSIONS: usize = 384;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    memory::run(test).await;
    graph::run(test).await;
    engines::run(test).await;
    plain::run(test).await;
}

/// The attribute by which searches are narrowed to a tenth.
fn part() -> AttributeName {
    AttributeName::new("part").unwrap()
}

fn schema() -> IndexSchema {
    IndexSchema::new(DIMENSIONS).unwrap().with_attribute(part(), AttributeKind::Tags)
}

async fn fill(index: &dyn VectorIndex, count: usize, numbers: &mut Numbers) {
    let ids: Vec<_> = (0..count).collect();
    for ids in ids.chunks(1_000) {
        let entries: Vec<_> = ids.iter().map(|id| entry(*id, numbers.vector())).collect();
        index.upsert_many(&entries).await.unwrap();
    }
}

fn entry(id: usize, vector: Embedding) -> VectorEntry {
    let tag = AttributeValue::tag((id % 10).to_string());
    let id = VectorId::new(&id.to_string()).unwrap();
    VectorEntry::new(id, vector, Ttl::FOREVER).with_attributes(Attributes::from([(part(), tag)]))
}

/// Vectors of all directions, the same ones in every run.
struct Numbers(u64);

impl Numbers {
    fn vector(&mut self) -> Embedding {
        let mut uniform = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        };
        Embedding::new((0..DIMENSIONS).map(|_| uniform()).collect::<Vec<_>>()).unwrap()
    }
}
