//! What the benches share: vectors, the two contestants, and how they are compared.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]

pub mod compare;
pub mod load;
pub mod minilm;
pub mod raw;
pub mod vectors;

use std::time::Duration;

use embedding_cache::guard::{Budgets, GuardOptions};

/// A guard that costs what the default one costs, but is patient: on a machine that is busy with
/// something else, a hit must not become a miss.
pub fn patient() -> GuardOptions {
    let long = Duration::from_secs(10);
    GuardOptions::default()
        .with_budgets(Budgets::default().with_read(long).with_write(long).with_lease(long))
}
