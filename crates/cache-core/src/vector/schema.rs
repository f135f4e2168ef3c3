//! How an index is laid out, what it can do and what it comes to.

use std::collections::BTreeMap;

use super::{
    AttributeKind, AttributeName, AttributeValue, VectorEntry, VectorQuery, VectorRefusal,
};
use crate::{Embedding, MAX_DIMENSIONS};

/// What an index is made for. Two indexes of one name must have equal schemas.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct IndexSchema {
    /// Of every vector in it.
    pub dimensions: usize,
    /// The attributes that entries may have.
    pub attributes: BTreeMap<AttributeName, AttributeKind>,
    /// How it is searched.
    pub method: IndexMethod,
    /// How exactly the vectors are kept.
    pub precision: Precision,
}

impl IndexSchema {
    /// An exact index of full floats without attributes.
    ///
    /// # Errors
    /// [`VectorRefusal::Dimensions`] when there are none or more than [`MAX_DIMENSIONS`].
    pub fn new(dimensions: usize) -> Result<Self, VectorRefusal> {
        if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
            return Err(VectorRefusal::Dimensions { given: dimensions, expected: MAX_DIMENSIONS });
        }
        let (method, precision) = (IndexMethod::Exact, Precision::Float32);
        Ok(Self { dimensions, attributes: BTreeMap::new(), method, precision })
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with_attribute(mut self, name: AttributeName, kind: AttributeKind) -> Self {
        self.attributes.insert(name, kind);
        self
    }

    /// Sets how it is searched.
    #[must_use]
    pub fn with_method(mut self, method: IndexMethod) -> Self {
        self.method = method;
        self
    }

    /// Sets how exactly the vectors are kept.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// What every index asks before it writes entries.
    ///
    /// # Errors
    /// When one of them cannot be in an index of this schema.
    pub fn check_entries(&self, entries: &[VectorEntry]) -> Result<(), VectorRefusal> {
        entries.iter().try_for_each(|entry| self.check_entry(entry))
    }

    /// What every index asks before it searches.
    ///
    /// # Errors
    /// When one of the queries cannot be asked of an index of this schema.
    pub fn check_queries(&self, queries: &[VectorQuery]) -> Result<(), VectorRefusal> {
        queries.iter().try_for_each(|query| {
            if query.most > VectorQuery::MAX_MATCHES {
                return Err(VectorRefusal::TooManyMatches(query.most));
            }
            self.check_vector(&query.vector)?;
            query.filter.check(self)
        })
    }

    /// What every index asks before it is made: whether a store that keeps vectors of bits, or one that
    /// does not, has indexes of this schema.
    ///
    /// # Errors
    /// [`VectorRefusal::NoBinary`] where it does not; [`VectorRefusal::BinaryIsApproximate`] when vectors
    /// of bits are to be searched exactly.
    pub fn check_precision(&self, keeps_bits: bool) -> Result<(), VectorRefusal> {
        match (self.precision, self.method) {
            (Precision::Binary, _) if !keeps_bits => Err(VectorRefusal::NoBinary),
            (Precision::Binary, IndexMethod::Exact) => Err(VectorRefusal::BinaryIsApproximate),
            _ => Ok(()),
        }
    }

    /// The kind of an attribute.
    ///
    /// # Errors
    /// [`VectorRefusal::UnknownAttribute`] when the schema does not have it.
    pub fn kind_of(&self, name: &AttributeName) -> Result<AttributeKind, VectorRefusal> {
        let unknown = || VectorRefusal::UnknownAttribute(name.clone());
        self.attributes.get(name).copied().ok_or_else(unknown)
    }

    fn check_entry(&self, entry: &VectorEntry) -> Result<(), VectorRefusal> {
        self.check_vector(&entry.vector)?;
        for (name, value) in &entry.attributes {
            let (expected, given) = (self.kind_of(name)?, value.kind());
            if given != expected {
                return Err(VectorRefusal::AttributeKind { name: name.clone(), expected, given });
            }
            check_value(name, value)?;
        }
        let bytes = entry.attributes.values().map(AttributeValue::len).sum();
        if bytes > VectorEntry::MAX_ATTRIBUTE_BYTES {
            return Err(VectorRefusal::AttributeBytes(bytes));
        }
        Ok(())
    }

    fn check_vector(&self, vector: &Embedding) -> Result<(), VectorRefusal> {
        let (given, expected) = (vector.dimensions(), self.dimensions);
        if given != expected {
            return Err(VectorRefusal::Dimensions { given, expected });
        }
        if vector.iter().all(|&value| value == 0.0) {
            return Err(VectorRefusal::ZeroVector);
        }
        Ok(())
    }
}

fn check_value(name: &AttributeName, value: &AttributeValue) -> Result<(), VectorRefusal> {
    match value {
        AttributeValue::Number(number) if !number.is_finite() => {
            Err(VectorRefusal::NotFinite(name.clone()))
        }
        AttributeValue::Tags(tags) if tags.len() > VectorEntry::MAX_TAGS => {
            Err(VectorRefusal::Tags(name.clone()))
        }
        AttributeValue::Tags(tags) => tags.iter().try_for_each(|tag| check_tag(name, tag)),
        _ => Ok(()),
    }
}

/// A tag is some text. The empty one is refused: stores do not agree whether it is there.
pub(super) fn check_tag(name: &AttributeName, tag: &str) -> Result<(), VectorRefusal> {
    let fits = (1..=VectorEntry::MAX_TAG_BYTES).contains(&tag.len());
    if fits { Ok(()) } else { Err(VectorRefusal::Tags(name.clone())) }
}

/// How an index is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexMethod {
    /// Every vector is compared: nothing is missed, and time grows with the number of entries.
    Exact,
    /// By a graph of neighbours: some matches may be missed, and time hardly grows. A store without
    /// graphs, and one whose index is small, searches exactly all the same.
    Approximate(GraphOptions),
}

/// How a graph of neighbours (HNSW) is built and searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct GraphOptions {
    /// Neighbours that an entry has, `M`.
    pub links: u16,
    /// Candidates that are looked at when an entry is linked, `EF_CONSTRUCTION`.
    pub build_effort: u16,
    /// Candidates that a search looks at, at least, `EF_RUNTIME`.
    pub search_effort: u16,
}

impl GraphOptions {
    /// 16 links, efforts of 200 to build and 100 to search.
    #[must_use]
    pub fn new() -> Self {
        Self { links: 16, build_effort: 200, search_effort: 100 }
    }

    /// Sets the neighbours that an entry has.
    #[must_use]
    pub fn with_links(mut self, links: u16) -> Self {
        self.links = links.max(2);
        self
    }

    /// Sets the candidates that are looked at when an entry is linked.
    #[must_use]
    pub fn with_build_effort(mut self, effort: u16) -> Self {
        self.build_effort = effort.max(1);
        self
    }

    /// Sets the candidates that a search looks at.
    #[must_use]
    pub fn with_search_effort(mut self, effort: u16) -> Self {
        self.search_effort = effort.max(1);
        self
    }
}

impl Default for GraphOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// How exactly vectors are kept, at least. A store may keep them more exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// Four bytes a value.
    Float32,
    /// Two bytes a value: a similarity is off by less than 0.001.
    Float16,
    /// One byte a value: a similarity is off by less than 0.02.
    Int8,
    /// One bit a value, and one byte: a graph of the bits finds candidates, some more than are asked
    /// for, and the bytes tell which of them are the nearest, so that a similarity is off by less than
    /// 0.02 all the same. Writes are faster than with [`Int8`](Self::Int8), and searches miss more. Approximate
    /// indexes only, and not of every store: [`VectorStore::check_schema`](super::VectorStore::check_schema)
    /// tells.
    Binary,
}

/// What searches of an index can do.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct VectorCapabilities {
    /// Nothing is missed.
    pub exact: bool,
    /// Filters narrow the search itself. Otherwise entries are filtered as they are found: a filter
    /// that few entries pass makes a search slower, not emptier.
    pub filters_first: bool,
    /// Other processes see the entries.
    pub shared: bool,
    /// Entries survive a restart of this process.
    pub persistent: bool,
    /// How far the similarity of a match may be from the cosine of the vectors as they were given.
    pub similarity_error: f32,
}

impl VectorCapabilities {
    /// Exact to a rounding, private to this process and gone with it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            exact: true,
            filters_first: true,
            shared: false,
            persistent: false,
            similarity_error: 1e-5,
        }
    }

    /// Sets whether nothing is missed.
    #[must_use]
    pub fn with_exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }

    /// Sets whether filters narrow the search itself.
    #[must_use]
    pub fn with_filters_first(mut self, first: bool) -> Self {
        self.filters_first = first;
        self
    }

    /// Sets whether other processes see the entries.
    #[must_use]
    pub fn with_shared(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    /// Sets whether entries survive a restart of this process.
    #[must_use]
    pub fn with_persistent(mut self, persistent: bool) -> Self {
        self.persistent = persistent;
        self
    }

    /// Sets how far a similarity may be off.
    #[must_use]
    pub fn with_similarity_error(mut self, error: f32) -> Self {
        self.similarity_error = error;
        self
    }
}

impl Default for VectorCapabilities {
    fn default() -> Self {
        Self::new()
    }
}

/// What an index comes to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct IndexInfo {
    /// What the store has, which may not be what is expected.
    pub schema: IndexSchema,
    /// Entries there are.
    pub entries: u64,
    /// Bytes they take, in memory or in the file, as far as the store can tell.
    pub bytes: u64,
    /// The graph of neighbours by which this process searches; `None` where it never builds one.
    pub graph: Option<GraphInfo>,
}

impl IndexInfo {
    /// An index of this schema, this many entries and bytes.
    #[must_use]
    pub fn new(schema: IndexSchema, entries: u64, bytes: u64) -> Self {
        Self { schema, entries, bytes, graph: None }
    }

    /// Sets what there is of a graph.
    #[must_use]
    pub fn with_graph(mut self, graph: Option<GraphInfo>) -> Self {
        self.graph = graph;
        self
    }
}

/// What a process has of a graph of neighbours that it builds itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphInfo {
    /// Up to so many entries there is no graph.
    pub above: u64,
    /// Entries that the graph finds; 0 where none is built yet.
    pub entries: u64,
    /// Entries that are compared one by one: written since, or all.
    pub pending: u64,
    /// Whether one is being built.
    pub building: bool,
}

impl GraphInfo {
    /// None yet, and none up to so many entries.
    #[must_use]
    pub fn new(above: u64) -> Self {
        Self { above, entries: 0, pending: 0, building: false }
    }

    /// Sets the entries that it finds and those that are compared one by one.
    #[must_use]
    pub fn with_entries(mut self, found: u64, pending: u64) -> Self {
        (self.entries, self.pending) = (found, pending);
        self
    }

    /// Sets whether one is being built.
    #[must_use]
    pub fn with_building(mut self, building: bool) -> Self {
        self.building = building;
        self
    }
}
