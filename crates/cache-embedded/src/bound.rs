//! One bound for entries and vectors, and who goes when it is reached.

use rusqlite::Connection;

use crate::vector;
use crate::worker::Shared;
use crate::writing::{self, Writing};

/// Bytes that entries and vectors count, of all namespaces.
pub(crate) fn total_bytes(sql: &Connection) -> rusqlite::Result<i64> {
    Ok(writing::total_bytes(sql)?.saturating_add(vector::total_bytes(sql)?))
}

/// The most that a single entry or vector may count: what each kind is sure of.
pub(crate) fn most_bytes_of_one(max_bytes: u64) -> u64 {
    max_bytes / 2
}

/// Evicts while all together count more than the bound, but at `most` so many. Gives the number of
/// those that are gone. `sql` must be in a write transaction.
///
/// Vectors that take more than half go first, those written first before others; then the entries
/// that were used least recently. So a flood of one kind leaves the other its half.
pub(crate) fn enforce(sql: &Connection, shared: &Shared, most: usize) -> rusqlite::Result<usize> {
    let max = shared.max_bytes();
    if total_bytes(sql)? <= max {
        return Ok(0);
    }
    let room = max.saturating_sub(writing::total_bytes(sql)?).max(max / 2);
    let vectors = vector::evict(sql, room, most)?;
    let mut writing = Writing::new(sql)?;
    // Before anything is evicted, what is known of uses must be in the file.
    writing.record_uses(&shared.recency.take())?;
    let entries = writing.evict(max.saturating_sub(vector::total_bytes(sql)?), most - vectors)?;
    writing.finish()?;
    Ok(vectors + entries)
}
