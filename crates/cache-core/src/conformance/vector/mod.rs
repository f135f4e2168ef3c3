//! The contract of [`VectorIndex`] and [`VectorStore`].

mod entries;
mod filters;
mod indexes;
mod lifetime;
mod refusals;
mod searches;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use entries::{
    duplicates, empty_batches, hostile, large_batches, overwriting, removing, writing,
};
pub use filters::{counting, filters};
pub use indexes::{conflicts, creating, dropping, isolation, missing};
pub use lifetime::{cancellation, concurrency, expiry};
pub use refusals::refusals;
pub use searches::{batches, cosines, order, radius, recall};

use super::fresh_namespace;
use crate::vector::{
    AttributeKind, AttributeName, AttributeValue, Filter, IndexMethod, IndexName, IndexSchema,
    Precision, VectorEntry, VectorId, VectorIndex, VectorMatch, VectorQuery, VectorStore,
};
use crate::{Embedding, Ttl};

/// A store and how its indexes are to be searched.
#[derive(Debug, Clone)]
pub struct Subject {
    store: Arc<dyn VectorStore>,
    method: IndexMethod,
    precision: Precision,
}

impl Subject {
    /// Indexes of this store of full floats, searched exactly.
    pub fn new(store: Arc<dyn VectorStore>) -> Self {
        Self { store, method: IndexMethod::Exact, precision: Precision::Float32 }
    }

    /// Sets how they are searched.
    #[must_use]
    pub fn with_method(mut self, method: IndexMethod) -> Self {
        self.method = method;
        self
    }

    /// Sets how exactly vectors are kept.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    fn schema(&self, dimensions: usize) -> IndexSchema {
        let kinds = [
            ("tags", AttributeKind::Tags),
            ("number", AttributeKind::Number),
            ("text", AttributeKind::Text),
            ("kept", AttributeKind::Stored),
        ];
        let schema = IndexSchema::new(dimensions).expect("invariant: a number of dimensions");
        let schema = schema.with_method(self.method).with_precision(self.precision);
        kinds.into_iter().fold(schema, |schema, (at, kind)| schema.with_attribute(name(at), kind))
    }

    fn open(&self, name: &IndexName, dimensions: usize) -> Arc<dyn VectorIndex> {
        self.store.open(name, &self.schema(dimensions))
    }

    /// An index that nobody else uses, with an attribute of each kind.
    fn index(&self, label: &str, dimensions: usize) -> Arc<dyn VectorIndex> {
        self.open(&fresh_name(label), dimensions)
    }
}

/// Every check of this module.
pub async fn run(subject: &Subject) {
    missing(subject).await;
    creating(subject).await;
    conflicts(subject).await;
    dropping(subject).await;
    isolation(subject).await;
    writing(subject).await;
    overwriting(subject).await;
    duplicates(subject).await;
    removing(subject).await;
    empty_batches(subject).await;
    hostile(subject).await;
    large_batches(subject).await;
    cosines(subject).await;
    order(subject).await;
    batches(subject).await;
    radius(subject).await;
    recall(subject).await;
    filters(subject).await;
    counting(subject).await;
    refusals(subject).await;
    expiry(subject).await;
    cancellation(subject).await;
    concurrency(subject).await;
}

fn fresh_name(label: &str) -> IndexName {
    IndexName::new(fresh_namespace(label), "index").expect("invariant: allowed characters")
}

fn name(name: &str) -> AttributeName {
    AttributeName::new(name).expect("invariant: allowed characters")
}

fn id(id: &str) -> VectorId {
    VectorId::new(id).expect("invariant: a length that is allowed")
}

fn vector(values: &[f32]) -> Embedding {
    Embedding::new(values).expect("invariant: finite")
}

/// A vector in a plane, of unit length: the similarity of two is the cosine of their angle.
fn at(degrees: f32) -> Embedding {
    let (sin, cos) = degrees.to_radians().sin_cos();
    vector(&[cos, sin, 0.0, 0.0])
}

fn entry(name: &str, vector: Embedding) -> VectorEntry {
    VectorEntry::new(id(name), vector, Ttl::FOREVER)
}

/// With attributes of these names.
fn with<const N: usize>(entry: VectorEntry, values: [(&str, AttributeValue); N]) -> VectorEntry {
    let attributes: BTreeMap<_, _> =
        values.into_iter().map(|(at, value)| (name(at), value)).collect();
    entry.with_attributes(attributes)
}

async fn upsert(index: &dyn VectorIndex, entries: &[VectorEntry]) {
    index.upsert_many(entries).await.expect("a write succeeds");
}

async fn search(index: &dyn VectorIndex, query: VectorQuery) -> Vec<VectorMatch> {
    let mut found = index.search_many(&[query]).await.expect("a search succeeds");
    assert_eq!(found.len(), 1, "one result for each query");
    let found = found.remove(0);
    assert_ordered(&found);
    found
}

async fn count(index: &dyn VectorIndex, filter: &Filter) -> u64 {
    index.count(filter).await.expect("counting succeeds")
}

/// The ids of all entries that pass a filter, in the order of their bytes.
async fn passing(index: &dyn VectorIndex, filter: Filter) -> Vec<String> {
    let everything = VectorQuery::nearest(at(0.0), VectorQuery::MAX_MATCHES).with_filter(filter);
    let mut ids = ids(&search(index, everything).await);
    ids.sort();
    ids
}

async fn everything(index: &dyn VectorIndex) -> Vec<String> {
    passing(index, Filter::All).await
}

fn ids(found: &[VectorMatch]) -> Vec<String> {
    found.iter().map(|found| found.id.as_str().to_owned()).collect()
}

fn assert_ordered(found: &[VectorMatch]) {
    let rank = |one: &VectorMatch| (std::cmp::Reverse(one.similarity), one.id.clone());
    assert!(
        found.is_sorted_by(|one, next| rank(one) < rank(next)),
        "matches come by similarity, then by id, each once"
    );
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A vector of no preferred direction, more or less.
    fn vector(&mut self, dimensions: usize) -> Embedding {
        let mut uniform = || f32::from(u16::try_from(self.next() >> 48).unwrap_or(0)) / 65_536.0;
        let values: Vec<f32> =
            (0..dimensions).map(|_| (0..4).map(|_| uniform()).sum::<f32>() - 2.0).collect();
        vector(&values)
    }
}
