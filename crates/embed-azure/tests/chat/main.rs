//! Chats over real sockets.
#![allow(clippy::unwrap_used)]

mod conformance;
mod connections;
mod faults;
mod raw_server;
mod requests;
mod silence;
mod streams;
mod support;
mod whole;
