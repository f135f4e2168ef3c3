//! All logs in memory: by key, by group in the order of recency, by expiry.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use super::journal::Journal;
use crate::{LogGroup, LogKey};

/// What is known of a log's place among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    /// Higher is more recently appended to; no two logs share it.
    rank: u64,
    expires_at: Option<Instant>,
    bytes: u64,
}

pub(super) struct Shelf {
    logs: HashMap<LogKey, (Slot, Journal)>,
    groups: HashMap<LogGroup, BTreeMap<u64, LogKey>>,
    by_rank: BTreeMap<u64, LogKey>,
    by_expiry: BTreeMap<(Instant, u64), LogKey>,
    last_rank: u64,
    bytes: u64,
    max_bytes: u64,
}

impl Shelf {
    pub(super) fn new(max_bytes: u64) -> Self {
        Self {
            logs: HashMap::new(),
            groups: HashMap::new(),
            by_rank: BTreeMap::new(),
            by_expiry: BTreeMap::new(),
            last_rank: 0,
            bytes: 0,
            max_bytes,
        }
    }

    /// Removes what has expired.
    pub(super) fn sweep(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.by_expiry.first_entry().filter(|e| e.key().0 <= now) {
            let key = entry.get().clone();
            self.take(&key);
        }
    }

    pub(super) fn get(&self, key: &LogKey) -> Option<&Journal> {
        self.logs.get(key).map(|(_, journal)| journal)
    }

    pub(super) fn get_mut(&mut self, key: &LogKey) -> Option<&mut Journal> {
        self.logs.get_mut(key).map(|(_, journal)| journal)
    }

    /// Takes a log out.
    pub(super) fn take(&mut self, key: &LogKey) -> Option<Journal> {
        let (slot, journal) = self.logs.remove(key)?;
        self.unlist(key, slot);
        Some(journal)
    }

    /// Puts a new log in as the most recent one.
    pub(super) fn put(&mut self, key: &LogKey, journal: Journal) {
        let slot = self.slot(self.last_rank + 1, &journal);
        self.list(key, slot);
        self.logs.insert(key.clone(), (slot, journal));
        self.make_room();
    }

    /// Writes down the expiry and the size of a log that was changed in its place, and that it is
    /// the most recent one where it was appended to.
    pub(super) fn update(&mut self, key: &LogKey, appended: bool) {
        let Some((old, journal)) = self.logs.get(key) else { return };
        let old = *old;
        let new = self.slot(if appended { self.last_rank + 1 } else { old.rank }, journal);
        if old == new {
            return;
        }
        self.unlist(key, old);
        self.list(key, new);
        if let Some((slot, _)) = self.logs.get_mut(key) {
            *slot = new;
        }
        self.make_room();
    }

    /// What all logs together take.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What all logs together may take, and so one alone.
    pub(super) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// The logs of a group, the most recent first.
    pub(super) fn of(&self, group: &LogGroup) -> impl Iterator<Item = &LogKey> {
        self.groups.get(group).into_iter().flat_map(|keys| keys.values().rev())
    }

    /// All groups that have logs.
    pub(super) fn groups(&self) -> impl Iterator<Item = &LogGroup> {
        self.groups.keys()
    }

    pub(super) fn count(&self, group: &LogGroup) -> u64 {
        self.groups.get(group).map_or(0, |keys| keys.len() as u64)
    }

    fn slot(&self, rank: u64, journal: &Journal) -> Slot {
        Slot { rank, expires_at: journal.expires_at(), bytes: journal.memory_bytes() }
    }

    /// Drops whole logs, the least recent first, until the others fit.
    fn make_room(&mut self) {
        while self.bytes > self.max_bytes {
            let Some(oldest) = self.by_rank.values().next().cloned() else { break };
            self.take(&oldest);
        }
    }

    fn list(&mut self, key: &LogKey, slot: Slot) {
        self.last_rank = self.last_rank.max(slot.rank);
        self.bytes += slot.bytes;
        self.by_rank.insert(slot.rank, key.clone());
        self.groups.entry(key.group().clone()).or_default().insert(slot.rank, key.clone());
        if let Some(at) = slot.expires_at {
            self.by_expiry.insert((at, slot.rank), key.clone());
        }
    }

    fn unlist(&mut self, key: &LogKey, slot: Slot) {
        self.bytes -= slot.bytes;
        self.by_rank.remove(&slot.rank);
        if let Some(keys) = self.groups.get_mut(key.group()) {
            keys.remove(&slot.rank);
            if keys.is_empty() {
                self.groups.remove(key.group());
            }
        }
        if let Some(at) = slot.expires_at {
            self.by_expiry.remove(&(at, slot.rank));
        }
    }
}
