//! What the benches share: vectors, the two contestants, and how they are compared.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

pub mod compare;
pub mod load;
pub mod raw;
pub mod vectors;
