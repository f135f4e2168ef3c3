//! Changes of what is in a log.

use bytes::Bytes;
use cache_core::{Compaction, LogHead, LogRefusal, NewRecord, Ttl};
use rusqlite::{Connection, OptionalExtension};

use super::Decided;
use super::append::unknown;
use super::read::{as_seq, seq_of};
use super::table::{Log, New};
use crate::clock;

pub(super) fn replace(sql: &Connection, name: &str, record: &NewRecord) -> rusqlite::Result<bool> {
    let Some(mut log) = Log::find(sql, name)? else { return Ok(false) };
    let Some(seq) = seq_of(sql, log.id, &record.id)? else { return Ok(false) };
    take(sql, &mut log, seq)?;
    insert(sql, &mut log, seq, record)?;
    log.version += 1;
    log.save(sql)?;
    Ok(true)
}

pub(super) fn remove(sql: &Connection, name: &str, ids: &[String]) -> rusqlite::Result<Vec<bool>> {
    let Some(mut log) = Log::find(sql, name)? else { return Ok(vec![false; ids.len()]) };
    let mut removed = Vec::with_capacity(ids.len());
    for id in ids {
        let seq = seq_of(sql, log.id, id)?;
        if let Some(seq) = seq {
            take(sql, &mut log, seq)?;
        }
        removed.push(seq.is_some());
    }
    if removed.contains(&true) {
        log.version += 1;
        log.save(sql)?;
    }
    Ok(removed)
}

pub(super) fn compact(
    sql: &Connection,
    name: &str,
    compaction: &Compaction,
) -> Decided<Option<LogHead>> {
    let Compaction { until, replacement, expected_version } = compaction;
    let Some(mut log) = Log::find(sql, name)? else { return Ok(Ok(None)) };
    if log.version.unsigned_abs() != *expected_version {
        return Ok(Err(LogRefusal::Version));
    }
    if unknown(sql, &log, replacement)?.len() != replacement.len() {
        return Ok(Err(LogRefusal::KnownReplacement));
    }
    let doomed = unpinned(sql, &log, as_seq(*until))?;
    let (given, removed) = (replacement.len(), doomed.len());
    let Some(kept) = removed.checked_sub(given) else {
        let (given, removed) = (given as u64, removed as u64);
        return Ok(Err(LogRefusal::Replacements { given, removed }));
    };
    doomed.iter().try_for_each(|&seq| lose(sql, &mut log, seq))?;
    for (&seq, record) in doomed[kept..].iter().zip(replacement) {
        insert(sql, &mut log, seq, record)?;
    }
    log.version += 1;
    log.save(sql)?;
    Ok(Ok(Some(log.into_head())))
}

/// Copies the records up to a number.
pub(super) fn fork(
    sql: &Connection,
    original: &Log,
    until: u64,
    new: &New<'_>,
) -> Decided<LogHead> {
    if Log::find(sql, new.name)?.is_some() {
        return Ok(Err(LogRefusal::Exists));
    }
    let mut fork = Log::make(sql, new)?;
    let until = as_seq(until);
    sql.prepare_cached(
        "INSERT INTO records(log, seq, weight, pinned, id, payload)
         SELECT ?1, seq, weight, pinned, id, payload FROM records WHERE log = ?2 AND seq <= ?3",
    )?
    .execute((fork.id, original.id, until))?;
    (fork.len, fork.weight, fork.bytes) = sql
        .prepare_cached(
            "SELECT count(*), ifnull(sum(weight), 0), ifnull(sum(length(payload)), 0)
             FROM records WHERE log = ?1",
        )?
        .query_row((fork.id,), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    fork.last_seq = original.last_seq.min(until);
    fork.save(sql)?;
    Ok(Ok(fork.into_head()))
}

pub(super) fn set_attributes(
    sql: &Connection,
    name: &str,
    attributes: &Bytes,
    expected_version: u64,
) -> Decided<Option<LogHead>> {
    let Some(mut log) = Log::find(sql, name)? else { return Ok(Ok(None)) };
    if log.version.unsigned_abs() != expected_version {
        return Ok(Err(LogRefusal::Version));
    }
    log.attributes = attributes.clone();
    log.version += 1;
    log.save(sql)?;
    Ok(Ok(Some(log.into_head())))
}

pub(super) fn touch(sql: &Connection, name: &str, ttl: Ttl) -> rusqlite::Result<bool> {
    let Some(mut log) = Log::find(sql, name)? else { return Ok(false) };
    log.expires_at = clock::expiry(clock::millis(), ttl);
    log.save(sql)?;
    Ok(true)
}

/// Puts a record in. The sums of the log follow; its row is the caller's to save.
pub(super) fn insert(
    sql: &Connection,
    log: &mut Log,
    seq: i64,
    record: &NewRecord,
) -> rusqlite::Result<()> {
    let NewRecord { id, weight, pinned, payload } = record;
    sql.prepare_cached(
        "INSERT INTO records(log, seq, weight, pinned, id, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((log.id, seq, weight, pinned, id, &payload[..]))?;
    log.len += 1;
    log.weight += i64::from(*weight);
    log.bytes += super::table::number(payload.len());
    Ok(())
}

/// Takes a record out, and its id; gives the id.
fn take(sql: &Connection, log: &mut Log, seq: i64) -> rusqlite::Result<String> {
    let (weight, bytes, id): (i64, i64, String) = sql
        .prepare_cached(
            "DELETE FROM records WHERE log = ?1 AND seq = ?2 RETURNING weight, length(payload), id",
        )?
        .query_row((log.id, seq), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    log.len -= 1;
    log.weight -= weight;
    log.bytes -= bytes;
    Ok(id)
}

/// Takes a record out, and remembers its id.
pub(super) fn lose(sql: &Connection, log: &mut Log, seq: i64) -> rusqlite::Result<()> {
    let id = take(sql, log, seq)?;
    sql.prepare_cached(
        "INSERT OR REPLACE INTO lost_records(log, id, lost_at) VALUES (?1, ?2, ?3)",
    )?
    .execute((log.id, id, log.last_seq))?;
    Ok(())
}

pub(super) fn is_lost(sql: &Connection, log: &Log, id: &str) -> rusqlite::Result<bool> {
    let lost: Option<i64> = sql
        .prepare_cached("SELECT lost_at FROM lost_records WHERE log = ?1 AND id = ?2")?
        .query_row((log.id, id), |row| row.get(0))
        .optional()?;
    Ok(lost.is_some())
}

/// The numbers, up to one, of records that are not pinned.
fn unpinned(sql: &Connection, log: &Log, until: i64) -> rusqlite::Result<Vec<i64>> {
    let mut statement = sql.prepare_cached(
        "SELECT seq FROM records WHERE log = ?1 AND seq <= ?2 AND pinned = 0 ORDER BY seq",
    )?;
    statement.query_map((log.id, until), |row| row.get(0))?.collect()
}
