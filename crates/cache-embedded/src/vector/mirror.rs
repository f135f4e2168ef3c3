//! Indexes of the file in this process's memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cache_core::CacheError;
use cache_core::vector::IndexName;
use vector_scan::{Guarded, Scan, off_runtime};

use super::read::{Changes, Seen, as_scanned};
use super::table::{Expected, Index};
use crate::clock;

/// All mirrors of a backend, bounded together.
#[derive(Debug)]
pub(crate) struct Mirrors {
    max_bytes: u64,
    approximate_above: usize,
    mirrors: Mutex<HashMap<IndexName, Arc<Mirror>>>,
    uses: AtomicU64,
    damaged: AtomicU64,
}

/// An index as far as it was read from the file. It only moves on; what cannot move on is replaced by
/// another, so that those who search it are not disturbed.
#[derive(Debug)]
pub(super) struct Mirror {
    /// The index's id in the file.
    pub(super) index: i64,
    pub(super) scan: Arc<Guarded<Scan>>,
    /// Held by whoever brings it up to date.
    pub(super) turn: tokio::sync::Mutex<()>,
    seen: Mutex<Seen>,
    bytes: AtomicU64,
    /// Bytes of its graph.
    graph: AtomicU64,
    last_use: AtomicU64,
}

impl Mirrors {
    pub(crate) fn new(max_bytes: u64, approximate_above: usize) -> Self {
        let (uses, damaged) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { max_bytes, approximate_above, mirrors: Mutex::default(), uses, damaged }
    }

    pub(crate) fn damaged_rows(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Counts damaged rows and logs them.
    pub(super) fn count_damaged(&self, name: &IndexName, rows: u64) {
        if rows > 0 {
            self.damaged.fetch_add(rows, Ordering::Relaxed);
            tracing::warn!(index = %name, rows, "damaged entries of a vector index are skipped");
        }
    }

    /// Whether an index may have a mirror.
    pub(super) fn has_room_for(&self, index: &Index) -> bool {
        index.bytes.unsigned_abs() <= self.max_bytes
    }

    /// What the mirror of this index may take with its graph: what others leave.
    pub(super) fn room_for(&self, name: &IndexName) -> u64 {
        let others = self.all();
        let others = others.iter().filter(|(other, _)| *other != name);
        self.max_bytes.saturating_sub(others.map(|(_, mirror)| mirror.bytes()).sum())
    }

    /// The mirror of an index, if it is here.
    pub(super) fn find(&self, name: &IndexName) -> Option<Arc<Mirror>> {
        self.all().get(name).cloned()
    }

    /// The mirror of an index, empty if there was none. Others make room for it.
    pub(super) async fn provide(
        &self,
        expected: &Expected,
        index: &Index,
    ) -> Result<Arc<Mirror>, CacheError> {
        let (mirror, displaced) = self.provide_at_once(expected, index);
        discard(displaced).await?;
        Ok(mirror)
    }

    /// Lets go of what is kept of the index of this name.
    pub(super) async fn forget(&self, name: &IndexName) -> Result<(), CacheError> {
        let forgotten = self.all().remove(name);
        discard(forgotten.into_iter().collect()).await
    }

    fn provide_at_once(
        &self,
        expected: &Expected,
        index: &Index,
    ) -> (Arc<Mirror>, Vec<Arc<Mirror>>) {
        let mut mirrors = self.all();
        let mut displaced = Vec::new();
        let known = mirrors.get(&expected.name).filter(|mirror| mirror.index == index.id);
        let mirror = known.cloned().unwrap_or_else(|| {
            let mirror = Arc::new(Mirror::new(expected, index.id, self.approximate_above));
            displaced.extend(mirrors.insert(expected.name.clone(), Arc::clone(&mirror)));
            mirror
        });
        mirror.bytes.store(index.bytes.unsigned_abs(), Ordering::Relaxed);
        mirror.last_use.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        displaced.extend(self.make_room(&mut mirrors, &expected.name));
        (mirror, displaced)
    }

    /// Takes out those searched least recently, while all are too large.
    fn make_room(
        &self,
        mirrors: &mut HashMap<IndexName, Arc<Mirror>>,
        needed: &IndexName,
    ) -> Vec<Arc<Mirror>> {
        let mut displaced = Vec::new();
        while mirrors.values().map(|mirror| mirror.bytes()).sum::<u64>() > self.max_bytes {
            let others = mirrors.iter().filter(|(name, _)| *name != needed);
            let least = others.min_by_key(|(_, mirror)| mirror.last_use.load(Ordering::Relaxed));
            let Some(name) = least.map(|(name, _)| name.clone()) else { break };
            displaced.extend(mirrors.remove(&name));
        }
        displaced
    }

    fn all(&self) -> MutexGuard<'_, HashMap<IndexName, Arc<Mirror>>> {
        self.mirrors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mirror {
    fn new(expected: &Expected, index: i64, approximate_above: usize) -> Self {
        let scan = Scan::new(&expected.schema);
        let scan = scan.with_approximate_above(&expected.schema, approximate_above);
        Self {
            index,
            scan: Arc::new(Guarded::new(scan)),
            turn: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
            bytes: AtomicU64::new(0),
            graph: AtomicU64::new(0),
            last_use: AtomicU64::new(0),
        }
    }

    /// What it takes, as far as is known.
    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed) + self.graph.load(Ordering::Relaxed)
    }

    /// Searches have changed what its graph takes, or may have.
    pub(super) fn note_graph(&self, bytes: u64) {
        self.graph.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn seen(&self) -> Seen {
        *self.lock_seen()
    }

    /// Whether it has all that the index had up to this change.
    pub(super) fn has_all(&self, changes: i64) -> bool {
        let seen = self.seen();
        seen.complete && seen.change >= changes
    }

    /// Moves on, if it is where these changes begin; says whether it was. It may not be, when somebody
    /// who has moved it on was cancelled meanwhile.
    pub(super) async fn apply(self: &Arc<Self>, changes: Changes) -> Result<bool, CacheError> {
        let (mirror, bytes) = (Arc::clone(self), changes.bytes);
        self.scan
            .write(
                |_| bytes,
                move |scan| {
                    if mirror.seen() != changes.from {
                        return false;
                    }
                    let now = clock::millis().unsigned_abs();
                    scan.expire(now);
                    for id in &changes.removed {
                        scan.remove(id, now);
                    }
                    for (entry, ends) in &changes.written {
                        scan.upsert(&as_scanned(entry, *ends));
                    }
                    *mirror.lock_seen() = changes.to;
                    true
                },
            )
            .await
    }

    fn lock_seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the memory of mirrors back, of those that are still searched not yet.
async fn discard(mirrors: Vec<Arc<Mirror>>) -> Result<(), CacheError> {
    for mirror in mirrors.into_iter().filter_map(Arc::into_inner) {
        let bytes = mirror.bytes();
        off_runtime(usize::try_from(bytes).unwrap_or(usize::MAX), move || drop(mirror)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use cache_core::Namespace;
    use cache_core::vector::IndexSchema;

    use super::*;

    fn index(id: i64, bytes: i64) -> Index {
        Index { id, schema: String::new(), bytes, changes: 0, forgotten: 0 }
    }

    #[test]
    fn those_searched_least_recently_make_room() {
        let mirrors = Mirrors::new(1_000, usize::MAX);
        let named = |name: &str| IndexName::new(Namespace::default(), name).unwrap();
        let displaced_by = |name: &str, index: Index| {
            let expected = Expected::new(&named(name), &IndexSchema::new(4).unwrap());
            let (mirror, displaced) = mirrors.provide_at_once(&expected, &index);
            assert_eq!(mirror.index, index.id);
            displaced.iter().map(|mirror| mirror.index).collect::<Vec<_>>()
        };
        assert_eq!(displaced_by("a", index(1, 400)), [0; 0]);
        assert_eq!(displaced_by("b", index(2, 400)), [0; 0]);
        assert_eq!(displaced_by("a", index(1, 500)), [0; 0], "it has grown");
        assert_eq!(displaced_by("c", index(3, 300)), [2]);
        assert_eq!(displaced_by("c", index(4, 300)), [3], "another index of the same name");
        assert_eq!(displaced_by("a", index(1, 1_000)), [4]);
        assert_eq!(displaced_by("a", index(1, 300)), [0; 0]);
        mirrors.find(&named("a")).unwrap().note_graph(400);
        assert_eq!([mirrors.room_for(&named("a")), mirrors.room_for(&named("b"))], [1_000, 300]);
        assert_eq!(displaced_by("b", index(2, 301)), [1], "a graph takes room, too");
        assert!(mirrors.has_room_for(&index(1, 1_000)) && !mirrors.has_room_for(&index(1, 1_001)));
    }
}
