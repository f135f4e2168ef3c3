//! Reading entries.

use bytes::Bytes;
use cache_core::{CacheKey, StoredValue};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction};

use crate::clock;

const FIND: &str = "SELECT bodies.value, entries.used_at
    FROM entries CROSS JOIN bodies ON bodies.id = entries.body
    WHERE entries.key = ?1 AND ifnull(entries.expires_at > ?2, 1)";
const IS_LIVE: &str = "SELECT 1 FROM entries WHERE key = ?1 AND ifnull(expires_at > ?2, 1)";

/// What a read found, and the keys (in their stored form) whose use is to be noted.
pub(crate) struct Found<T> {
    pub(crate) results: Vec<T>,
    pub(crate) used: Vec<Vec<u8>>,
}

/// Looks up values at one point in time, and keeps the keys whose use is to be noted.
pub(crate) struct Lookup<'c> {
    statement: CachedStatement<'c>,
    now: i64,
    horizon: i64,
    key: Vec<u8>,
    used: Vec<Vec<u8>>,
}

impl<'c> Lookup<'c> {
    /// Uses recorded before `horizon` are kept, see [`Recency`](crate::recency::Recency).
    pub(crate) fn new(sql: &'c Connection, horizon: i64) -> rusqlite::Result<Self> {
        Ok(Self {
            statement: sql.prepare_cached(FIND)?,
            now: clock::millis(),
            horizon,
            key: Vec::new(),
            used: Vec::new(),
        })
    }

    pub(crate) fn find(&mut self, key: &CacheKey) -> rusqlite::Result<Option<StoredValue>> {
        self.key.clear();
        key.write_to(&mut self.key);
        let found = self
            .statement
            .query_row((&self.key, self.now), |row| {
                Ok((Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?), row.get::<_, i64>(1)?))
            })
            .optional()?;
        Ok(found.map(|(value, used_at)| {
            if used_at < self.horizon {
                self.used.push(self.key.clone());
            }
            StoredValue::new(value)
        }))
    }

    /// Adds the keys whose use is to be noted.
    pub(crate) fn with_used<T>(self, results: Vec<T>) -> Found<T> {
        Found { results, used: self.used }
    }
}

/// Reads values, all of one moment.
pub(crate) fn find_many(
    sql: &Connection,
    keys: &[CacheKey],
    horizon: i64,
) -> rusqlite::Result<Found<Option<StoredValue>>> {
    // One snapshot and one lock for the whole batch. A single key gets both from its statement.
    let snapshot = (keys.len() > 1).then(|| sql.unchecked_transaction()).transpose()?;
    let mut lookup = Lookup::new(sql, horizon)?;
    let values = keys.iter().map(|key| lookup.find(key)).collect::<Result<_, _>>()?;
    let found = lookup.with_used(values);
    snapshot.map_or(Ok(()), Transaction::commit)?;
    Ok(found)
}

/// Says for each key whether it has a value.
pub(crate) fn contains_many(sql: &Connection, keys: &[CacheKey]) -> rusqlite::Result<Vec<bool>> {
    let now = clock::millis();
    let mut statement = sql.prepare_cached(IS_LIVE)?;
    keys.iter().map(|key| statement.exists((key.to_bytes(), now))).collect()
}
