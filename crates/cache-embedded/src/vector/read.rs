//! Reading indexes: what has changed, or all, a part at a time.

use cache_core::Namespace;
use cache_core::vector::{IndexSchema, VectorEntry, VectorId};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Params};
use vector_scan::{Scan, ScanEntry};

use super::row::{COLUMNS, Stored};
use super::table::{Expected, Index, names_of};

/// What is read at a time: those who wait for a thread that reads do not wait long.
const BYTES_AT_ONCE: usize = 1 << 20;
/// What a row takes besides what it holds.
const BYTES_OF_ROW: usize = 64;

const CHANGED: &str = "FROM vectors INDEXED BY vectors_by_change
    WHERE index_id = ?1 AND change > ?2 ORDER BY change";
const AFTER: &str = "FROM vectors WHERE index_id = ?1 AND id > ?2 ORDER BY id";
const REMOVED: &str =
    "SELECT id FROM removed_vectors WHERE index_id = ?1 AND change > ?2 AND change <= ?3";
const OF_NAMESPACE: &str = "FROM vectors WHERE index_id IN
        (SELECT id FROM vector_indexes WHERE name >= ?1 AND name < ?2)
    ORDER BY change DESC LIMIT ?3";

/// How far an index is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seen {
    /// Up to the change of this number; nothing at 0.
    pub(super) change: i64,
    /// Reading began when this was the last change. What was removed before was never read.
    since: i64,
    /// When the last was read, there were no more.
    pub(super) complete: bool,
}

/// Changes of an index, those of some megabyte.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) from: Seen,
    pub(super) to: Seen,
    /// Removed before anything was written that is among these changes.
    pub(super) removed: Vec<VectorId>,
    /// Entries, and when they end.
    pub(super) written: Vec<(VectorEntry, Option<u64>)>,
    pub(super) damaged: u64,
    pub(super) bytes: usize,
}

impl Changes {
    fn after(from: Seen) -> Self {
        let (removed, written) = (Vec::new(), Vec::new());
        Self { from, to: from, removed, written, damaged: 0, bytes: 0 }
    }

    fn add(&mut self, row: &Stored<'_>, schema: &IndexSchema) {
        self.to.change = row.change;
        self.bytes += row.len() + BYTES_OF_ROW;
        match row.unpack(schema) {
            Some(written) => self.written.push(written),
            None => {
                self.damaged += 1;
                // What it has replaced is gone all the same.
                self.removed.extend(row.id());
            }
        }
    }
}

/// What has changed in the index of this id since it was known; `None` when that cannot be told, for it
/// is not there any more, or too many removals were missed.
pub(super) fn changes(
    sql: &Connection,
    expected: &Expected,
    id: i64,
    from: Seen,
) -> rusqlite::Result<Option<Changes>> {
    let snapshot = sql.unchecked_transaction()?;
    let index = Index::find(&snapshot, expected)?.filter(|index| index.id == id);
    let Some(index) = index else { return Ok(None) };
    let mut changes = Changes::after(from);
    if from.change == 0 {
        changes.to.since = index.changes;
    }
    if from.change.max(changes.to.since) < index.forgotten {
        return Ok(None);
    }
    changes.to.complete = read(&snapshot, CHANGED, (id, from.change), |row| {
        changes.add(row, &expected.schema);
        changes.bytes < BYTES_AT_ONCE
    })?;
    if changes.to.complete {
        changes.to.change = index.changes;
    }
    changes.removed.extend(removed(&snapshot, id, from.change, changes.to.change)?);
    snapshot.commit()?;
    Ok(Some(changes))
}

fn removed(sql: &Connection, id: i64, from: i64, to: i64) -> rusqlite::Result<Vec<VectorId>> {
    let mut statement = sql.prepare_cached(REMOVED)?;
    let ids = statement.query_map((id, from, to), |row| {
        let id = str::from_utf8(row.get_ref(0)?.as_bytes()?).ok();
        Ok(id.and_then(|id| VectorId::new(id).ok()))
    })?;
    ids.filter_map(Result::transpose).collect()
}

/// Some entries of an index, of which others come after.
pub(super) struct Part {
    pub(super) scan: Scan,
    pub(super) damaged: u64,
    /// The id, as stored, after which the next part begins; `None` when this is the last.
    pub(super) next: Option<Vec<u8>>,
}

/// The entries of an index whose ids come after this one, those of some megabyte. Whoever reads part
/// after part meets every entry once that is there all the while.
pub(super) fn part(
    sql: &Connection,
    schema: &IndexSchema,
    id: i64,
    after: &[u8],
) -> rusqlite::Result<Part> {
    let mut part = Part { scan: Scan::new(schema), damaged: 0, next: None };
    let (mut bytes, mut last) = (0, Vec::new());
    let after = ToSqlOutput::Borrowed(ValueRef::Text(after));
    let complete = read(sql, AFTER, (id, after), |row| {
        bytes += row.len() + BYTES_OF_ROW;
        row.id.clone_into(&mut last);
        match row.unpack(schema) {
            Some((entry, ends)) => part.scan.upsert(&as_scanned(&entry, ends)),
            None => part.damaged += 1,
        }
        bytes < BYTES_AT_ONCE
    })?;
    part.next = (!complete).then_some(last);
    Ok(part)
}

/// An entry as a scan takes it.
pub(super) fn as_scanned(entry: &VectorEntry, ends: Option<u64>) -> ScanEntry<'_> {
    ScanEntry::new(&entry.id, &entry.vector, &entry.attributes).with_ends(ends)
}

/// What looking at some rows came to.
#[derive(Debug, Default)]
pub(crate) struct Inspection {
    pub(crate) looked_at: u64,
    pub(crate) damaged: u64,
}

/// Looks at the entries of a namespace that were written last, at most so many.
pub(crate) fn inspect(
    sql: &Connection,
    namespace: &Namespace,
    most: usize,
) -> rusqlite::Result<Inspection> {
    let (start, end) = names_of(namespace);
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut found = Inspection::default();
    read(sql, OF_NAMESPACE, (start, end, limit), |row| {
        found.looked_at += 1;
        found.damaged += u64::from(!row.verifies());
        true
    })?;
    Ok(found)
}

/// Shows rows until `show` has enough; says whether there are no more.
fn read(
    sql: &Connection,
    which: &str,
    parameters: impl Params,
    mut show: impl FnMut(&Stored<'_>) -> bool,
) -> rusqlite::Result<bool> {
    let statement = format!("SELECT {COLUMNS} {which}");
    let mut statement: CachedStatement<'_> = sql.prepare_cached(&statement)?;
    let mut rows = statement.query(parameters)?;
    let mut wanted = true;
    while let Some(row) = rows.next()? {
        if !wanted {
            return Ok(false);
        }
        wanted = show(&Stored::read(row)?);
    }
    Ok(true)
}
