//! What the documentation says: its commands run, its settings are read, its links lead somewhere.
//!
//! Programs in Rust are compiled, and run, as the doctests of `examples/lib.rs` and of the crates. The
//! pages `cli` and `configuration` are compared with the program by `about`.

mod blocks;
mod commands;
mod data;
mod links;
mod names;
pub(crate) mod pages;
mod rules;
mod stage;
mod variables;
pub(crate) mod workspace;
