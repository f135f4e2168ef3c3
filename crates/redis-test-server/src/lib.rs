#![doc = include_str!("../README.md")]

mod builder;
mod cluster;
mod control;
mod fault;
mod optional;
mod proxy;
mod sentinels;
mod server;
mod tls;

pub use builder::Builder;
pub use cluster::TestCluster;
pub use fault::Fault;
pub use optional::OptionalServer;
pub use proxy::Proxy;
pub use sentinels::TestSentinels;
pub use server::TestServer;
pub use tls::{Authority, Certificate, Identity};
