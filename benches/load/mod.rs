//! The parts of the load tool that are figures alone.

mod books;
mod latencies;
mod trend;
mod zipf;

pub use books::Books;
pub use latencies::Latencies;
pub use trend::{Growth, growth};
pub use zipf::{Random, Zipf};
