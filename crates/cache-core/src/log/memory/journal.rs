//! One log in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::{
    AppendOptions, Compaction, LogHead, LogLimits, LogRead, LogRefusal, NewRecord, Record, Ttl,
    WhenFull,
};

/// So many appended records later, a lost id is forgotten.
const REMEMBERED: u64 = 10_000;

/// What a record takes beside its id and payload, and what a log does: table slots and links.
const RECORD_OVERHEAD: u64 = 160;
const LOG_OVERHEAD: u64 = 512;

/// Where the record of an id is.
#[derive(Clone, Copy)]
enum Place {
    Here(u64),
    /// Limits or a compaction removed it.
    Lost,
}

pub(super) struct Journal {
    records: BTreeMap<u64, Record>,
    places: HashMap<String, Place>,
    pinned: BTreeSet<u64>,
    /// Lost ids and the last number at the time of their loss.
    lost: VecDeque<(u64, String)>,
    weight: u64,
    bytes: u64,
    id_bytes: u64,
    last_seq: u64,
    version: u64,
    created: Duration,
    appended: Duration,
    attributes: Bytes,
    expires_at: Option<Instant>,
}

impl Journal {
    pub(super) fn new(attributes: Bytes) -> Self {
        let now = since_epoch();
        Self {
            records: BTreeMap::new(),
            places: HashMap::new(),
            pinned: BTreeSet::new(),
            lost: VecDeque::new(),
            weight: 0,
            bytes: 0,
            id_bytes: 0,
            last_seq: 0,
            version: 1,
            created: now,
            appended: now,
            attributes,
            expires_at: None,
        }
    }

    pub(super) fn head(&self) -> LogHead {
        LogHead {
            len: self.len(),
            weight: self.weight,
            bytes: self.bytes,
            last_seq: self.last_seq,
            version: self.version,
            created: self.created,
            appended: self.appended,
            expires_in: self.expires_at.map(|at| at.saturating_duration_since(Instant::now())),
            attributes: self.attributes.clone(),
        }
    }

    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.expires_at
    }

    /// A life beyond the clock's range has no end.
    pub(super) fn set_ttl(&mut self, ttl: Ttl) {
        self.expires_at = ttl.as_duration().and_then(|ttl| Instant::now().checked_add(ttl));
    }

    /// What it takes of the memory, nearly.
    pub(super) fn memory_bytes(&self) -> u64 {
        let records = (self.places.len() as u64) * RECORD_OVERHEAD;
        LOG_OVERHEAD + self.attributes.len() as u64 + self.bytes + self.id_bytes + records
    }

    /// What it takes at most with these records.
    pub(super) fn memory_bytes_with(&self, records: &[NewRecord]) -> u64 {
        let bytes = |record: &NewRecord| (record.id.len() + record.payload.len()) as u64;
        let added = records.iter().map(|record| bytes(record) + RECORD_OVERHEAD).sum::<u64>();
        self.memory_bytes() + added
    }

    pub(super) fn read(&self, what: &LogRead) -> Vec<Record> {
        match what {
            LogRead::Last(most) => in_order(self.records.values().rev().take(*most)),
            LogRead::From { seq, most } => self.from(Bound::Included(*seq), *most),
            LogRead::After { id, most } => match self.places.get(id) {
                Some(Place::Here(seq)) => self.from(Bound::Excluded(*seq), *most),
                Some(Place::Lost) | None => Vec::new(),
            },
            LogRead::Window { max_weight, max_records } => self.window(*max_weight, *max_records),
            LogRead::Ids(ids) => {
                let seqs: BTreeSet<_> = ids.iter().filter_map(|id| self.seq_of(id)).collect();
                seqs.iter().map(|seq| self.records[seq].clone()).collect()
            }
        }
    }

    /// Decides whether these records can be appended and what must go for them, and does it.
    /// Gives, for each record, its number and whether it was known, and how many were dropped.
    pub(super) fn append(
        &mut self,
        records: &[NewRecord],
        options: &AppendOptions,
    ) -> Result<Written, LogRefusal> {
        let new = self.unknown(records);
        let is_repetition = new.is_empty() && !records.is_empty();
        if !is_repetition && options.expected_len.is_some_and(|len| len != self.len()) {
            return Err(LogRefusal::Length);
        }
        let doomed = self.make_room(&new, &options.limits)?;
        doomed.iter().for_each(|&seq| self.lose(seq));
        for record in &new {
            self.last_seq += 1;
            self.insert(self.last_seq, (*record).clone());
        }
        if !new.is_empty() {
            self.version += 1;
            self.appended = since_epoch();
        }
        self.forget();
        let mut new: BTreeSet<_> = new.iter().map(|record| record.id.as_str()).collect();
        let known = records.iter().map(|record| !new.remove(record.id.as_str())).collect();
        let seqs = records.iter().map(|record| self.seq_of(&record.id).unwrap_or(0)).collect();
        Ok(Written { seqs, known, dropped: doomed.len() as u64 })
    }

    pub(super) fn replace(&mut self, record: &NewRecord) -> bool {
        let Some(seq) = self.seq_of(&record.id) else { return false };
        self.take(seq);
        self.insert(seq, record.clone());
        self.version += 1;
        true
    }

    pub(super) fn remove(&mut self, ids: &[&str]) -> Vec<bool> {
        let remove = |id: &&str| {
            let seq = self.seq_of(id)?;
            self.take(seq);
            Some(seq)
        };
        let removed: Vec<_> = ids.iter().map(remove).map(|seq| seq.is_some()).collect();
        self.version += u64::from(removed.contains(&true));
        removed
    }

    pub(super) fn compact(&mut self, compaction: &Compaction) -> Result<(), LogRefusal> {
        let Compaction { until, replacement, expected_version } = compaction;
        if self.version != *expected_version {
            return Err(LogRefusal::Version);
        }
        if self.unknown(replacement).len() != replacement.len() {
            return Err(LogRefusal::KnownReplacement);
        }
        let unpinned = self.records.range(..=until).filter(|(_, record)| !record.pinned);
        let doomed: Vec<u64> = unpinned.map(|(&seq, _)| seq).collect();
        let (given, removed) = (replacement.len(), doomed.len());
        let Some(kept) = removed.checked_sub(given) else {
            return Err(LogRefusal::Replacements { given: given as u64, removed: removed as u64 });
        };
        doomed.iter().for_each(|&seq| self.lose(seq));
        for (&seq, record) in doomed[kept..].iter().zip(replacement) {
            self.insert(seq, record.clone());
        }
        self.version += 1;
        Ok(())
    }

    /// A log of its own with the records up to this number.
    pub(super) fn fork(&self, until: u64, attributes: Bytes) -> Self {
        let mut fork = Self::new(attributes);
        for (&seq, record) in self.records.range(..=until) {
            let Record { id, weight, pinned, payload, .. } = record.clone();
            fork.insert(seq, NewRecord { id, weight, pinned, payload });
        }
        fork.last_seq = self.last_seq.min(until);
        fork
    }

    pub(super) fn set_attributes(
        &mut self,
        attributes: Bytes,
        expected_version: u64,
    ) -> Result<(), LogRefusal> {
        if self.version != expected_version {
            return Err(LogRefusal::Version);
        }
        self.attributes = attributes;
        self.version += 1;
        Ok(())
    }

    fn len(&self) -> u64 {
        self.records.len() as u64
    }

    fn seq_of(&self, id: &str) -> Option<u64> {
        match self.places.get(id) {
            Some(Place::Here(seq)) => Some(*seq),
            Some(Place::Lost) | None => None,
        }
    }

    fn from(&self, start: Bound<u64>, most: usize) -> Vec<Record> {
        let records = self.records.range((start, Bound::Unbounded));
        records.take(most).map(|(_, record)| record.clone()).collect()
    }

    fn window(&self, max_weight: u64, max_records: usize) -> Vec<Record> {
        let pinned: Vec<_> = self.pinned.iter().map(|seq| &self.records[seq]).collect();
        let mut weight: u64 = pinned.iter().map(|record| u64::from(record.weight)).sum();
        let others = self.records.values().rev().filter(|record| !record.pinned);
        let fits = |record: &&Record| {
            weight += u64::from(record.weight);
            weight <= max_weight
        };
        let mut window = in_order(others.take(max_records).take_while(fits));
        window.extend(pinned.into_iter().cloned());
        window.sort_by_key(|record| record.seq);
        window
    }

    /// Those of the records whose ids the log does not know, each id once.
    fn unknown<'r>(&self, records: &'r [NewRecord]) -> Vec<&'r NewRecord> {
        let mut seen = BTreeSet::new();
        let new = records.iter().filter(|record| !self.places.contains_key(&record.id));
        new.filter(|&record| seen.insert(record.id.as_str())).collect()
    }

    /// The numbers of the records that must go so that the new ones fit.
    fn make_room(&self, new: &[&NewRecord], limits: &LogLimits) -> Result<Vec<u64>, LogRefusal> {
        let mut len = self.len() + new.len() as u64;
        let mut bytes = self.bytes + new.iter().map(|r| r.payload.len() as u64).sum::<u64>();
        let mut weight = self.weight + new.iter().map(|r| u64::from(r.weight)).sum::<u64>();
        let mut doomed = Vec::new();
        if new.is_empty() {
            return Ok(doomed);
        }
        let mut oldest = self.records.values().filter(|record| !record.pinned);
        while !limits.admit(len, bytes, weight) {
            let next = oldest.next().filter(|_| limits.when_full == WhenFull::DropOldest);
            let record = next.ok_or(LogRefusal::Full)?;
            len -= 1;
            bytes -= record.payload.len() as u64;
            weight -= u64::from(record.weight);
            doomed.push(record.seq);
        }
        Ok(doomed)
    }

    fn insert(&mut self, seq: u64, record: NewRecord) {
        self.weight += u64::from(record.weight);
        self.bytes += record.payload.len() as u64;
        self.id_bytes += record.id.len() as u64;
        if record.pinned {
            self.pinned.insert(seq);
        }
        self.places.insert(record.id.clone(), Place::Here(seq));
        self.records.insert(seq, Record::new(seq, record));
    }

    /// Takes a record out, and its id.
    fn take(&mut self, seq: u64) -> Option<Record> {
        let record = self.records.remove(&seq)?;
        self.weight -= u64::from(record.weight);
        self.bytes -= record.payload.len() as u64;
        self.id_bytes -= record.id.len() as u64;
        self.pinned.remove(&seq);
        self.places.remove(&record.id);
        Some(record)
    }

    /// Takes a record out, and remembers its id.
    fn lose(&mut self, seq: u64) {
        if let Some(Record { id, .. }) = self.take(seq) {
            self.id_bytes += id.len() as u64;
            self.places.insert(id.clone(), Place::Lost);
            self.lost.push_back((self.last_seq, id));
        }
    }

    fn forget(&mut self) {
        while self.lost.front().is_some_and(|(at, _)| at + REMEMBERED < self.last_seq) {
            if let Some((_, id)) = self.lost.pop_front() {
                self.id_bytes -= id.len() as u64;
                self.places.remove(&id);
            }
        }
    }
}

/// What an append did to the records.
pub(super) struct Written {
    pub(super) seqs: Vec<u64>,
    pub(super) known: Vec<bool>,
    pub(super) dropped: u64,
}

/// Records that come in reverse.
fn in_order<'r>(reversed: impl Iterator<Item = &'r Record>) -> Vec<Record> {
    let mut records: Vec<_> = reversed.cloned().collect();
    records.reverse();
    records
}

/// To the millisecond, as every store has it.
fn since_epoch() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}
