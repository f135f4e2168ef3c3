//! The program, run as its users run it.

#![allow(clippy::unwrap_used)]

mod about;
#[cfg(unix)]
mod containers;
mod conversations;
#[cfg(unix)]
mod documents;
mod errors;
mod import;
mod index;
mod language;
#[cfg(unix)]
mod monitor;
mod operations;
mod provider;
#[cfg(unix)]
mod setup;
mod support;
#[cfg(unix)]
mod terminal;
mod verbs;
mod warm;
