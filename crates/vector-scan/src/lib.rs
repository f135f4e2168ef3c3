#![doc = include_str!("../README.md")]

mod best;
mod columns;
mod dot;
mod guarded;
mod labels;
mod matrix;
mod memory;
mod plan;
mod rows;
mod scan;
mod search;

pub use guarded::{Guarded, off_runtime, search_threads};
pub use memory::{MemoryVectorIndex, MemoryVectors};
pub use scan::{Scan, ScanEntry};
