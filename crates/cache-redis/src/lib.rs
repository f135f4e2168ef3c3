#![doc = include_str!("../README.md")]

mod address;
mod backend;
mod batch;
mod config;
mod connector;
mod counters;
mod diagnosis;
mod entries;
mod error;
mod key_writer;
mod keyspace;
mod lease;
mod link;
mod log;
mod reply;
mod script;
mod status;
#[cfg(feature = "tls")]
mod tls;

pub use backend::RedisBackend;
pub use config::RedisConfig;
