#![doc = include_str!("../README.md")]

mod features;
mod hangul;
mod hash;
mod letters;
mod lexical;
mod vector;

pub use lexical::{InvalidDimensions, Lexical};
