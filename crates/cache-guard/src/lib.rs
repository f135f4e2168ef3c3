#![doc = include_str!("../README.md")]

mod backend;
mod breaker;
mod call;
mod counters;
mod counts;
mod gate;
mod lease;
mod operation;
mod options;
mod queue;

pub use backend::{Guarded, GuardedBackend, guard};
pub use breaker::BreakerState;
pub use counts::{Failures, GuardSnapshot};
pub use gate::GuardState;
pub use operation::Operation;
pub use options::{BreakerOptions, Budgets, GuardOptions, WriteBehind};
pub use queue::QueueSnapshot;
