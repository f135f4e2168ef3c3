//! Examples are run with `cargo run --example NAME`; see README.md beside this file.
//!
//! The programs in the project's front pages are compiled here.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../README.ko.md")]
mod readme_ko {}
