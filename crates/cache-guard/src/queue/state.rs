//! The books of the queue. Everything here happens under its lock and takes no time.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use cache_core::{CacheKey, LeaseToken, PutEntry, StoredValue, Ttl};

use super::batch::{Item, MOST_BYTES, MOST_ENTRIES, Number, Outcome, Step};
use super::{Found, QueueSnapshot};
use crate::WriteBehind;

/// About what an entry takes beside its value.
const OVERHEAD: usize = 256;

#[derive(Debug, Default)]
pub(super) struct State {
    entries: HashMap<CacheKey, Pending>,
    order: VecDeque<Item>,
    /// The step that is being done.
    under_way: Vec<Item>,
    bytes: usize,
    next: Number,
    /// A worker runs.
    working: bool,
    written: u64,
    refused: u64,
    lost: u64,
}

/// The latest write of a key.
#[derive(Debug)]
struct Pending {
    value: StoredValue,
    expires: Option<Instant>,
    since: Instant,
    release: Option<LeaseToken>,
    number: Number,
}

pub(super) fn size(entries: &[PutEntry]) -> usize {
    entries.iter().map(|entry| entry.value.memory_bytes() + OVERHEAD).sum()
}

fn end(ttl: Ttl, now: Instant) -> Option<Instant> {
    now.checked_add(ttl.as_duration()?)
}

impl Pending {
    fn size(&self) -> usize {
        self.value.memory_bytes() + OVERHEAD
    }

    fn is_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    /// What is left of its life. An expired one is written all the same, for the shortest time:
    /// it replaces what the store has.
    fn ttl(&self, now: Instant) -> Ttl {
        let left = |end: Instant| end.saturating_duration_since(now).max(Duration::from_millis(1));
        self.expires.map_or(Ttl::FOREVER, |end| Ttl::new(left(end)).unwrap_or(Ttl::FOREVER))
    }
}

impl State {
    pub(super) fn snapshot(&self) -> QueueSnapshot {
        QueueSnapshot {
            entries: self.entries.len(),
            bytes: self.bytes,
            written: self.written,
            refused: self.refused,
            lost: self.lost,
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether it knows of no entry.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &CacheKey> {
        self.entries.keys()
    }

    pub(super) fn value(&self, key: &CacheKey, now: Instant) -> Option<Found> {
        let pending = self.entries.get(key)?;
        Some((!pending.is_expired(now)).then(|| pending.value.clone()))
    }

    /// Takes entries in, all or none.
    pub(super) fn push(
        &mut self,
        entries: &[PutEntry],
        release: Option<LeaseToken>,
        bounds: &WriteBehind,
        now: Instant,
    ) -> bool {
        let known = |entry: &&PutEntry| self.entries.contains_key(&entry.key);
        let replaced = entries.iter().filter(known).count();
        if self.entries.len() + entries.len() - replaced > bounds.max_entries
            || self.bytes.saturating_add(size(entries)) > bounds.max_bytes
        {
            self.refused += entries.len() as u64;
            return false;
        }
        for entry in entries {
            self.push_one(entry, release, now);
        }
        true
    }

    fn push_one(&mut self, entry: &PutEntry, release: Option<LeaseToken>, now: Instant) {
        let old = self.entries.get(&entry.key);
        let release = release.or(old.and_then(|old| old.release));
        let waiting = old.map(|old| old.number);
        let waiting = waiting.filter(|_| !self.is_under_way(&entry.key));
        let number = waiting.unwrap_or(self.next);
        if waiting.is_none() {
            self.next += 1;
            self.order.push_back(Item::Write { key: entry.key.clone(), number });
        }
        let value = entry.value.clone();
        let expires = end(entry.ttl, now);
        let pending = Pending { value, expires, since: now, release, number };
        self.bytes += pending.size();
        if let Some(old) = self.entries.insert(entry.key.clone(), pending) {
            self.bytes -= old.size();
        }
    }

    pub(super) fn push_release(
        &mut self,
        keys: &[CacheKey],
        token: LeaseToken,
        bounds: &WriteBehind,
    ) -> bool {
        let idle = self.order.is_empty() && self.under_way.is_empty();
        if idle || self.order.len() >= bounds.max_entries.saturating_mul(2) {
            return false;
        }
        let number = self.next;
        self.next += 1;
        self.order.push_back(Item::Release { keys: keys.to_vec(), token, number });
        true
    }

    /// Gives a waiting entry a new time to live; `None` when there is none.
    pub(super) fn touch(&mut self, key: &CacheKey, ttl: Ttl, now: Instant) -> Option<bool> {
        let pending = self.entries.get_mut(key)?;
        let alive = !pending.is_expired(now);
        if alive {
            pending.expires = end(ttl, now);
        }
        Some(alive)
    }

    /// Removes entries, and then their places in the order.
    pub(super) fn remove(&mut self, removing: impl FnOnce(&mut Removal<'_>)) {
        let mut removal = Removal { state: self, any: false };
        removing(&mut removal);
        if removal.any {
            let entries = &self.entries;
            self.order.retain(|item| match item {
                Item::Write { key, number } => is_current(entries, key, *number),
                Item::Release { .. } => true,
            });
        }
    }

    pub(super) fn is_under_way(&self, key: &CacheKey) -> bool {
        self.any_under_way(|other| other == key)
    }

    pub(super) fn any_under_way(&self, is: impl Fn(&CacheKey) -> bool) -> bool {
        self.under_way.iter().any(|item| matches!(item, Item::Write { key, .. } if is(key)))
    }

    /// A number that all later calls are not below.
    pub(super) fn mark(&self) -> Number {
        self.next
    }

    pub(super) fn is_done_before(&self, mark: Number) -> bool {
        let mut first = self.under_way.first().into_iter().chain(self.order.front());
        first.all(|item| item.number() >= mark)
    }

    /// Drops everything that is not under way.
    pub(super) fn give_up(&mut self) {
        self.lost += self.order.iter().filter(|i| matches!(i, Item::Write { .. })).count() as u64;
        self.order.clear();
        let kept: Vec<_> = self.under_way.iter().map(Item::number).collect();
        self.entries.retain(|_, pending| kept.contains(&pending.number));
        self.bytes = self.entries.values().map(Pending::size).sum();
    }

    /// Whether a worker is to be started.
    pub(super) fn start(&mut self) -> bool {
        !std::mem::replace(&mut self.working, true)
    }

    /// Whether there is nothing to do; the worker then ends.
    pub(super) fn rest(&mut self, keep: Duration, now: Instant) -> bool {
        self.drop_old(keep, now);
        self.working = !self.order.is_empty();
        !self.working
    }

    /// Drops writes that could not be made for too long.
    fn drop_old(&mut self, keep: Duration, now: Instant) {
        let too_old = |pending: &Pending| now.saturating_duration_since(pending.since) > keep;
        while let Some(Item::Write { key, number }) = self.order.front() {
            match self.entries.get(key).filter(|pending| pending.number == *number) {
                Some(pending) if too_old(pending) => {
                    let key = key.clone();
                    self.forget(&key);
                    self.lost += 1;
                }
                Some(_) => return,
                None => {}
            }
            self.order.pop_front();
        }
    }

    fn forget(&mut self, key: &CacheKey) {
        if let Some(old) = self.entries.remove(key) {
            self.bytes -= old.size();
        }
    }

    /// The next step, which is under way from now on.
    pub(super) fn begin(&mut self, now: Instant) -> Option<Step> {
        if let Some(Item::Release { .. }) = self.order.front()
            && let Some(item) = self.order.pop_front()
            && let Item::Release { keys, token, .. } = &item
        {
            let step = Step::Release { keys: keys.clone(), token: *token };
            self.under_way = vec![item];
            return Some(step);
        }
        let (mut entries, mut bytes, mut release) = (Vec::new(), 0, None);
        while let Some(Item::Write { key, number }) = self.order.front() {
            let Some(pending) = self.entries.get(key).filter(|p| p.number == *number) else {
                self.order.pop_front();
                continue;
            };
            let full = entries.len() >= MOST_ENTRIES || bytes + pending.size() > MOST_BYTES;
            if !entries.is_empty() && (full || pending.release != release) {
                break;
            }
            release = pending.release;
            bytes += pending.size();
            entries.push(PutEntry::new(key.clone(), pending.value.clone(), pending.ttl(now)));
            self.under_way.extend(self.order.pop_front());
        }
        (!entries.is_empty()).then_some(Step::Write { entries, release })
    }

    /// What was under way has ended.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        let items = std::mem::take(&mut self.under_way);
        match outcome {
            Outcome::Again => self.put_back(items),
            Outcome::Done => self.written += self.close(items),
            Outcome::Never => self.lost += self.close(items),
        }
    }

    fn put_back(&mut self, items: Vec<Item>) {
        for item in items.into_iter().rev() {
            match &item {
                Item::Write { key, number } if !is_current(&self.entries, key, *number) => {}
                _ => self.order.push_front(item),
            }
        }
    }

    /// Forgets entries, except those that were replaced meanwhile; says how many there were.
    fn close(&mut self, items: Vec<Item>) -> u64 {
        let mut closed = 0;
        for item in items {
            if let Item::Write { key, number } = item {
                closed += 1;
                if is_current(&self.entries, &key, number) {
                    self.forget(&key);
                }
            }
        }
        closed
    }

    /// The worker is gone, wherever it was.
    pub(super) fn stop(&mut self) {
        self.finish(Outcome::Again);
        self.working = false;
    }
}

fn is_current(entries: &HashMap<CacheKey, Pending>, key: &CacheKey, number: Number) -> bool {
    entries.get(key).is_some_and(|pending| pending.number == number)
}

/// Entries being removed.
pub(super) struct Removal<'s> {
    state: &'s mut State,
    any: bool,
}

impl Removal<'_> {
    /// Removes an entry: whether it was alive, and whose lease was to end with its write.
    pub(super) fn take(
        &mut self,
        key: &CacheKey,
        now: Instant,
    ) -> Option<(bool, Option<LeaseToken>)> {
        let pending = self.state.entries.get(key)?;
        let taken = (!pending.is_expired(now), pending.release);
        self.state.forget(key);
        self.any = true;
        Some(taken)
    }
}
