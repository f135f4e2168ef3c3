//! What a server tells of the changes of an index.

use std::time::Instant;

use cache_core::CacheError;
use cache_core::vector::{IndexSchema, VectorEntry, VectorId};
use redis::Value;

use super::super::id_of;
use super::super::value;
use super::bytes_of_work;
use crate::link::Link;
use crate::{error, reply};

/// Up to where somebody knows an index. The default knows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Position {
    /// Which index of this name it is: random, made with the index.
    pub(super) generation: Vec<u8>,
    /// Which life of which server tells. Another one may lack what the last one had.
    pub(super) history: Vec<u8>,
    /// The last change that is known.
    pub(super) number: u64,
    /// The server's clock then, in milliseconds.
    pub(super) now: u64,
}

/// Changes as they come.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) to: Position,
    /// When it was asked for.
    pub(super) asked: Instant,
    /// It tells everything from the beginning.
    pub(super) anew: bool,
    /// There is more behind it.
    pub(super) more: bool,
    /// Entries that there are, and those of them that have not ended.
    pub(super) entries: u64,
    pub(super) living: u64,
    pub(super) gone: Vec<Vec<u8>>,
    pub(super) written: Vec<[Value; 4]>,
}

/// Changes, read.
pub(super) struct Changes {
    pub(super) page: Page,
    pub(super) gone: Vec<Vec<u8>>,
    pub(super) written: Vec<Written>,
}

/// An entry as it is now.
pub(super) struct Written {
    pub(super) number: u64,
    pub(super) id: Vec<u8>,
    pub(super) ends: Option<u64>,
    /// Nothing where the value is damaged, or not ours.
    pub(super) entry: Option<VectorEntry>,
}

impl Page {
    pub(super) fn read(link: &Link, answer: Value, asked: Instant) -> Result<Self, CacheError> {
        let unexpected = || error::unexpected(link.location(), "EVAL");
        let parts = reply::array(link, answer, "EVAL")?;
        let [generation, history, since, upto, number, now, entries, living, gone, written] =
            <[Value; 10]>::try_from(parts).map_err(|_| unexpected())?;
        let count = |reply| {
            let number = reply::number(link, reply, "EVAL")?;
            u64::try_from(number).map_err(|_| unexpected())
        };
        let (upto, number) = (count(upto)?, count(number)?);
        let gone = reply::array(link, gone, "EVAL")?.into_iter().step_by(2);
        let mut written = reply::array(link, written, "EVAL")?.into_iter();
        let mut rows = Vec::with_capacity(written.len() / 4);
        while let (Some(a), Some(b), Some(c), Some(d)) =
            (written.next(), written.next(), written.next(), written.next())
        {
            rows.push([a, b, c, d]);
        }
        Ok(Self {
            to: Position {
                generation: reply::bytes(link, generation, "EVAL")?,
                history: reply::bytes(link, history, "EVAL")?,
                number: upto,
                now: count(now)?,
            },
            asked,
            anew: count(since)? == 0,
            more: upto < number,
            entries: count(entries)?,
            living: count(living)?,
            gone: gone.map(|id| reply::bytes(link, id, "EVAL")).collect::<Result<_, _>>()?,
            written: rows,
        })
    }

    /// About how many bytes of vectors there are to be read and written.
    pub(super) fn bytes(&self, schema: &IndexSchema) -> usize {
        (self.gone.len() + self.written.len()) * bytes_of_work(schema)
    }

    /// Reads the entries. What is no entry is left out; it cannot have been written here.
    pub(super) fn decode(mut self, schema: &IndexSchema) -> Changes {
        let gone = std::mem::take(&mut self.gone);
        let written = std::mem::take(&mut self.written);
        let written = written.into_iter().filter_map(|row| Written::of(row, schema)).collect();
        Changes { page: self, gone, written }
    }
}

impl Written {
    fn of(row: [Value; 4], schema: &IndexSchema) -> Option<Self> {
        let [
            Value::BulkString(number),
            Value::BulkString(id),
            Value::BulkString(ends),
            Value::BulkString(stored),
        ] = row
        else {
            return None;
        };
        let read = |id: VectorId| value::unpack(id, &stored, schema);
        let entry = id_of(&id).and_then(read);
        Some(Self { number: score(&number)?, ends: score(&ends), entry, id })
    }
}

/// A whole number as sorted sets give it.
fn score(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
