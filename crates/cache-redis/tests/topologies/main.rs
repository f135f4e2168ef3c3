//! More servers than one: clusters, Sentinels, replicas, and what becomes of calls when they change.
#![allow(clippy::unwrap_used)]

mod cluster;
mod cluster_faults;
mod moves;
mod replicas;
mod sentinel;
#[path = "../support/mod.rs"]
mod support;
mod traffic;
