//! Making indexes, dropping them, and what is between.

use super::{Subject, at, count, entry, everything, fresh_name, id, name, search, upsert};
use crate::ErrorKind;
use crate::conformance::fresh_namespace;
use crate::vector::{
    AttributeKind, Filter, IndexName, IndexSchema, Precision, VectorIndex, VectorQuery,
};

/// An index that is not there is an empty one.
pub async fn missing(subject: &Subject) {
    let index = subject.index("missing", 4);
    assert_missing(subject, &*index).await;
    upsert(&*index, &[entry("a", at(0.0))]).await;
    assert_eq!(everything(&*index).await, ["a"], "writing makes the index");
    assert_there(subject, &*index, 1).await;
    assert!(index.drop_index().await.expect("dropping succeeds"));
    assert_missing(subject, &*index).await;
    upsert(&*index, &[entry("b", at(0.0))]).await;
    assert_eq!(everything(&*index).await, ["b"], "writing makes the index anew");
}

async fn assert_missing(subject: &Subject, index: &dyn VectorIndex) {
    assert!(index.info().await.expect("succeeds").is_none(), "there is no index yet");
    assert!(search(index, VectorQuery::nearest(at(0.0), 3)).await.is_empty());
    assert_eq!(count(index, &Filter::All).await, 0);
    assert_eq!(index.remove_many(&[id("a")]).await.expect("succeeds"), [false]);
    assert!(!index.drop_index().await.expect("succeeds"), "there is nothing to drop");
    assert!(listed(subject, index).await.is_empty(), "reading makes no index");
}

async fn assert_there(subject: &Subject, index: &dyn VectorIndex, entries: u64) {
    let info = index.info().await.expect("succeeds").expect("the index is there");
    assert_eq!(&info.schema, index.schema(), "the store knows the schema");
    assert_eq!(info.entries, entries);
    assert_eq!(listed(subject, index).await, [index.name().clone()]);
}

async fn listed(subject: &Subject, index: &dyn VectorIndex) -> Vec<IndexName> {
    let namespace = index.name().namespace();
    subject.store.indexes(namespace).await.expect("listing succeeds")
}

/// Creating says whether the index was missing, and leaves one that is there as it is.
pub async fn creating(subject: &Subject) {
    let index = subject.index("creating", 4);
    assert!(index.create().await.expect("creating succeeds"), "the index was missing");
    assert!(!index.create().await.expect("creating succeeds"), "the index is there");
    assert_there(subject, &*index, 0).await;
    upsert(&*index, &[entry("a", at(0.0)), entry("b", at(0.0))]).await;
    let same = subject.open(index.name(), 4);
    assert!(!same.create().await.expect("creating succeeds"));
    assert_eq!(everything(&*same).await, ["a", "b"], "two objects of one name are one index");
    assert_there(subject, &*same, 2).await;
    let info = same.info().await.expect("succeeds").expect("the index is there");
    assert!(info.bytes > 0, "entries take space");
}

/// An index of another schema is left alone.
pub async fn conflicts(subject: &Subject) {
    let index = subject.index("conflicts", 4);
    upsert(&*index, &[entry("a", at(0.0))]).await;
    let schema = index.schema().clone();
    let fewer = IndexSchema::new(4).expect("invariant: a number of dimensions");
    let other_precision = match schema.precision {
        Precision::Float16 => Precision::Float32,
        _ => Precision::Float16,
    };
    let others = [
        fewer.with_method(schema.method),
        schema.clone().with_attribute(name("more"), AttributeKind::Tags),
        schema.clone().with_attribute(name("number"), AttributeKind::Tags),
        schema.clone().with_precision(other_precision),
    ];
    for schema in others {
        assert_conflict(&*subject.store.open(index.name(), &schema)).await;
    }
    assert_conflict(&*subject.open(index.name(), 3)).await;
    assert_eq!(everything(&*index).await, ["a"], "a conflict changes nothing");

    let other = subject.open(index.name(), 3);
    let there = other.info().await.expect("succeeds").expect("the index is there");
    assert_eq!(&there.schema, index.schema(), "what is there is told");
    assert!(other.drop_index().await.expect("succeeds"), "what is in the way can be dropped");
    assert!(other.create().await.expect("creating succeeds"));
    let late = index.upsert_many(&[entry("a", at(0.0))]).await;
    assert_eq!(late.map_err(|error| error.kind()), Err(ErrorKind::Conflict), "the name was taken");
}

async fn assert_conflict(index: &dyn VectorIndex) {
    let dimensions = index.schema().dimensions;
    let vector = super::vector(&vec![1.0; dimensions]);
    let query = VectorQuery::nearest(vector.clone(), 1);
    let results = [
        ("create", index.create().await.map(drop)),
        ("upsert_many", index.upsert_many(&[entry("x", vector)]).await),
        ("remove_many", index.remove_many(&[id("a")]).await.map(drop)),
        ("search_many", index.search_many(&[query]).await.map(drop)),
        ("count", index.count(&Filter::All).await.map(drop)),
    ];
    for (call, result) in results {
        let kind = result.map_err(|error| error.kind());
        assert_eq!(kind, Err(ErrorKind::Conflict), "{call} of another schema");
    }
}

/// Dropping takes all entries, and nothing of what they had comes back.
pub async fn dropping(subject: &Subject) {
    let index = subject.index("dropping", 4);
    let entries: Vec<_> = (0..500).map(|i| entry(&i.to_string(), at(0.0))).collect();
    upsert(&*index, &entries).await;
    assert!(index.drop_index().await.expect("dropping succeeds"));
    assert!(index.create().await.expect("creating succeeds"), "a dropped index is missing");
    assert!(everything(&*index).await.is_empty(), "entries came back");
    let other = subject.open(&fresh_name("dropping"), 4);
    upsert(&*other, &[entry("a", at(0.0))]).await;
    assert!(index.drop_index().await.expect("dropping succeeds"));
    assert_eq!(everything(&*other).await, ["a"], "another namespace has an index of this name");
}

/// Indexes share neither ids nor entries, also where one name begins as another does.
pub async fn isolation(subject: &Subject) {
    let namespace = fresh_namespace("isolation");
    let names = ["a", "a.b", "a-b", "A"];
    let open = |name: &str| {
        let name = IndexName::new(namespace.clone(), name);
        subject.open(&name.expect("invariant: allowed characters"), 4)
    };
    let indexes = names.map(open);
    for (name, index) in names.iter().zip(&indexes) {
        upsert(&**index, &[entry("same", at(0.0)), entry(name, at(0.0))]).await;
    }
    let mut sorted = indexes.each_ref().map(|index| index.name().clone());
    sorted.sort();
    assert_eq!(subject.store.indexes(&namespace).await.expect("succeeds"), sorted);
    assert_eq!(indexes[1].remove_many(&[id("same")]).await.expect("succeeds"), [true]);
    assert!(indexes[0].drop_index().await.expect("succeeds"));
    let mut left = Vec::new();
    for index in &indexes {
        left.push(everything(&**index).await);
    }
    let expected: [&[&str]; 4] = [&[], &["a.b"], &["a-b", "same"], &["A", "same"]];
    assert_eq!(left, expected);
    assert_eq!(
        subject.store.indexes(&namespace).await.expect("succeeds"),
        [sorted[0].clone(), sorted[2].clone(), sorted[3].clone(),]
    );
}
