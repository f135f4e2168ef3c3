#![doc = include_str!("../README.md")]

mod backend;
mod bound;
mod busy;
mod clock;
mod config;
mod counter;
mod diagnosis;
mod entry;
mod error;
mod file;
mod lease;
mod log;
mod namespace;
mod recency;
mod schema;
mod vector;
mod worker;
mod writing;

pub use backend::EmbeddedBackend;
pub use config::EmbeddedConfig;
pub use vector::EmbeddedVectors;
