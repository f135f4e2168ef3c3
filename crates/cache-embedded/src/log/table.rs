//! The rows of logs: finding, making, writing back, listing, removing.

use std::time::Duration;

use bytes::Bytes;
use cache_core::{LogGroup, LogHead, LogUsage, Namespace, Ttl};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::clock;

const COLUMNS: &str = "id, len, weight, bytes, last_seq, version, created_at, appended_at,
    expires_at, attributes";
const LIVE: &str = "ifnull(expires_at > ?2, 1)";

/// Logs that expired and are still in the file are freed a little at a time.
const RECORDS_SWEPT_AT_ONCE: i64 = 500;

/// A log as its row says. Times are in milliseconds, that of the last append in microseconds,
/// since 1970.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) id: i64,
    pub(super) len: i64,
    pub(super) weight: i64,
    pub(super) bytes: i64,
    pub(super) last_seq: i64,
    pub(super) version: i64,
    created_at: i64,
    pub(super) appended_at: i64,
    pub(super) expires_at: Option<i64>,
    pub(super) attributes: Bytes,
}

/// A log to be made.
pub(super) struct New<'n> {
    pub(super) name: &'n str,
    pub(super) owner: &'n str,
    pub(super) attributes: &'n [u8],
    pub(super) ttl: Ttl,
}

impl Log {
    /// The log of this name, if it is there and alive.
    pub(super) fn find(sql: &Connection, name: &str) -> rusqlite::Result<Option<Self>> {
        let statement = format!("SELECT {COLUMNS} FROM logs WHERE name = ?1 AND {LIVE}");
        let mut statement = sql.prepare_cached(&statement)?;
        statement.query_row((name, clock::millis()), Self::from_row).optional()
    }

    /// Makes an empty log, in the place of an expired one of the same name.
    pub(super) fn make(sql: &Connection, new: &New<'_>) -> rusqlite::Result<Self> {
        sql.prepare_cached("UPDATE logs SET name = NULL, owner = '' WHERE name = ?1")?
            .execute((new.name,))?;
        let now = clock::millis();
        let expires_at = clock::expiry(now, new.ttl);
        let appended_at = next_moment(sql, new.owner)?;
        // A log is made by its first append: at one moment, not at two readings of the clock.
        let created_at = appended_at / 1_000;
        let id = sql
            .prepare_cached(
                "INSERT INTO logs(name, owner, len, weight, bytes, last_seq, version, created_at,
                    appended_at, expires_at, attributes)
                 VALUES (?1, ?2, 0, 0, 0, 0, 1, ?3, ?4, ?5, ?6)",
            )?
            .insert((new.name, new.owner, created_at, appended_at, expires_at, new.attributes))?;
        Ok(Self {
            id,
            len: 0,
            weight: 0,
            bytes: 0,
            last_seq: 0,
            version: 1,
            created_at,
            appended_at,
            expires_at,
            attributes: Bytes::copy_from_slice(new.attributes),
        })
    }

    /// Writes the row of a log that was changed.
    pub(super) fn save(&self, sql: &Connection) -> rusqlite::Result<()> {
        let Self { id, len, weight, bytes, last_seq, version, .. } = self;
        sql.prepare_cached(
            "UPDATE logs SET len = ?2, weight = ?3, bytes = ?4, last_seq = ?5, version = ?6,
                appended_at = ?7, expires_at = ?8, attributes = ?9 WHERE id = ?1",
        )?
        .execute((
            id,
            len,
            weight,
            bytes,
            last_seq,
            version,
            self.appended_at,
            self.expires_at,
            &self.attributes[..],
        ))?;
        Ok(())
    }

    pub(super) fn into_head(self) -> LogHead {
        let left = self.expires_at.map(|at| at.saturating_sub(clock::millis()).max(0));
        LogHead {
            len: self.len.unsigned_abs(),
            weight: self.weight.unsigned_abs(),
            bytes: self.bytes.unsigned_abs(),
            last_seq: self.last_seq.unsigned_abs(),
            version: self.version.unsigned_abs(),
            created: Duration::from_millis(self.created_at.unsigned_abs()),
            appended: Duration::from_millis(self.appended_at.unsigned_abs() / 1_000),
            expires_in: left.map(|millis| Duration::from_millis(millis.unsigned_abs())),
            attributes: self.attributes,
        }
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            len: row.get(1)?,
            weight: row.get(2)?,
            bytes: row.get(3)?,
            last_seq: row.get(4)?,
            version: row.get(5)?,
            created_at: row.get(6)?,
            appended_at: row.get(7)?,
            expires_at: row.get(8)?,
            attributes: Bytes::copy_from_slice(row.get_ref(9)?.as_blob()?),
        })
    }
}

/// Now, in microseconds, but later than every append of this owner's before: the order of recency
/// never goes backwards, even when the clock does.
pub(super) fn next_moment(sql: &Connection, owner: &str) -> rusqlite::Result<i64> {
    let latest: Option<i64> = sql
        .prepare_cached("SELECT max(appended_at) FROM logs WHERE owner = ?1")?
        .query_row((owner,), |row| row.get(0))?;
    Ok(clock::micros().max(latest.map_or(0, |latest| latest.saturating_add(1))))
}

pub(super) fn list(
    sql: &Connection,
    owner: &str,
    skip: usize,
    most: usize,
) -> rusqlite::Result<Vec<LogHead>> {
    let statement = format!(
        "SELECT {COLUMNS} FROM logs WHERE owner = ?1 AND {LIVE}
         ORDER BY appended_at DESC LIMIT ?3 OFFSET ?4"
    );
    let mut statement = sql.prepare_cached(&statement)?;
    let page = (owner, clock::millis(), number(most), number(skip));
    statement.query_map(page, |row| Ok(Log::from_row(row)?.into_head()))?.collect()
}

pub(super) fn count(sql: &Connection, owner: &str) -> rusqlite::Result<u64> {
    let statement = format!("SELECT count(*) FROM logs WHERE owner = ?1 AND {LIVE}");
    let mut statement = sql.prepare_cached(&statement)?;
    let count: i64 = statement.query_row((owner, clock::millis()), |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// What all logs of a namespace come to.
pub(super) fn usage(sql: &Connection, namespace: &Namespace) -> rusqlite::Result<LogUsage> {
    // Owners of the namespace start with it and the tilde, which no namespace holds.
    let start = LogGroup::prefix_of(namespace);
    let mut end = start.clone();
    end.push(char::MAX);
    let mut statement = sql.prepare_cached(
        "SELECT count(*), sum(len), sum(weight), sum(bytes) FROM logs
         WHERE owner >= ?1 AND ifnull(expires_at > ?2, 1) AND owner < ?3 GROUP BY owner",
    )?;
    let mut usage = LogUsage::default();
    let mut rows = statement.query((start, clock::millis(), end))?;
    while let Some(row) = rows.next()? {
        let sum = |column| row.get(column).map(i64::unsigned_abs);
        usage.add_group();
        usage.add_logs(sum(0)?, sum(1)?, sum(2)?, sum(3)?);
    }
    Ok(usage)
}

/// Removes a log with all that belongs to it; says whether it was alive.
pub(super) fn remove(sql: &Connection, name: &str) -> rusqlite::Result<bool> {
    let log = Log::find(sql, name)?;
    if let Some(log) = &log {
        erase(sql, log.id)?;
    }
    Ok(log.is_some())
}

/// Removes all logs of an owner; says how many were alive.
pub(super) fn remove_all(sql: &Connection, owner: &str) -> rusqlite::Result<u64> {
    let alive = count(sql, owner)?;
    let mut statement = sql.prepare_cached("SELECT id FROM logs WHERE owner = ?1")?;
    let logs: Vec<i64> =
        statement.query_map((owner,), |row| row.get(0))?.collect::<Result<_, _>>()?;
    logs.into_iter().try_for_each(|log| erase(sql, log))?;
    Ok(alive)
}

/// Frees a bounded part of the log that expired first.
pub(super) fn sweep(sql: &Connection) -> rusqlite::Result<()> {
    let expired = "SELECT id FROM logs WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 1";
    let expired: Option<i64> =
        sql.prepare_cached(expired)?.query_row((clock::millis(),), |row| row.get(0)).optional()?;
    let Some(log) = expired else { return Ok(()) };
    let removed = sql
        .prepare_cached(
            "DELETE FROM records WHERE log = ?1 AND seq IN
                (SELECT seq FROM records WHERE log = ?1 LIMIT ?2)",
        )?
        .execute((log, RECORDS_SWEPT_AT_ONCE))?;
    if number(removed) < RECORDS_SWEPT_AT_ONCE { erase(sql, log) } else { Ok(()) }
}

/// A number as SQLite counts.
pub(super) fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn erase(sql: &Connection, log: i64) -> rusqlite::Result<()> {
    sql.prepare_cached("DELETE FROM records WHERE log = ?1")?.execute((log,))?;
    sql.prepare_cached("DELETE FROM lost_records WHERE log = ?1")?.execute((log,))?;
    sql.prepare_cached("DELETE FROM logs WHERE id = ?1")?.execute((log,))?;
    Ok(())
}
