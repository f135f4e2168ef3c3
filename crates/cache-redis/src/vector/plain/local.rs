//! What this process knows of an index: all of its entries, ready to be searched.

use std::collections::HashMap;
use std::time::Instant;

use cache_core::vector::{GraphInfo, IndexSchema};
use vector_scan::{Scan, ScanEntry};

use super::super::id_of;
use super::page::{Changes, Position, Written};

/// To remove so many entries is no small work.
const MANY: usize = 512;

/// The entries, as of a position. Expiry is by the server's clock.
#[derive(Debug)]
pub(super) struct Local {
    scan: Scan,
    approximate_above: usize,
    at: Position,
    /// When that was asked for.
    asked: Instant,
    /// Whether nothing is missing. While an index is loaded, it is not searched.
    whole: bool,
    /// Entries whose values are damaged, with their ends.
    skipped: HashMap<Vec<u8>, Option<u64>>,
}

/// What came of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    /// Everything is known.
    All,
    /// There is more to ask for.
    Some,
    /// What is known is not what there is: a removal was missed.
    Wrong,
    /// There is no room for an entry.
    Full,
}

/// What a local index comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    pub(super) skipped: u64,
}

impl Local {
    /// Knows nothing. An approximate index has a graph above so many entries.
    pub(super) fn new(schema: &IndexSchema, approximate_above: usize) -> Self {
        Self {
            scan: Scan::new(schema).with_approximate_above(schema, approximate_above),
            approximate_above,
            at: Position::default(),
            asked: Instant::now(),
            whole: false,
            skipped: HashMap::new(),
        }
    }

    /// Up to where the index is known.
    pub(super) fn at(&self) -> &Position {
        &self.at
    }

    /// The entries and the server's clock, if nothing is missing. The clock may be ahead by the time
    /// that a question takes, and is never behind.
    pub(super) fn whole(&self) -> Option<(&Scan, u64)> {
        let since = u64::try_from(self.asked.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.whole.then(|| (&self.scan, self.at.now.saturating_add(since)))
    }

    /// About how many bytes of vectors go when changes of this time are taken in, from the beginning
    /// or not.
    pub(super) fn bytes_to_go(&self, anew: bool, now: u64) -> usize {
        let bytes = self.scan.bytes_per_vector().max(512);
        if anew { self.bytes_of_vectors() } else { self.scan.ended(now, MANY) * bytes }
    }

    pub(super) fn bytes_of_vectors(&self) -> usize {
        self.scan.bytes_of_vectors()
    }

    pub(super) fn size(&self) -> Size {
        Size {
            entries: self.scan.len() as u64,
            bytes: self.scan.bytes(),
            skipped: self.skipped.len() as u64,
        }
    }

    /// There is no such index: an empty one, of which nothing is missing.
    pub(super) fn empty(schema: &IndexSchema, approximate_above: usize) -> Self {
        Self { whole: true, ..Self::new(schema, approximate_above) }
    }

    /// What there is of a graph.
    pub(super) fn graph_info(&self) -> Option<GraphInfo> {
        self.scan.graph_info()
    }

    /// Takes changes in that were asked for at `from`, which must still be where this is.
    pub(super) fn apply(
        &mut self,
        from: &Position,
        changes: Changes,
        schema: &IndexSchema,
        max_bytes: u64,
    ) -> Applied {
        if self.at != *from {
            return Applied::Some;
        }
        let Changes { page, gone, written } = changes;
        if page.anew {
            *self = Self::new(schema, self.approximate_above);
        }
        self.at = Position { number: self.at.number, ..page.to.clone() };
        self.asked = page.asked;
        gone.iter().for_each(|id| self.remove(id));
        for written in &written {
            if !self.write(written, max_bytes) {
                self.whole = false;
                return Applied::Full;
            }
            self.at.number = written.number;
        }
        self.at.number = page.to.number;
        self.expire();
        if page.more {
            return Applied::Some;
        }
        let known = self.scan.len() as u64 + self.skipped.len() as u64;
        self.whole = known == page.living;
        if self.whole { Applied::All } else { Applied::Wrong }
    }

    /// Whether there was room for it.
    fn write(&mut self, written: &Written, max_bytes: u64) -> bool {
        let Some(entry) = &written.entry else {
            self.remove(&written.id);
            self.skipped.insert(written.id.clone(), written.ends);
            return true;
        };
        self.skipped.remove(&written.id);
        let row = ScanEntry::new(&entry.id, &entry.vector, &entry.attributes);
        self.scan.upsert(&row.with_ends(written.ends));
        if !self.scan.fits(max_bytes) {
            self.scan.remove(&entry.id, self.at.now);
            return false;
        }
        true
    }

    fn remove(&mut self, id: &[u8]) {
        self.skipped.remove(id);
        if let Some(id) = id_of(id) {
            self.scan.remove(&id, self.at.now);
        }
    }

    fn expire(&mut self) {
        let now = self.at.now;
        self.scan.expire(now);
        self.skipped.retain(|_, ends| ends.is_none_or(|ends| ends > now));
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::Page;
    use super::*;
    use cache_core::vector::{VectorEntry, VectorId};
    use cache_core::{Embedding, Ttl};

    fn schema() -> IndexSchema {
        IndexSchema::new(2).unwrap()
    }

    fn at(number: u64) -> Position {
        let (generation, history) = (b"one".to_vec(), b"life".to_vec());
        Position { generation, history, number, now: 1_000 }
    }

    fn changes(to: u64, living: u64, written: &[(u64, &str)]) -> Changes {
        let written = written.iter().map(|&(number, id)| {
            let vector = Embedding::new(vec![1.0, 0.0]).unwrap();
            let entry = VectorEntry::new(VectorId::new(id).unwrap(), vector, Ttl::FOREVER);
            Written { number, id: id.as_bytes().to_vec(), ends: None, entry: Some(entry) }
        });
        let page = Page {
            to: at(to),
            asked: Instant::now(),
            anew: false,
            more: false,
            entries: living,
            living,
            gone: Vec::new(),
            written: Vec::new(),
        };
        Changes { page, gone: Vec::new(), written: written.collect() }
    }

    #[test]
    fn changes_that_were_asked_for_from_elsewhere_are_left() {
        let mut local = Local::new(&schema(), usize::MAX);
        let mut take = |from: &Position, changes| local.apply(from, changes, &schema(), u64::MAX);
        let start = Position::default();
        assert_eq!(take(&start, changes(2, 2, &[(1, "a"), (2, "b")])), Applied::All);
        // An answer that was long on its way, to who has asked again meanwhile.
        assert_eq!(take(&start, changes(1, 1, &[(1, "a")])), Applied::Some);
        assert_eq!((local.at(), local.size().entries), (&at(2), 2));
        assert!(local.whole().is_some());
    }

    #[test]
    fn who_counts_otherwise_than_the_server_is_wrong_and_is_not_searched() {
        let mut local = Local::new(&schema(), usize::MAX);
        let found = changes(2, 1, &[(1, "a"), (2, "b")]);
        let applied = local.apply(&Position::default(), found, &schema(), u64::MAX);
        assert_eq!(applied, Applied::Wrong);
        assert!(local.whole().is_none());
    }

    #[test]
    fn what_does_not_fit_is_where_it_goes_on() {
        let mut local = Local::new(&schema(), usize::MAX);
        let found = || changes(3, 3, &[(1, "a"), (2, "b"), (3, "c")]);
        let one = {
            let mut scan = Scan::new(&schema());
            let id = VectorId::new("a").unwrap();
            let attributes = Default::default();
            scan.upsert(&ScanEntry::new(&id, &[1.0, 0.0], &attributes));
            scan.bytes()
        };
        let applied = local.apply(&Position::default(), found(), &schema(), 2 * one);
        assert_eq!(applied, Applied::Full);
        assert_eq!((local.at(), local.size().bytes), (&at(2), 2 * one));
        assert!(local.whole().is_none());
        let rest = changes(3, 3, &[(3, "c")]);
        assert_eq!(local.apply(&at(2), rest, &schema(), 3 * one), Applied::All);
    }
}
