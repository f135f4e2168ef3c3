//! Prints the table of `docs/reliability.md`.
#![allow(clippy::print_stdout, reason = "a table is what it makes")]

use cache_guard::{GuardOptions, WriteBehind};
use fault_scenarios::{Pace, run, scenarios, table};

#[tokio::main]
async fn main() {
    let queued = std::env::args().any(|argument| argument == "--write-behind");
    let mut options = GuardOptions::new();
    if queued {
        options = options.with_write_behind(WriteBehind::new());
    }
    let mut rows = Vec::new();
    for scenario in scenarios() {
        rows.push(run(&scenario, Pace::LONG, options.clone()).await);
    }
    print!("{}", table(&rows));
}
