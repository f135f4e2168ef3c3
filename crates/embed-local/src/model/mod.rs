//! A sentence-transformers folder, embedded in the process.

mod batch;
mod bert;
mod config;
mod error;
mod export;
mod folder;
mod graph;
mod local;
mod options;
mod pooling;
mod provider;
mod recipe;
mod runtime;
mod source;
mod tokens;
mod weights;

pub use error::OpenModelError;
pub use export::export_onnx;
pub use local::LocalModel;
pub use options::LocalModelOptions;
pub use pooling::Pooling;
