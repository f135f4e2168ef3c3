//! The contract of whatever finds vectors by their direction.

mod attribute;
mod entry;
mod expression;
mod filter;
mod index;
mod name;
mod packed;
mod query;
mod refusal;
mod schema;
mod similarity;
mod words;

pub use attribute::{AttributeKind, AttributeName, AttributeValue, Attributes};
pub use entry::{VectorEntry, VectorId};
pub use expression::{FilterProblem, InvalidFilter};
pub use filter::Filter;
pub use index::{VectorIndex, VectorStore};
pub use name::{IndexName, InvalidIndexName};
pub use packed::{pack_attributes, unpack_attributes};
pub use query::{VectorMatch, VectorQuery};
pub use refusal::VectorRefusal;
pub use schema::{
    GraphInfo, GraphOptions, IndexInfo, IndexMethod, IndexSchema, Precision, VectorCapabilities,
};
pub use similarity::{Distance, InvalidSimilarity, Similarity};
pub use words::words;
