#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod features;
mod hangul;
mod hash;
mod letters;
mod lexical;
#[cfg(feature = "model")]
mod model;
mod vector;

pub use lexical::{InvalidDimensions, Lexical};
#[cfg(feature = "model")]
pub use model::{LocalModel, LocalModelOptions, OpenModelError, Pooling, export_onnx};
