//! Appending.

use std::collections::HashSet;

use cache_core::{AppendOptions, Appended, LogLimits, LogRefusal, NewRecord, WhenFull};
use rusqlite::Connection;

use super::Decided;
use super::change::{insert, is_lost, lose};
use super::read::seq_of;
use super::table::{Log, New, next_moment, number, sweep};
use crate::clock;

/// So many appended records later, a lost id is forgotten.
const REMEMBERED: i64 = 10_000;

pub(super) fn append(
    sql: &Connection,
    name: &str,
    owner: &str,
    records: &[NewRecord],
    options: &AppendOptions,
) -> Decided<Appended> {
    let there = Log::find(sql, name)?;
    let new = match &there {
        Some(log) => unknown(sql, log, records)?,
        None => first_of_each_id(records),
    };
    let is_repetition = new.is_empty() && !records.is_empty();
    let len = there.as_ref().map_or(0, |log| log.len.unsigned_abs());
    if !is_repetition && options.expected_len.is_some_and(|expected| expected != len) {
        return Ok(Err(LogRefusal::Length));
    }
    let doomed = match make_room(sql, there.as_ref(), &new, &options.limits)? {
        Ok(doomed) => doomed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut log = match there {
        Some(log) => log,
        None => {
            let attributes = &options.attributes;
            Log::make(sql, &New { name, owner, attributes, ttl: options.ttl })?
        }
    };
    doomed.iter().try_for_each(|&seq| lose(sql, &mut log, seq))?;
    write(sql, &mut log, owner, &new)?;
    log.expires_at = clock::expiry(clock::millis(), options.ttl);
    log.save(sql)?;
    sweep(sql)?;
    Ok(Ok(appended(sql, log, records, &new, doomed.len())?))
}

/// Writes the new records, and forgets ids that were lost long ago.
fn write(sql: &Connection, log: &mut Log, owner: &str, new: &[&NewRecord]) -> rusqlite::Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    for record in new {
        log.last_seq += 1;
        insert(sql, log, log.last_seq, record)?;
    }
    log.version += 1;
    log.appended_at = next_moment(sql, owner)?;
    sql.prepare_cached("DELETE FROM lost_records WHERE log = ?1 AND lost_at < ?2")?
        .execute((log.id, log.last_seq - REMEMBERED))?;
    Ok(())
}

fn appended(
    sql: &Connection,
    log: Log,
    records: &[NewRecord],
    new: &[&NewRecord],
    dropped: usize,
) -> rusqlite::Result<Appended> {
    let seq =
        |record: &NewRecord| Ok(seq_of(sql, log.id, &record.id)?.map_or(0, i64::unsigned_abs));
    let seqs = records.iter().map(seq).collect::<rusqlite::Result<_>>()?;
    let mut new: HashSet<_> = new.iter().map(|record| record.id.as_str()).collect();
    let known = records.iter().map(|record| !new.remove(record.id.as_str())).collect();
    Ok(Appended { head: log.into_head(), seqs, known, dropped: dropped as u64 })
}

/// Those of the records whose ids the log does not know, each id once.
pub(super) fn unknown<'r>(
    sql: &Connection,
    log: &Log,
    records: &'r [NewRecord],
) -> rusqlite::Result<Vec<&'r NewRecord>> {
    let mut new = first_of_each_id(records);
    let mut known = HashSet::new();
    for record in &new {
        if seq_of(sql, log.id, &record.id)?.is_some() || is_lost(sql, log, &record.id)? {
            known.insert(record.id.as_str());
        }
    }
    new.retain(|record| !known.contains(record.id.as_str()));
    Ok(new)
}

fn first_of_each_id(records: &[NewRecord]) -> Vec<&NewRecord> {
    let mut seen = HashSet::new();
    records.iter().filter(|&record| seen.insert(record.id.as_str())).collect()
}

/// The numbers of the records that must go so that the new ones fit.
fn make_room(
    sql: &Connection,
    log: Option<&Log>,
    new: &[&NewRecord],
    limits: &LogLimits,
) -> Decided<Vec<i64>> {
    let total = |value: fn(&Log) -> i64| log.map_or(0, |log| value(log).unsigned_abs());
    let mut len = total(|log| log.len) + new.len() as u64;
    let mut bytes = total(|log| log.bytes);
    bytes += new.iter().map(|record| record.payload.len() as u64).sum::<u64>();
    let mut weight = total(|log| log.weight);
    weight += new.iter().map(|record| u64::from(record.weight)).sum::<u64>();
    let mut doomed = Vec::new();
    if new.is_empty() || limits.admit(len, bytes, weight) {
        return Ok(Ok(doomed));
    }
    let Some(log) = log.filter(|_| limits.when_full == WhenFull::DropOldest) else {
        return Ok(Err(LogRefusal::Full));
    };
    let mut statement = sql.prepare_cached(
        "SELECT seq, weight, length(payload) FROM records
         WHERE log = ?1 AND pinned = 0 ORDER BY seq LIMIT ?2",
    )?;
    let mut oldest = statement.query((log.id, number(usize::MAX)))?;
    while !limits.admit(len, bytes, weight) {
        let Some(row) = oldest.next()? else { return Ok(Err(LogRefusal::Full)) };
        len -= 1;
        weight -= u64::from(row.get::<_, u32>(1)?);
        bytes -= row.get::<_, i64>(2)?.unsigned_abs();
        doomed.push(row.get(0)?);
    }
    Ok(Ok(doomed))
}
