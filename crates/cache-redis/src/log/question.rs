//! What is to be read, as the script takes it.

use cache_core::{CacheError, ErrorKind, LogRead, Record};

use crate::link::{MAX_KEYS, Weight};

use super::wire;

/// The arguments of a reading.
pub(super) struct Question {
    pub(super) words: Vec<Vec<u8>>,
    /// How much is asked for, for the time that it may take.
    pub(super) weight: Weight,
    part: Part,
}

/// Which of the records that come are wanted: pinned ones and others are each read in full.
enum Part {
    All,
    First(usize),
    Last(usize),
}

impl Question {
    pub(super) fn new(what: &LogRead) -> Result<Self, CacheError> {
        let (words, most, part) = match what {
            LogRead::Last(most) => (vec![word("last"), count(*most)], *most, Part::Last(*most)),
            LogRead::From { seq, most } => {
                (vec![word("from"), number(*seq), count(*most)], *most, Part::First(*most))
            }
            LogRead::After { id, most } => {
                (vec![word("after"), word(id), count(*most)], *most, Part::First(*most))
            }
            LogRead::Window { max_weight, max_records } => {
                let words = vec![word("window"), number(*max_weight), count(*max_records)];
                (words, *max_records, Part::All)
            }
            LogRead::Ids(ids) => {
                let ids = ids.iter().map(|id| word(id));
                (std::iter::once(word("ids")).chain(ids).collect(), 0, Part::All)
            }
            _ => {
                let message = "this version of the Redis backend cannot read that part of a log";
                return Err(CacheError::new(ErrorKind::Unsupported, message));
            }
        };
        let bytes = words.iter().map(|word: &Vec<u8>| word.len() + 16).sum();
        let weight = Weight { keys: words.len().max(most.min(MAX_KEYS)), bytes };
        Ok(Self { words, weight, part })
    }

    /// Leaves the records that are wanted; they come in the order of their numbers.
    pub(super) fn select(&self, records: &mut Vec<Record>) {
        match self.part {
            Part::All => {}
            Part::First(most) => records.truncate(most),
            Part::Last(most) => drop(records.drain(..records.len().saturating_sub(most))),
        }
    }
}

fn word(word: &str) -> Vec<u8> {
    word.as_bytes().to_vec()
}

fn count(count: usize) -> Vec<u8> {
    number(count as u64)
}

fn number(number: u64) -> Vec<u8> {
    number.min(wire::MAX_NUMBER).to_string().into_bytes()
}
