//! Answers to questions that mean the same.

mod guards;

pub use guards::{Disagreement, Guard, Guards};
