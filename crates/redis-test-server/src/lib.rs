#![doc = include_str!("../README.md")]

mod builder;
mod control;
mod proxy;
mod server;
mod tls;

pub use builder::Builder;
pub use proxy::Proxy;
pub use server::TestServer;
