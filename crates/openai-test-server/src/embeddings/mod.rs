//! The embeddings operation.

mod reply;
mod request;

pub(crate) use reply::{EmbeddingList, Item};
pub(crate) use request::EmbeddingRequest;
