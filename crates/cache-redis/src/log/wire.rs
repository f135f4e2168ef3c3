//! What goes to the scripts and comes back.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use cache_core::{Appended, CacheError, LogHead, NewRecord, Record, Ttl};
use redis::{Cmd, RedisWrite, Value};

use crate::link::Link;
use crate::{error, reply};

/// Lua counts in doubles: above this it would round.
pub(super) const MAX_NUMBER: u64 = 1 << 53;

/// Adds a number; one that is too large for Lua means as much as the largest.
pub(super) fn number(command: &mut Cmd, number: u64) {
    command.arg(number.min(MAX_NUMBER));
}

/// Adds a number, or nothing in its place.
pub(super) fn optional(command: &mut Cmd, value: Option<u64>) {
    match value {
        Some(value) => number(command, value),
        None => command.write_arg(b""),
    }
}

/// Adds a count of records.
pub(super) fn count(command: &mut Cmd, count: usize) {
    number(command, count as u64);
}

/// Adds a time to live in milliseconds, 0 for ever.
pub(super) fn ttl(command: &mut Cmd, ttl: Ttl) {
    number(command, ttl.as_millis().unwrap_or(0));
}

/// Adds a record: weight (u32, little endian), whether it is pinned (u8), the id's length (u8), id,
/// payload. It is stored with its number (u64) before that.
pub(super) fn record(command: &mut Cmd, record: &NewRecord) {
    let mut writer = command.writer_for_next_arg();
    let mut write = |bytes: &[u8]| {
        writer.write_all(bytes).expect("invariant: the command lies in memory");
    };
    write(&record.weight.to_le_bytes());
    let length = u8::try_from(record.id.len()).expect("invariant: a checked id");
    write(&[u8::from(record.pinned), length]);
    write(record.id.as_bytes());
    write(&record.payload);
}

/// About what records take on the wire.
pub(super) fn length(records: &[NewRecord]) -> usize {
    records.iter().map(|record| record.id.len() + record.payload.len() + 32).sum()
}

/// Reads replies of one server.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a Link);

impl Reader<'_> {
    pub(super) fn unexpected(self) -> CacheError {
        error::unexpected(self.0.location(), "EVAL")
    }

    pub(super) fn array(self, reply: Value) -> Result<Vec<Value>, CacheError> {
        reply::array(self.0, reply, "EVAL")
    }

    /// Exactly so many elements.
    pub(super) fn elements<const N: usize>(self, reply: Value) -> Result<[Value; N], CacheError> {
        self.array(reply)?.try_into().map_err(|_| self.unexpected())
    }

    pub(super) fn number(self, reply: Value) -> Result<u64, CacheError> {
        let number = reply::number(self.0, reply, "EVAL")?;
        u64::try_from(number).map_err(|_| self.unexpected())
    }

    pub(super) fn flag(self, reply: Value) -> Result<bool, CacheError> {
        self.number(reply).map(|number| number > 0)
    }

    pub(super) fn numbers(self, reply: Value) -> Result<Vec<u64>, CacheError> {
        self.array(reply)?.into_iter().map(|number| self.number(number)).collect()
    }

    pub(super) fn flags(self, reply: Value) -> Result<Vec<bool>, CacheError> {
        self.array(reply)?.into_iter().map(|flag| self.flag(flag)).collect()
    }

    pub(super) fn head(self, reply: Value) -> Result<LogHead, CacheError> {
        let [len, weight, bytes, last_seq, version, created, appended, left, attributes] =
            self.elements(reply)?;
        let left = reply::number(self.0, left, "EVAL")?;
        Ok(LogHead {
            len: self.number(len)?,
            weight: self.number(weight)?,
            bytes: self.number(bytes)?,
            last_seq: self.number(last_seq)?,
            version: self.number(version)?,
            created: Duration::from_millis(self.number(created)?),
            appended: Duration::from_millis(self.number(appended)?),
            expires_in: u64::try_from(left).ok().map(Duration::from_millis),
            attributes: Bytes::from(reply::bytes(self.0, attributes, "EVAL")?),
        })
    }

    pub(super) fn appended(self, reply: Value) -> Result<Appended, CacheError> {
        let [head, dropped, seqs, known] = self.elements(reply)?;
        Ok(Appended {
            head: self.head(head)?,
            seqs: self.numbers(seqs)?,
            known: self.flags(known)?,
            dropped: self.number(dropped)?,
        })
    }

    /// Records in the order of their numbers.
    pub(super) fn records(self, reply: Value) -> Result<Vec<Record>, CacheError> {
        let stored = self.array(reply)?.into_iter();
        let mut records = stored.map(|text| self.record(text)).collect::<Result<Vec<_>, _>>()?;
        records.sort_unstable_by_key(|record| record.seq);
        Ok(records)
    }

    /// The payload is not copied.
    fn record(self, reply: Value) -> Result<Record, CacheError> {
        let text = Bytes::from(reply::bytes(self.0, reply, "EVAL")?);
        decode(&text).ok_or_else(|| self.unexpected())
    }
}

fn decode(text: &Bytes) -> Option<Record> {
    let (seq, rest) = text.split_first_chunk()?;
    let (weight, rest) = rest.split_first_chunk()?;
    let (&[pinned, length], rest) = rest.split_first_chunk()?;
    let id = rest.get(..usize::from(length))?;
    let record = NewRecord {
        id: std::str::from_utf8(id).ok()?.to_owned(),
        weight: u32::from_le_bytes(*weight),
        pinned: pinned == 1,
        payload: text.slice(text.len() - rest.len() + id.len()..),
    };
    Some(Record::new(u64::from_le_bytes(*seq), record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_lies_as_documented_and_a_cut_one_is_refused() {
        let new = NewRecord {
            id: "m\u{e9}".to_owned(),
            weight: 7,
            pinned: true,
            payload: Bytes::from_static(b"\0payload"),
        };
        let mut command = Cmd::new();
        record(&mut command, &new);
        let Some(redis::Arg::Simple(body)) = command.args_iter().next() else {
            panic!("one argument")
        };
        assert_eq!(body, b"\x07\0\0\0\x01\x03m\xc3\xa9\0payload");
        let text = Bytes::from([&9u64.to_le_bytes(), body].concat());
        assert_eq!(decode(&text), Some(Record::new(9, new)));
        assert!((0..17).all(|length| decode(&text.slice(..length)).is_none()));
    }
}
