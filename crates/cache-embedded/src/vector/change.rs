//! Changing entries of indexes: always within a write transaction.

use std::collections::BTreeMap;

use cache_core::vector::{VectorEntry, VectorId};
use rusqlite::{Connection, OptionalExtension};

use super::Decided;
use super::row::Packed;
use super::table::{Expected, Index, total_bytes};
use crate::worker::Shared;
use crate::{bound, clock};

/// So many removals of an index are known one by one. A process that has missed more reads the index
/// anew.
const REMEMBERED: i64 = 10_000;
const SWEPT_AT_ONCE: usize = 200;

const LAST_CHANGE: &str = "SELECT max(
        ifnull((SELECT max(change) FROM vectors), 0),
        ifnull((SELECT max(changes) FROM vector_indexes), 0)
    )";
const FIND: &str = "SELECT change, index_id, id, size, expires_at FROM vectors
    WHERE index_id = ?1 AND id = ?2";
const EXPIRED: &str = "SELECT change, index_id, id, size, expires_at FROM vectors
    WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2";
const OLDEST: &str = "SELECT change, index_id, id, size, expires_at FROM vectors
    ORDER BY change LIMIT 1";
const INSERT: &str = "INSERT INTO
    vectors(change, index_id, id, size, expires_at, checksum, attributes, vector)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const DELETE: &str = "DELETE FROM vectors WHERE change = ?1";
const REMEMBER: &str = "INSERT INTO removed_vectors(index_id, change, id) VALUES (?1, ?2, ?3)";
const SAVE: &str = "UPDATE vector_indexes SET bytes = bytes + ?2, removals = removals + ?3,
    changes = max(changes, ?4) WHERE id = ?1 RETURNING removals";
const NEWEST_FORGOTTEN: &str = "SELECT change FROM removed_vectors WHERE index_id = ?1
    ORDER BY change DESC LIMIT 1 OFFSET ?2";
const FORGET: &str = "DELETE FROM removed_vectors WHERE index_id = ?1 AND change <= ?2";
const SAVE_FORGOTTEN: &str =
    "UPDATE vector_indexes SET forgotten = ?2, removals = removals - ?3 WHERE id = ?1";
const DROPPED: &str = "SELECT id FROM vector_indexes WHERE name IS NULL LIMIT 1";
const FREE: &str = "DELETE FROM vectors WHERE change IN
    (SELECT change FROM vectors INDEXED BY vectors_by_change WHERE index_id = ?1 LIMIT ?2)
    RETURNING size";

/// Writes entries, makes the index where it is missing, and keeps to the bound.
pub(super) fn upsert(
    sql: &Connection,
    expected: &Expected,
    entries: &[VectorEntry],
    shared: &Shared,
) -> Decided<()> {
    let index = match Index::provide(sql, expected)? {
        Ok((index, _)) => index,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = clock::millis();
    free_dropped(sql, SWEPT_AT_ONCE)?;
    let mut changing = Changing::new(sql)?;
    changing.sweep(now)?;
    entries.iter().try_for_each(|entry| changing.put(index, &Packed::new(entry, now)))?;
    changing.finish()?;
    bound::enforce(sql, shared, usize::MAX)?;
    Ok(Ok(()))
}

/// Removes entries; says for each whether it was there and alive.
pub(super) fn remove(
    sql: &Connection,
    expected: &Expected,
    ids: &[VectorId],
) -> Decided<Vec<bool>> {
    let index = match Index::find_expected(sql, expected)? {
        Ok(Some(index)) => index.id,
        Ok(None) => return Ok(Ok(vec![false; ids.len()])),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = clock::millis();
    let mut changing = Changing::new(sql)?;
    let removed = ids.iter().map(|id| changing.remove(index, id, now));
    let removed = removed.collect::<rusqlite::Result<_>>()?;
    changing.finish()?;
    Ok(Ok(removed))
}

/// Removes entries while all together count more than `max_bytes`, but at `most` so many: first what
/// is left of dropped indexes, then what has expired, then what was written first. Gives the number
/// of those that are gone.
pub(crate) fn evict(sql: &Connection, max_bytes: i64, most: usize) -> rusqlite::Result<usize> {
    let mut evicted = 0;
    let mut total = total_bytes(sql)?;
    while total > max_bytes && evicted < most {
        match free_dropped(sql, SWEPT_AT_ONCE.min(most - evicted))? {
            0 => break,
            freed => evicted += freed,
        }
        total = total_bytes(sql)?;
    }
    let mut changing = Changing::new(sql)?;
    if total > max_bytes {
        total -= changing.sweep(clock::millis())?;
    }
    while total > max_bytes && evicted < most {
        let Some(victim) = changing.entries(OLDEST, ())?.pop() else { break };
        changing.erase(&victim)?;
        total -= victim.size;
        evicted += 1;
    }
    changing.finish()?;
    Ok(evicted)
}

/// Frees up to `most` entries of an index that was dropped. Gives what was done: nothing at 0.
pub(super) fn free_dropped(sql: &Connection, most: usize) -> rusqlite::Result<usize> {
    let dropped: Option<i64> =
        sql.prepare_cached(DROPPED)?.query_row((), |row| row.get(0)).optional()?;
    let Some(index) = dropped else { return Ok(0) };
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut statement = sql.prepare_cached(FREE)?;
    let sizes = statement.query_map((index, limit), |row| row.get::<_, i64>(0))?;
    let sizes = sizes.collect::<rusqlite::Result<Vec<_>>>()?;
    if sizes.len() < most {
        sql.execute("DELETE FROM removed_vectors WHERE index_id = ?1", (index,))?;
        sql.execute("DELETE FROM vector_indexes WHERE id = ?1", (index,))?;
        return Ok(sizes.len() + 1);
    }
    sql.execute(
        "UPDATE vector_indexes SET bytes = bytes - ?2 WHERE id = ?1",
        (index, sizes.iter().sum::<i64>()),
    )?;
    Ok(sizes.len())
}

/// An entry without what it holds.
struct Entry {
    change: i64,
    index: i64,
    id: Vec<u8>,
    size: i64,
    expires_at: Option<i64>,
}

/// What the changes of a transaction come to for an index.
#[derive(Default)]
struct Sum {
    bytes: i64,
    removals: i64,
    last_change: i64,
}

/// Changes within one write transaction. Call [`finish`](Self::finish) before the commit.
struct Changing<'c> {
    sql: &'c Connection,
    last_change: i64,
    sums: BTreeMap<i64, Sum>,
}

impl<'c> Changing<'c> {
    fn new(sql: &'c Connection) -> rusqlite::Result<Self> {
        let last_change = sql.prepare_cached(LAST_CHANGE)?.query_row((), |row| row.get(0))?;
        Ok(Self { sql, last_change, sums: BTreeMap::new() })
    }

    fn put(&mut self, index: i64, entry: &Packed<'_>) -> rusqlite::Result<()> {
        let old = self.entries(FIND, (index, entry.id))?.pop();
        if let Some(old) = &old {
            self.sql.prepare_cached(DELETE)?.execute((old.change,))?;
        }
        let change = self.next_change(index);
        let Packed { id, size, expires_at, checksum, attributes, vector } = entry;
        let row = (change, index, id, size, expires_at, checksum, attributes, vector);
        self.sql.prepare_cached(INSERT)?.execute(row)?;
        self.sum(index).bytes += size - old.map_or(0, |old| old.size);
        Ok(())
    }

    /// Removes an entry; true if it was there and had not expired.
    fn remove(&mut self, index: i64, id: &VectorId, now: i64) -> rusqlite::Result<bool> {
        let Some(entry) = self.entries(FIND, (index, id.as_str()))?.pop() else { return Ok(false) };
        self.erase(&entry)?;
        Ok(entry.expires_at.is_none_or(|end| end > now))
    }

    /// Removes some of what has expired, the longest expired first. Gives the bytes that it counted.
    fn sweep(&mut self, now: i64) -> rusqlite::Result<i64> {
        let limit = i64::try_from(SWEPT_AT_ONCE).unwrap_or(i64::MAX);
        let expired = self.entries(EXPIRED, (now, limit))?;
        expired.iter().try_for_each(|entry| self.erase(entry))?;
        Ok(expired.iter().map(|entry| entry.size).sum())
    }

    /// Removes an entry and leaves word of it. Others may know an older one of its id, which had no end:
    /// they must be told of the expired as well.
    fn erase(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        self.sql.prepare_cached(DELETE)?.execute((entry.change,))?;
        let change = self.next_change(entry.index);
        let id = String::from_utf8_lossy(&entry.id);
        self.sql.prepare_cached(REMEMBER)?.execute((entry.index, change, id))?;
        let sum = self.sum(entry.index);
        sum.bytes -= entry.size;
        sum.removals += 1;
        Ok(())
    }

    /// Writes what the changes come to.
    fn finish(self) -> rusqlite::Result<()> {
        for (index, sum) in &self.sums {
            let removals: i64 = self
                .sql
                .prepare_cached(SAVE)?
                .query_row((index, sum.bytes, sum.removals, sum.last_change), |row| row.get(0))?;
            if removals > REMEMBERED {
                forget(self.sql, *index)?;
            }
        }
        Ok(())
    }

    /// Rows of a statement that selects `change, index_id, id, size, expires_at`.
    fn entries(
        &self,
        statement: &str,
        parameters: impl rusqlite::Params,
    ) -> rusqlite::Result<Vec<Entry>> {
        let mut statement = self.sql.prepare_cached(statement)?;
        let entries = statement.query_map(parameters, |row| {
            Ok(Entry {
                change: row.get(0)?,
                index: row.get(1)?,
                id: row.get_ref(2)?.as_bytes()?.to_vec(),
                size: row.get(3)?,
                expires_at: row.get(4)?,
            })
        })?;
        entries.collect()
    }

    fn next_change(&mut self, index: i64) -> i64 {
        self.last_change += 1;
        let change = self.last_change;
        self.sum(index).last_change = change;
        change
    }

    fn sum(&mut self, index: i64) -> &mut Sum {
        self.sums.entry(index).or_default()
    }
}

/// Forgets the older half of the removals of an index.
fn forget(sql: &Connection, index: i64) -> rusqlite::Result<()> {
    let newest: i64 = sql
        .prepare_cached(NEWEST_FORGOTTEN)?
        .query_row((index, REMEMBERED / 2), |row| row.get(0))?;
    let forgotten = sql.prepare_cached(FORGET)?.execute((index, newest))?;
    let forgotten = i64::try_from(forgotten).unwrap_or(i64::MAX);
    sql.prepare_cached(SAVE_FORGOTTEN)?.execute((index, newest, forgotten))?;
    Ok(())
}
