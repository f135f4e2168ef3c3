//! A search and what it finds.

use super::{Attributes, Filter, Similarity, VectorId};
use crate::Embedding;

/// What is looked for: the nearest, or all that are near enough, or the nearest of those.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VectorQuery {
    /// The direction to look in.
    pub vector: Embedding,
    /// The most matches: 0 (which finds nothing) to [`MAX_MATCHES`](Self::MAX_MATCHES).
    pub most: usize,
    /// The least similarity of a match; `None` takes all.
    pub at_least: Option<Similarity>,
    /// What an entry must pass to be a match.
    pub filter: Filter,
    /// Whether matches come with their attributes.
    pub with_attributes: bool,
}

impl VectorQuery {
    /// The most matches that a search can be asked for.
    pub const MAX_MATCHES: usize = 10_000;

    /// The nearest entries, this many.
    #[must_use]
    pub fn nearest(vector: Embedding, most: usize) -> Self {
        Self { vector, most, at_least: None, filter: Filter::All, with_attributes: false }
    }

    /// The entries that are at least this similar: the nearest
    /// [`MAX_MATCHES`](Self::MAX_MATCHES) of them.
    #[must_use]
    pub fn within(vector: Embedding, at_least: Similarity) -> Self {
        Self { at_least: Some(at_least), ..Self::nearest(vector, Self::MAX_MATCHES) }
    }

    /// Sets the least similarity of a match.
    #[must_use]
    pub fn with_at_least(mut self, at_least: Similarity) -> Self {
        self.at_least = Some(at_least);
        self
    }

    /// Sets the filter.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Asks for the attributes as well.
    #[must_use]
    pub fn with_attributes(mut self) -> Self {
        self.with_attributes = true;
        self
    }
}

/// An entry that was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VectorMatch {
    /// Which it is.
    pub id: VectorId,
    /// How similar it is to the query.
    pub similarity: Similarity,
    /// Its attributes, where they were asked for.
    pub attributes: Attributes,
}

impl VectorMatch {
    /// A match without attributes.
    #[must_use]
    pub fn new(id: VectorId, similarity: Similarity) -> Self {
        Self { id, similarity, attributes: Attributes::new() }
    }

    /// Sets the attributes.
    #[must_use]
    pub fn with_attributes(mut self, attributes: Attributes) -> Self {
        self.attributes = attributes;
        self
    }

    /// Puts matches into the order of the contract.
    pub fn sort(matches: &mut [Self]) {
        matches.sort_by(|a, b| b.similarity.cmp(&a.similarity).then_with(|| a.id.cmp(&b.id)));
    }
}
