//! Examples are run with `cargo run --example NAME`; see README.md beside this file.
