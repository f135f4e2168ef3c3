#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod api;
mod builder;
mod chat;
mod connection;
mod credentials;
mod deliver;
mod delivery;
mod embeddings;
mod exchange;
mod fault;
mod limiter;
mod model;
mod refusal;
mod request;
mod route;
#[cfg(feature = "schema")]
mod schema;
mod server;
mod service;
mod sse;
mod state;
mod tls;
mod tokens;
mod vector;

pub use api::{Api, Operation};
pub use builder::Builder;
pub use fault::{ContentCategory, ContentFilterSpelling, Fault, RetryAfter};
pub use request::Request;
#[cfg(feature = "schema")]
pub use schema::Schemas;
pub use server::TestServer;
