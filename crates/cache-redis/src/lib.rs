#![doc = include_str!("../README.md")]

pub mod acl;
mod address;
mod backend;
mod config;
mod connection;
mod counters;
mod credentials;
mod diagnosis;
mod entries;
mod error;
mod foreign;
mod info;
mod key_writer;
mod keyspace;
mod lease;
mod link;
mod log;
mod near;
mod push;
mod read_from;
mod reply;
mod script;
mod servers;
mod status;
mod topology;
mod users;
mod vector;
mod watch;

pub use backend::RedisBackend;
pub use config::RedisConfig;
pub use credentials::{Credentials, CredentialsSource};
pub use foreign::{ForeignKeys, ForeignLife, ForeignScan};
pub use near::{NearBackend, NearConfig, NearState, NearStats, Tracking, WithoutTracking};
pub use read_from::ReadFrom;
pub use servers::{CommandFigures, ReplicaFigures, ServerFigures, ServerReport, ServerRole};
pub use vector::{LocalIndex, RedisVectors, VectorEngine, VectorOptions};
