//! What is kept with an element of a vector set, and what a match is made of.
//!
//! A set of bits tells hardly more of an entry than that it is worth a look. So every entry of such an
//! index has its vector once more beside it, of one byte a value, and a search looks at more than it is
//! asked for: the similarity of a match is that of the bytes, as it is in every other index.

use cache_core::vector::{
    GraphOptions, IndexSchema, Precision, Similarity, VectorEntry, VectorMatch, VectorQuery,
};
use redis::Value;

use super::super::{id_of, payload, value};

/// So many candidates of bits are looked at for each match that is asked for. *Measured* on vectors of
/// sentences (`cargo test -p cache-benches --test recall bits`): 10 find 0.971 of the nearest ten in the
/// time that a set of bytes takes; 20 find 0.988, and take half as long again.
const LOOKED_AT: usize = 10;

/// How a set keeps its vectors.
pub(super) fn quantisation(precision: Precision) -> &'static str {
    match precision {
        Precision::Binary => "BIN",
        Precision::Int8 => "Q8",
        // There is nothing between one byte a value and four.
        _ => "NOQUANT",
    }
}

/// How far a similarity may be off.
pub(super) fn similarity_error(precision: Precision) -> f32 {
    match precision {
        Precision::Binary | Precision::Int8 => 0.02,
        _ => 1e-5,
    }
}

/// What is kept beside an entry's element.
pub(super) fn pack(entry: &VectorEntry, schema: &IndexSchema) -> Vec<u8> {
    match schema.precision {
        Precision::Binary => value::pack(entry, schema),
        _ => payload::pack(&entry.attributes, schema),
    }
}

/// How many elements the server is asked for, and how many candidates it looks at.
pub(super) fn looked_at(
    query: &VectorQuery,
    schema: &IndexSchema,
    graph: GraphOptions,
) -> [usize; 2] {
    let (most, effort) = (query.most, usize::from(graph.search_effort));
    match schema.precision {
        Precision::Binary => {
            let candidates = (LOOKED_AT * most).max(effort).min(VectorQuery::MAX_MATCHES);
            [candidates.max(most); 2]
        }
        _ => [most, most.max(effort)],
    }
}

/// Whether the answer to a query is made of what is kept beside the elements.
pub(super) fn is_asked_for(query: &VectorQuery, schema: &IndexSchema) -> bool {
    query.with_attributes || schema.precision == Precision::Binary
}

/// A match, of the element, its score and what is kept beside it.
pub(super) fn matched(
    query: &VectorQuery,
    schema: &IndexSchema,
    row: &[Value],
) -> Option<VectorMatch> {
    let [Value::BulkString(id), Value::BulkString(score), Value::BulkString(stored)] = row else {
        return None;
    };
    let id = id_of(id)?;
    if schema.precision == Precision::Binary {
        let entry = value::unpack(id, stored, schema)?;
        let cosine = entry.vector.cosine_similarity(&query.vector)?;
        let found = VectorMatch::new(entry.id, rounded(cosine));
        return Some(match query.with_attributes {
            true => found.with_attributes(entry.attributes),
            false => found,
        });
    }
    let score: f64 = std::str::from_utf8(score).ok()?.parse().ok()?;
    // The server's own scale is from 0 for opposite directions to 1 for the same.
    let found = VectorMatch::new(id, rounded(2.0 * score - 1.0));
    if !query.with_attributes {
        return Some(found);
    }
    Some(found.with_attributes(payload::unpack(stored, schema)?))
}

#[allow(clippy::cast_possible_truncation, reason = "similarities are rounded to f32")]
fn rounded(cosine: f64) -> Similarity {
    Similarity::rounded(cosine as f32)
}
