//! All entries of a namespace: clearing and counting them.

use cache_core::{ClearProgress, Namespace, Usage};
use rusqlite::Connection;

use crate::clock;
use crate::writing::Writing;

const ROWS: &str = "SELECT key, body, size, expires_at FROM entries
    WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT ?3";
const COUNT: &str = "SELECT count(*), ifnull(sum(size), 0) FROM entries
    WHERE key > ?1 AND key < ?2 AND ifnull(expires_at > ?3, 1)";

/// The keys of a namespace lie between its name with a colon and its name with the character
/// after the colon: no namespace holds either.
struct Bounds {
    start: Vec<u8>,
    end: Vec<u8>,
}

impl Bounds {
    fn of(namespace: &Namespace) -> Self {
        let mut end = namespace.as_str().as_bytes().to_vec();
        end.push(b':' + 1);
        Self { start: namespace.prefix().into_bytes(), end }
    }
}

/// Removes up to `step` entries and, with the last of them, leases and counters.
pub(crate) fn clear(
    sql: &Connection,
    namespace: &Namespace,
    progress: ClearProgress,
    step: usize,
) -> rusqlite::Result<ClearProgress> {
    let bounds = Bounds::of(namespace);
    let from = progress.cursor().map_or(bounds.start.as_slice(), str::as_bytes);
    let limit = i64::try_from(step).unwrap_or(i64::MAX);

    let mut writing = Writing::new(sql)?;
    let rows = writing.rows(ROWS, (from, &bounds.end, limit))?;
    rows.iter().try_for_each(|row| writing.delete(row))?;
    let removed = rows.iter().filter(|row| row.is_live(writing.now())).count() as u64;
    writing.finish()?;

    // The cursor is a place in the order of keys, so that those who keep writing cannot keep the
    // clearing from coming to its end.
    let cursor = rows.last().filter(|_| rows.len() >= step);
    let cursor = cursor.map(|row| String::from_utf8_lossy(&row.key).into_owned());
    if cursor.is_none() {
        sql.prepare_cached("DELETE FROM leases WHERE key > ?1 AND key < ?2")?
            .execute((&bounds.start, &bounds.end))?;
        sql.prepare_cached("DELETE FROM counters WHERE namespace = ?1")?
            .execute((namespace.as_str(),))?;
    }
    shrink_file(sql, step)?;
    Ok(progress.advance(removed, cursor))
}

/// Gives unused pages back to the disk, some for every entry that was to be removed. Evicting does
/// not: its pages are soon written again.
pub(crate) fn shrink_file(sql: &Connection, entries: usize) -> rusqlite::Result<()> {
    let pages = entries.saturating_mul(2).min(100_000);
    // Every step of the statement frees one page.
    let mut statement = sql.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut freed = statement.query(())?;
    while freed.next()?.is_some() {}
    Ok(())
}

/// Counts the live entries.
pub(crate) fn usage(sql: &Connection, namespace: &Namespace) -> rusqlite::Result<Usage> {
    let bounds = Bounds::of(namespace);
    let (entries, bytes): (i64, i64) = sql
        .prepare_cached(COUNT)?
        .query_row((&bounds.start, &bounds.end, clock::millis()), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(Usage::new(entries.unsigned_abs(), bytes.unsigned_abs()))
}
