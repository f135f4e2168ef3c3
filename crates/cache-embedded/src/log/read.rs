//! Reading records.

use bytes::Bytes;
use cache_core::{LogPage, LogRead, LogRefusal, NewRecord, Record};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::Decided;
use super::table::{Log, number};

const COLUMNS: &str = "seq, weight, pinned, id, payload";
/// SQLite would go through the whole log: its key is as good an order.
const PINNED: &str = "INDEXED BY records_pinned WHERE log = ?1 AND pinned = 1 ORDER BY seq";

/// Head and records of one moment.
pub(super) fn page(sql: &Connection, name: &str, what: &LogRead) -> Decided<Option<LogPage>> {
    let snapshot = sql.unchecked_transaction()?;
    let Some(log) = Log::find(&snapshot, name)? else { return Ok(Ok(None)) };
    let Some(records) = records(&snapshot, log.id, what)? else {
        return Ok(Err(LogRefusal::UnknownRead));
    };
    snapshot.commit()?;
    Ok(Ok(Some(LogPage { head: log.into_head(), records })))
}

/// The number of the record of this id.
pub(super) fn seq_of(sql: &Connection, log: i64, id: &str) -> rusqlite::Result<Option<i64>> {
    sql.prepare_cached("SELECT seq FROM records WHERE log = ?1 AND id = ?2")?
        .query_row((log, id), |row| row.get(0))
        .optional()
}

/// `None` when this is a way to read that came later.
fn records(sql: &Connection, log: i64, what: &LogRead) -> rusqlite::Result<Option<Vec<Record>>> {
    let records = match what {
        LogRead::Last(most) => last(sql, log, *most)?,
        LogRead::From { seq, most } => from(sql, log, as_seq(*seq), *most)?,
        LogRead::After { id, most } => match seq_of(sql, log, id)? {
            Some(seq) => from(sql, log, seq + 1, *most)?,
            None => Vec::new(),
        },
        LogRead::Window { max_weight, max_records } => window(sql, log, *max_weight, *max_records)?,
        LogRead::Ids(ids) => of_ids(sql, log, ids)?,
        _ => return Ok(None),
    };
    Ok(Some(records))
}

fn last(sql: &Connection, log: i64, most: usize) -> rusqlite::Result<Vec<Record>> {
    let mut last = select(sql, "WHERE log = ?1 ORDER BY seq DESC LIMIT ?2", (log, number(most)))?;
    last.reverse();
    Ok(last)
}

fn of_ids(sql: &Connection, log: i64, ids: &[String]) -> rusqlite::Result<Vec<Record>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(select(sql, "WHERE log = ?1 AND id = ?2", (log, id))?);
    }
    found.sort_unstable_by_key(|record| record.seq);
    found.dedup_by_key(|record| record.seq);
    Ok(found)
}

fn from(sql: &Connection, log: i64, seq: i64, most: usize) -> rusqlite::Result<Vec<Record>> {
    select(sql, "WHERE log = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3", (log, seq, number(most)))
}

fn window(
    sql: &Connection,
    log: i64,
    max_weight: u64,
    max_records: usize,
) -> rusqlite::Result<Vec<Record>> {
    let mut window = select(sql, PINNED, (log,))?;
    let mut weight: u64 = window.iter().map(|record| u64::from(record.weight)).sum();
    let statement = format!(
        "SELECT {COLUMNS} FROM records WHERE log = ?1 AND pinned = 0 ORDER BY seq DESC LIMIT ?2"
    );
    let mut statement = sql.prepare_cached(&statement)?;
    // Read row by row: what does not fit any more is not read.
    let mut rows = statement.query((log, number(max_records)))?;
    while let Some(row) = rows.next()? {
        weight += u64::from(row.get::<_, u32>(1)?);
        if weight > max_weight {
            break;
        }
        window.push(record(row)?);
    }
    window.sort_unstable_by_key(|record| record.seq);
    Ok(window)
}

fn select(sql: &Connection, which: &str, parameters: impl Params) -> rusqlite::Result<Vec<Record>> {
    let statement = format!("SELECT {COLUMNS} FROM records {which}");
    sql.prepare_cached(&statement)?.query_map(parameters, record)?.collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let seq = row.get::<_, i64>(0)?.unsigned_abs();
    let (weight, pinned, id) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let payload = Bytes::copy_from_slice(row.get_ref(4)?.as_blob()?);
    Ok(Record::new(seq, NewRecord { id, weight, pinned, payload }))
}

/// A number as SQLite counts: none is as high as the highest.
pub(super) fn as_seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
