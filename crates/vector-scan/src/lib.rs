#![doc = include_str!("../README.md")]

mod best;
mod columns;
mod dot;
mod labels;
mod matrix;
mod memory;
mod plan;
mod rows;
mod scan;
mod search;
mod shared;

pub use memory::{MemoryVectorIndex, MemoryVectors};
pub use scan::{Scan, ScanEntry};
pub use shared::SharedScan;
