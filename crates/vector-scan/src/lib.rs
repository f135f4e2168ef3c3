#![doc = include_str!("../README.md")]

mod best;
mod columns;
mod dot;
mod graph;
mod guarded;
mod labels;
mod matrix;
mod memory;
mod nearby;
mod plan;
mod rows;
mod scan;
mod search;

/// Above so many entries an index is searched by a graph, where its schema asks for that and nothing
/// else is set. Below, comparing with all takes no longer, and needs nothing built.
pub const APPROXIMATE_ABOVE: usize = 10_000;

pub use graph::is_exact;
pub use guarded::{Guarded, off_runtime};
pub use memory::{MemoryVectorIndex, MemoryVectors};
pub use scan::{Scan, ScanEntry, SearchLimits};
