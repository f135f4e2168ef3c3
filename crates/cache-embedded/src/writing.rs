//! Changing entries: always within a write transaction, and never without the count of bytes.

use rusqlite::{Connection, OptionalExtension};

use crate::clock;

/// What an entry takes in the file beyond its value and its key, which is there three times: in
/// its row and in two indexes. Measured.
const OVERHEAD: u64 = 100;
const COPIES_OF_KEY: u64 = 3;
const SWEPT_AT_ONCE: i64 = 200;

const FIND: &str = "SELECT body, size, expires_at FROM entries WHERE key = ?1";
const INSERT_BODY: &str = "INSERT INTO bodies(value) VALUES (?1)";
const UPDATE_BODY: &str = "UPDATE bodies SET value = ?2 WHERE id = ?1";
const DELETE_BODY: &str = "DELETE FROM bodies WHERE id = ?1";
const INSERT: &str =
    "INSERT INTO entries(key, body, size, expires_at, used_at) VALUES (?1, ?2, ?3, ?4, ?5)";
const UPDATE: &str = "UPDATE entries SET size = ?2, expires_at = ?3, used_at = ?4 WHERE key = ?1";
const DELETE: &str = "DELETE FROM entries WHERE key = ?1";
const SET_EXPIRY: &str = "UPDATE entries SET expires_at = ?2 WHERE key = ?1";
const SET_USED: &str = "UPDATE entries SET used_at = ?2 WHERE key = ?1";
const NEWEST: &str = "SELECT max(used_at) FROM entries";
const OLDEST: &str = "SELECT min(used_at) FROM entries";
const EXPIRED: &str = "SELECT key, body, size, expires_at FROM entries
    WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2";
const LEAST_USED: &str = "SELECT key, body, size, expires_at FROM entries ORDER BY used_at LIMIT 1";
const BYTES: &str = "SELECT bytes FROM space";
const ADD_BYTES: &str = "UPDATE space SET bytes = bytes + ?1";

/// What an entry with a key and a value of these lengths counts against the bound.
pub(crate) fn size_of(key: usize, value: usize) -> u64 {
    COPIES_OF_KEY * (key as u64) + (value as u64) + OVERHEAD
}

/// Bytes that all entries count, of all namespaces.
pub(crate) fn total_bytes(sql: &Connection) -> rusqlite::Result<i64> {
    sql.prepare_cached(BYTES)?.query_row((), |row| row.get(0))
}

/// When the least recently used entry was used, in microseconds since 1970; now, if there is none.
pub(crate) fn oldest_use(sql: &Connection) -> rusqlite::Result<i64> {
    let oldest: Option<i64> = sql.prepare_cached(OLDEST)?.query_row((), |row| row.get(0))?;
    Ok(oldest.unwrap_or_else(clock::micros))
}

/// An entry without its value.
pub(crate) struct Row {
    pub(crate) key: Vec<u8>,
    body: i64,
    size: i64,
    expires_at: Option<i64>,
}

impl Row {
    pub(crate) fn is_live(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// Changes to entries within one write transaction. Call [`finish`](Self::finish) before the
/// commit.
pub(crate) struct Writing<'c> {
    sql: &'c Connection,
    now: i64,
    last_use: i64,
    total: i64,
    grown: i64,
}

impl<'c> Writing<'c> {
    /// `sql` must be in a write transaction.
    pub(crate) fn new(sql: &'c Connection) -> rusqlite::Result<Self> {
        let newest: Option<i64> = sql.prepare_cached(NEWEST)?.query_row((), |row| row.get(0))?;
        // The order of use never goes backwards, even when the clock does.
        let last_use = clock::micros().max(newest.unwrap_or(0));
        Ok(Self { sql, now: clock::millis(), last_use, total: total_bytes(sql)?, grown: 0 })
    }

    /// The moment of the transaction, in milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    pub(crate) fn put(
        &mut self,
        key: &[u8],
        value: &[u8],
        expires_at: Option<i64>,
    ) -> rusqlite::Result<()> {
        let size = i64::try_from(size_of(key.len(), value.len())).unwrap_or(i64::MAX);
        let used_at = self.next_use();
        if let Some(old) = self.find(key)? {
            self.sql.prepare_cached(UPDATE_BODY)?.execute((old.body, value))?;
            self.sql.prepare_cached(UPDATE)?.execute((key, size, expires_at, used_at))?;
            self.grown += size - old.size;
        } else {
            let body = self.sql.prepare_cached(INSERT_BODY)?.insert((value,))?;
            self.sql.prepare_cached(INSERT)?.execute((key, body, size, expires_at, used_at))?;
            self.grown += size;
        }
        Ok(())
    }

    /// Removes an entry; true if it was there and had not expired.
    pub(crate) fn remove(&mut self, key: &[u8]) -> rusqlite::Result<bool> {
        let Some(row) = self.find(key)? else {
            return Ok(false);
        };
        self.delete(&row)?;
        Ok(row.is_live(self.now))
    }

    /// Gives an entry another end; true if it was there and had not expired.
    pub(crate) fn touch(&mut self, key: &[u8], expires_at: Option<i64>) -> rusqlite::Result<bool> {
        let live = self.find(key)?.is_some_and(|row| row.is_live(self.now));
        if live {
            self.sql.prepare_cached(SET_EXPIRY)?.execute((key, expires_at))?;
        }
        Ok(live)
    }

    /// Writes down that these entries were used, in this order. Those that are gone stay so.
    pub(crate) fn record_uses(&mut self, keys: &[Vec<u8>]) -> rusqlite::Result<()> {
        let mut statement = self.sql.prepare_cached(SET_USED)?;
        for key in keys {
            statement.execute((key, self.next_use()))?;
        }
        Ok(())
    }

    /// Deletes a row that was read in this transaction.
    pub(crate) fn delete(&mut self, row: &Row) -> rusqlite::Result<()> {
        self.sql.prepare_cached(DELETE)?.execute((&row.key,))?;
        self.sql.prepare_cached(DELETE_BODY)?.execute((row.body,))?;
        self.grown -= row.size;
        Ok(())
    }

    /// Deletes some of what has expired, the longest expired first.
    pub(crate) fn sweep(&mut self) -> rusqlite::Result<()> {
        let expired = self.rows(EXPIRED, (self.now, SWEPT_AT_ONCE))?;
        expired.iter().try_for_each(|row| self.delete(row))
    }

    /// Whether the entries count more than this.
    fn is_over(&self, max_bytes: i64) -> bool {
        self.total.saturating_add(self.grown) > max_bytes
    }

    /// Evicts entries, the least recently used first, while they count more than `max_bytes`, but
    /// at `most` so many. Gives the number of those that are gone.
    ///
    /// What is evicted was once put: without a limit, a put still evicts on average no more than an
    /// entry per entry.
    pub(crate) fn evict(&mut self, max_bytes: i64, most: usize) -> rusqlite::Result<usize> {
        let mut evicted = 0;
        while self.is_over(max_bytes) && evicted < most {
            let Some(victim) = self.rows(LEAST_USED, ())?.pop() else {
                break;
            };
            self.delete(&victim)?;
            evicted += 1;
        }
        Ok(evicted)
    }

    /// Rows of a statement that selects `key, body, size, expires_at`.
    pub(crate) fn rows(
        &self,
        statement: &str,
        parameters: impl rusqlite::Params,
    ) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.sql.prepare_cached(statement)?;
        let rows = statement.query_map(parameters, |row| {
            Ok(Row {
                key: row.get(0)?,
                body: row.get(1)?,
                size: row.get(2)?,
                expires_at: row.get(3)?,
            })
        })?;
        rows.collect()
    }

    /// Writes the new count of bytes.
    pub(crate) fn finish(self) -> rusqlite::Result<()> {
        if self.grown != 0 {
            self.sql.prepare_cached(ADD_BYTES)?.execute((self.grown,))?;
        }
        Ok(())
    }

    fn find(&self, key: &[u8]) -> rusqlite::Result<Option<Row>> {
        self.sql
            .prepare_cached(FIND)?
            .query_row((key,), |row| {
                Ok(Row {
                    key: key.to_vec(),
                    body: row.get(0)?,
                    size: row.get(1)?,
                    expires_at: row.get(2)?,
                })
            })
            .optional()
    }

    fn next_use(&mut self) -> i64 {
        self.last_use += 1;
        self.last_use
    }
}
