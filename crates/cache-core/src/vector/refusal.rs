//! Why an index does not do what it is asked: what every store says in the same words.

use super::{AttributeKind, AttributeName, Filter, IndexName, VectorEntry, VectorId, VectorQuery};
use crate::{CacheError, ErrorKind};

/// An index is left as it is, because of the index or of what was asked. Stores turn it into a
/// [`CacheError`], of which it is the source. It carries names of the schema, and no id, no vector and no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorRefusal {
    /// The store has an index of this name and of another schema.
    #[error(
        "the index {0} is there with another schema; open it with its own, drop it, or take another name"
    )]
    OtherSchema(IndexName),
    /// A vector has another number of dimensions than the index.
    #[error("a vector has {given} dimensions where {expected} are expected")]
    Dimensions {
        /// What it has.
        given: usize,
        /// What the index has, or at most can have.
        expected: usize,
    },
    /// All values of a vector are zero: it points nowhere.
    #[error("a vector is all zeros and points nowhere; there is no similarity to it")]
    ZeroVector,
    /// An id is empty or too long.
    #[error("the id of an entry has {0} bytes; it must have 1 to {max}", max = VectorId::MAX_BYTES)]
    IdLength(usize),
    /// A text cannot be the name of an attribute.
    #[error("the name of an attribute is a letter a-z A-Z and up to 63 more of a-z A-Z 0-9 _")]
    AttributeName,
    /// The schema does not have the attribute.
    #[error("the index has no attribute {0}; add it to the schema")]
    UnknownAttribute(AttributeName),
    /// The attribute is of another kind.
    #[error(
        "the attribute {name} is of the kind {expected}, not {given}",
        expected = expected.as_str(),
        given = given.as_str()
    )]
    AttributeKind {
        /// Which it is.
        name: AttributeName,
        /// What the schema has.
        expected: AttributeKind,
        /// What was given, or asked for.
        given: AttributeKind,
    },
    /// A number is a NaN or an infinity.
    #[error("a number of the attribute {0} is not finite")]
    NotFinite(AttributeName),
    /// A tag is empty or too long, or there are too many.
    #[error(
        "the attribute {0} may have {tags} tags of 1 to {bytes} bytes",
        tags = VectorEntry::MAX_TAGS,
        bytes = VectorEntry::MAX_TAG_BYTES
    )]
    Tags(AttributeName),
    /// The attributes of an entry are too long.
    #[error(
        "the attributes of an entry have {0} bytes; they may have {max}",
        max = VectorEntry::MAX_ATTRIBUTE_BYTES
    )]
    AttributeBytes(usize),
    /// A filter asks for words and has none.
    #[error("a filter on the attribute {0} has no word in it")]
    NoWords(AttributeName),
    /// A filter is nested too deep or has too many parts.
    #[error(
        "a filter has more than {depth} levels or {parts} conditions and tags",
        depth = Filter::MAX_DEPTH,
        parts = Filter::MAX_PARTS
    )]
    FilterSize,
    /// A query asks for too many matches.
    #[error("a query asks for {0} matches; it may ask for {max}", max = VectorQuery::MAX_MATCHES)]
    TooManyMatches(usize),
    /// The store does not keep vectors of one bit a value.
    #[error(
        "this store keeps no vectors of one bit a value: the vector sets of Redis 8 do, others keep a \
         byte or more"
    )]
    NoBinary,
    /// Vectors of one bit a value are to be searched exactly.
    #[error("vectors of one bit a value are searched approximately: ask for a graph")]
    BinaryIsApproximate,
}

impl VectorRefusal {
    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::OtherSchema(_) => ErrorKind::Conflict,
            Self::NoBinary => ErrorKind::Unsupported,
            _ => ErrorKind::InvalidInput,
        }
    }
}

impl From<VectorRefusal> for CacheError {
    fn from(refusal: VectorRefusal) -> Self {
        Self::new(refusal.kind(), refusal.to_string()).with_source(refusal)
    }
}
