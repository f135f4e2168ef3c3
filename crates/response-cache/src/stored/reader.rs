//! Reading an entry as it is stored: what every hit pays for, so that it goes straight through the
//! bytes.

use std::str;
use std::time::Duration;

use cache_core::TokenUsage;
use rmp::decode;

use super::{Meta, SCHEMA, WHOLE};
use crate::group::Id;

/// What a stored entry says. Texts are those of the entry.
#[derive(Debug)]
pub(super) struct Read<'a> {
    pub(super) meta: Meta,
    pub(super) usage_asked: bool,
    pub(super) form: ReadForm<'a>,
}

#[derive(Debug)]
pub(super) enum ReadForm<'a> {
    Whole(&'a str),
    Chunks { texts: Vec<&'a str>, gaps_micros: Vec<u64> },
}

/// The entry that [`Entry`](super::Entry) writes, and nothing behind it.
///
/// # Errors
/// Says why this is none.
pub(super) fn read(body: &[u8]) -> Result<Read<'_>, &'static str> {
    let mut reader = Reader(body);
    reader.array(super::FIELDS).ok_or(NOT_OURS)?;
    if reader.number().ok_or(NOT_OURS)? != u64::from(SCHEMA) {
        return Err("other_schema");
    }
    reader.entry().filter(|_| reader.0.is_empty()).ok_or(NOT_OURS)
}

const NOT_OURS: &str = "not_an_answer";

const NIL: u8 = 0xc0;

/// More elements than this are not taken on trust: a list grows as they are read.
const FIRST_CAPACITY: usize = 1_024;

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The fields behind the schema, in the order in which they are written.
    fn entry(&mut self) -> Option<Read<'a>> {
        let meta = Meta {
            created_at_ms: self.number()?,
            compute_time: Duration::from_micros(self.number()?),
            fresh_for: self.optional(Self::number)?.map(Duration::from_millis),
            model: self.optional(Self::text)?.map(str::to_owned),
            usage: self.optional(Self::usage)?,
            ..Meta::default()
        };
        let usage_asked = decode::read_bool(&mut self.0).ok()?;
        let (generations, tags) = (self.list(Self::id)?, self.list(Self::tag)?);
        let form = self.form()?;
        Some(Read { meta: Meta { generations, tags, ..meta }, usage_asked, form })
    }

    fn form(&mut self) -> Option<ReadForm<'a>> {
        if decode::read_map_len(&mut self.0).ok()? != 1 {
            return None;
        }
        if self.text()? == WHOLE {
            return self.text().map(ReadForm::Whole);
        }
        self.array(2)?;
        Some(ReadForm::Chunks {
            texts: self.list(Self::text)?,
            gaps_micros: self.list(Self::number)?,
        })
    }

    fn usage(&mut self) -> Option<TokenUsage> {
        self.array(3)?;
        let mut usage = TokenUsage::default();
        usage.prompt = self.number()?;
        usage.cached_prompt = self.number()?;
        usage.completion = self.number()?;
        Some(usage)
    }

    fn tag(&mut self) -> Option<(String, Id)> {
        self.array(2)?;
        Some((self.text()?.to_owned(), self.id()?))
    }

    /// 16 bytes, the highest first.
    fn id(&mut self) -> Option<Id> {
        if decode::read_bin_len(&mut self.0).ok()? != 16 {
            return None;
        }
        let (id, rest) = self.0.split_first_chunk::<16>()?;
        self.0 = rest;
        Some(Id::from_be_bytes(*id))
    }

    fn array(&mut self, length: u32) -> Option<()> {
        (decode::read_array_len(&mut self.0).ok()? == length).then_some(())
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = usize::try_from(decode::read_array_len(&mut self.0).ok()?).ok()?;
        let mut items = Vec::with_capacity(length.min(FIRST_CAPACITY));
        for _ in 0..length {
            items.push(item(self)?);
        }
        Some(items)
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if let [NIL, rest @ ..] = self.0 {
            self.0 = rest;
            return Some(None);
        }
        read(self).map(Some)
    }

    fn number(&mut self) -> Option<u64> {
        decode::read_int(&mut self.0).ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let (text, rest) = decode::read_str_from_slice(self.0).ok()?;
        self.0 = rest;
        Some(text)
    }
}
