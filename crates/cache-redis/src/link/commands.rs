//! Commands that travel together.

use std::ops::Range;

use redis::{Cmd, Pipeline, cmd};

use super::Weight;
use crate::key_writer::KeyWriter;

/// A round trip takes no more than this; what is longer goes in several.
pub(crate) const MAX_BYTES: usize = 64 << 20;
pub(crate) const MAX_KEYS: usize = 100_000;

/// One command over many keys takes no more than this, so that it does not hold up the server's
/// other clients for long (10,000 keys are a few milliseconds).
pub(crate) const MAX_KEYS_PER_COMMAND: usize = 10_000;

/// Commands are made and sent in volleys of so many keys: the server works on one while the next is
/// being made.
const VOLLEY_KEYS: usize = 64;
const VOLLEY_BYTES: usize = 128 << 10;

/// Commands that are made by their number, on their way out. In a cluster each must have all of its
/// keys in one slot.
pub(crate) struct Commands<'a> {
    pub(crate) count: usize,
    /// In a cluster, whether replies are nil where their node cannot answer and others can.
    pub(crate) partial: bool,
    /// The slot of a command's keys. Asked in a cluster only.
    pub(crate) slot: &'a (dyn Fn(usize) -> u16 + Sync),
    /// How many keys a command has, and about how long it is.
    pub(crate) weight: &'a (dyn Fn(usize) -> Weight + Sync),
    pub(crate) make: &'a (dyn Fn(usize, &mut KeyWriter) -> Cmd + Sync),
}

impl Commands<'_> {
    /// Runs of commands within the limits of a round trip, each with its weight; one that is over
    /// them goes alone.
    pub(super) fn trips(&self) -> Vec<(Range<usize>, Weight)> {
        self.runs(self.count, |position| position, MAX_KEYS, MAX_BYTES)
    }

    /// Volleys of the commands with these numbers.
    pub(super) fn volleys(
        &self,
        count: usize,
        number: impl Fn(usize) -> usize,
    ) -> Vec<Range<usize>> {
        let runs = self.runs(count, number, VOLLEY_KEYS, VOLLEY_BYTES);
        runs.into_iter().map(|(run, _)| run).collect()
    }

    fn runs(
        &self,
        count: usize,
        number: impl Fn(usize) -> usize,
        most_keys: usize,
        most_bytes: usize,
    ) -> Vec<(Range<usize>, Weight)> {
        let mut runs = Vec::new();
        let (mut start, mut weight) = (0, Weight::default());
        for position in 0..count {
            let more = (self.weight)(number(position));
            let full = weight.keys + more.keys > most_keys
                || weight.bytes.saturating_add(more.bytes) > most_bytes;
            if full && position > start {
                runs.push((start..position, weight));
                (start, weight) = (position, Weight::default());
            }
            weight.add(more);
        }
        if start < count {
            runs.push((start..count, weight));
        }
        runs
    }

    /// The commands with these numbers, each behind an `ASKING` where that is wanted.
    pub(super) fn pipeline(
        &self,
        numbers: impl ExactSizeIterator<Item = usize>,
        asking: bool,
    ) -> Pipeline {
        let mut writer = KeyWriter::default();
        let mut pipeline = Pipeline::with_capacity(numbers.len());
        for number in numbers {
            if asking {
                pipeline.add_command(cmd("ASKING"));
            }
            pipeline.add_command((self.make)(number, &mut writer));
        }
        pipeline
    }
}
