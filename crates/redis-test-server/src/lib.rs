#![doc = include_str!("../README.md")]

mod builder;
mod control;
mod fault;
mod proxy;
mod server;
mod tls;

pub use builder::Builder;
pub use fault::Fault;
pub use proxy::Proxy;
pub use server::TestServer;
