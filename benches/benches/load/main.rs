//! Mixed traffic on a full server for as long as it is told to, every answer verified.
//!
//! `cargo bench --bench load -- --minutes 10`; `--json` for programs. It ends with 1, and says why,
//! when an answer is wrong, a call fails, memory grows after the warm-up, or what the caches have
//! counted is not what their callers and their provider have seen.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "benchmarks")]
#![allow(missing_docs, unreachable_pub, reason = "a program")]

mod callers;
mod options;
mod provider;
mod report;
mod sample;
mod setup;
mod tally;
mod traffic;
mod verdict;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;

use crate::options::Options;
use crate::report::Report;
use crate::sample::Sampler;
use crate::setup::Setup;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let setup = Setup::start(&options).await;
    let callers = callers::start(&setup, options.callers);
    let mut sampler = Sampler::new();
    let report = Report::new(&options);
    let (started, mut ticks) = (Instant::now(), tokio::time::interval(SECOND));
    ticks.tick().await;
    while started.elapsed() < options.time() {
        ticks.tick().await;
        report.second(&sampler.sample(&setup).await);
    }
    callers.stop().await;
    let verdict = verdict::of(&setup, &mut sampler).await;
    report.end(&verdict);
    if verdict.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
