//! Vectors come back as they were stored, or not at all.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod damage;
mod genuine;
mod golden;
mod properties;
mod vectors;
