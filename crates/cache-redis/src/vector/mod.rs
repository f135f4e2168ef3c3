//! Vector search, by what the server has.

mod layout;
mod names;
mod options;
mod payload;
mod plain;
mod script;
mod search;
mod sets;
mod store;
mod terms;
mod value;

use std::collections::HashSet;

use cache_core::vector::{IndexName, VectorEntry, VectorId, VectorRefusal};
use cache_core::{CacheError, ErrorKind};
use redis::{ServerError, Value};

pub use options::{VectorEngine, VectorOptions};
pub use plain::LocalIndex;
pub use store::RedisVectors;

use crate::link::Link;
use crate::{error, reply};

/// A vector as servers take it: little-endian floats of a vector of length 1.
#[allow(clippy::cast_possible_truncation, reason = "servers take vectors as f32")]
fn blob(vector: &[f32]) -> Vec<u8> {
    unit(vector).flat_map(|value| (value as f32).to_le_bytes()).collect()
}

/// A vector brought to length 1, as servers square it in single precision or less.
fn unit(vector: &[f32]) -> impl Iterator<Item = f64> {
    let norm = vector.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    vector.iter().map(move |&value| f64::from(value) / norm)
}

/// An id as stored; nothing if it is none of ours.
fn id_of(stored: &[u8]) -> Option<VectorId> {
    VectorId::new(std::str::from_utf8(stored).ok()?).ok()
}

/// Of entries with the same id the last one.
fn last_of_each(entries: &[VectorEntry]) -> impl Iterator<Item = &VectorEntry> {
    let mut seen = HashSet::new();
    let mut last: Vec<_> = entries.iter().rev().filter(|entry| seen.insert(&entry.id)).collect();
    last.reverse();
    last.into_iter()
}

/// Runs of things that come with their sizes, within these limits; one that is over them is alone.
fn chunks<T>(sized: impl Iterator<Item = (usize, T)>, most: usize, bytes: usize) -> Vec<Vec<T>> {
    let mut chunks: Vec<Vec<T>> = Vec::new();
    let mut left = 0;
    for (size, item) in sized {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < most && size <= left => {
                left -= size;
                chunk.push(item);
            }
            _ => {
                left = bytes.saturating_sub(size);
                chunks.push(vec![item]);
            }
        }
    }
    chunks
}

/// So many flags.
fn flags(link: &Link, replies: Vec<Value>, count: usize) -> Result<Vec<bool>, CacheError> {
    if replies.len() != count {
        return Err(error::unexpected(link.location(), "EVAL"));
    }
    let flag = |reply| Ok(reply::number(link, reply, "EVAL")? > 0);
    replies.into_iter().map(flag).collect()
}

fn conflict(name: &IndexName) -> CacheError {
    VectorRefusal::OtherSchema(name.clone()).into()
}

fn vanished(name: &IndexName) -> CacheError {
    let message = format!("the index {name} was dropped while it was written to");
    CacheError::new(ErrorKind::Unavailable, message)
}

fn unreadable(name: &IndexName) -> CacheError {
    let message = format!(
        "what is stored as the schema of the index {name} is none that is known here: another \
         program, or a newer version, uses this name"
    );
    CacheError::new(ErrorKind::WrongType, message)
}

/// What a server answered to a command of vector search.
fn refused(link: &Link, error: &ServerError) -> CacheError {
    let detail = error.details().unwrap_or_default().to_ascii_lowercase();
    if detail.starts_with("unknown command") || detail.starts_with("unknown redis command") {
        let message = format!(
            "{} has not the vector search that it is asked for: it takes a search module \
             (RediSearch, or Redis 8), or the vector sets of Redis 8",
            link.location()
        );
        return CacheError::new(ErrorKind::Unsupported, message);
    }
    error::of_reply(error, link.location())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_within_their_limits() {
        let sizes = [3, 3, 3, 20, 1, 1, 1, 1];
        let chunks = chunks(sizes.into_iter().map(|size| (size, size)), 3, 8);
        assert_eq!(chunks, [vec![3, 3], vec![3], vec![20], vec![1, 1, 1], vec![1]]);
    }

    #[test]
    fn vectors_of_any_length_are_of_length_one() {
        for scale in [1e-37, 1.0, 1e37] {
            let bytes = blob(&[3.0 * scale, 4.0 * scale]);
            let value = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            assert!((value(0) - 0.6).abs() < 1e-6 && (value(4) - 0.8).abs() < 1e-6, "{scale}");
        }
    }
}
