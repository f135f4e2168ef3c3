//! What an index holds.

use std::fmt;
use std::sync::Arc;

use super::{Attributes, VectorRefusal};
use crate::{Embedding, Ttl};

/// The id of an entry: any text of 1 to [`MAX_BYTES`](Self::MAX_BYTES) bytes. `Debug` shows its
/// length: it may tell whom an entry is about.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VectorId(Arc<str>);

impl VectorId {
    /// The longest id.
    pub const MAX_BYTES: usize = 512;

    /// # Errors
    /// [`VectorRefusal::IdLength`] when it is empty or too long.
    pub fn new(id: &str) -> Result<Self, VectorRefusal> {
        if id.is_empty() || id.len() > Self::MAX_BYTES {
            return Err(VectorRefusal::IdLength(id.len()));
        }
        Ok(Self(id.into()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for VectorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VectorId({} bytes)", self.0.len())
    }
}

/// A vector to be found, what it carries and how long it lives.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VectorEntry {
    /// Its name in the index.
    pub id: VectorId,
    /// Where it points; its length does not matter.
    pub vector: Embedding,
    /// What it can be filtered by and what comes back with it.
    pub attributes: Attributes,
    /// How long it lives.
    pub ttl: Ttl,
}

impl VectorEntry {
    /// The most bytes that the attributes of an entry may have, names not counted: 1 MiB.
    pub const MAX_ATTRIBUTE_BYTES: usize = 1 << 20;
    /// The most bytes of a tag.
    pub const MAX_TAG_BYTES: usize = 1_024;
    /// The most tags of an attribute.
    pub const MAX_TAGS: usize = 256;

    /// An entry without attributes.
    #[must_use]
    pub fn new(id: VectorId, vector: Embedding, ttl: Ttl) -> Self {
        Self { id, vector, attributes: Attributes::new(), ttl }
    }

    /// Sets the attributes.
    #[must_use]
    pub fn with_attributes(mut self, attributes: Attributes) -> Self {
        self.attributes = attributes;
        self
    }
}
