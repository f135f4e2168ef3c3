#![doc = include_str!("../README.md")]
#![allow(clippy::unwrap_used, reason = "it serves tests")]

mod callers;
mod measured;
mod provider;
mod run;
mod scenario;
mod server;
mod topologies;

pub use measured::{Latencies, Row, table};
pub use run::{Pace, run};
pub use scenario::{Lasts, Scenario, Stage, scenarios};
