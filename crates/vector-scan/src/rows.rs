//! What belongs to a row besides its vector: id, attributes, end, age.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cache_core::vector::{AttributeValue, Attributes, VectorId};

/// The end of what never ends.
pub(crate) const NEVER: u64 = u64::MAX;

/// What an entry takes besides vector, id and attributes: its places in tables. Estimated.
const OVERHEAD: usize = 320;
/// What attributes take besides their content: a node of a tree, and labels. Estimated.
const OVERHEAD_OF_ATTRIBUTES: usize = 560;

/// A row without its vector.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: VectorId,
    pub(crate) attributes: Attributes,
    /// Its place in the order of writes.
    serial: u64,
    ends: u64,
}

impl Row {
    fn bytes(&self) -> usize {
        bytes(&self.id, &self.attributes)
    }
}

/// What an entry takes besides its vector.
pub(crate) fn bytes(id: &VectorId, attributes: &Attributes) -> usize {
    // Attributes are there as they came and as the columns have them.
    let content: usize = attributes.values().map(AttributeValue::len).sum();
    let around = if attributes.is_empty() { 0 } else { OVERHEAD_OF_ATTRIBUTES };
    OVERHEAD + id.as_str().len() + around + 2 * content
}

/// All rows, in the order of the matrix.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    /// Of every row, apart from the rest because every search reads them all.
    ends: Vec<u64>,
    by_id: HashMap<VectorId, u32>,
    by_age: BTreeMap<u64, VectorId>,
    by_end: BTreeSet<(u64, VectorId)>,
    next_serial: u64,
    bytes: usize,
}

impl Rows {
    pub(crate) fn get(&self, row: usize) -> &Row {
        &self.rows[row]
    }

    pub(crate) fn find(&self, id: &VectorId) -> Option<usize> {
        self.by_id.get(id).map(|&row| row as usize)
    }

    pub(crate) fn ends(&self) -> &[u64] {
        &self.ends
    }

    /// Bytes of all rows.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn push(&mut self, id: VectorId, attributes: Attributes, ends: u64) {
        let number = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.by_id.insert(id.clone(), number);
        let row = self.enter(id, attributes, ends);
        self.rows.push(row);
        self.ends.push(ends);
    }

    /// Replaces a row by one of the same id.
    pub(crate) fn set(&mut self, row: usize, attributes: Attributes, ends: u64) {
        let id = self.rows[row].id.clone();
        let new = self.enter(id, attributes, ends);
        let old = std::mem::replace(&mut self.rows[row], new);
        self.ends[row] = ends;
        self.leave(&old);
    }

    /// Removes a row and puts the last one in its place.
    pub(crate) fn swap_remove(&mut self, row: usize) {
        let old = self.rows.swap_remove(row);
        self.ends.swap_remove(row);
        self.by_id.remove(&old.id);
        self.leave(&old);
        if let Some(moved) = self.rows.get(row) {
            let number = u32::try_from(row).unwrap_or(u32::MAX);
            self.by_id.insert(moved.id.clone(), number);
        }
    }

    /// The row that was written first.
    pub(crate) fn oldest(&self) -> Option<usize> {
        self.by_age.values().next().and_then(|id| self.find(id))
    }

    /// The row that ends first, if it has ended.
    pub(crate) fn ended(&self, now: u64) -> Option<usize> {
        let (ends, id) = self.by_end.first()?;
        if *ends <= now { self.find(id) } else { None }
    }

    /// How many rows have ended, counted up to `most`.
    pub(crate) fn ended_up_to(&self, most: usize, now: u64) -> usize {
        self.by_end.iter().take_while(|(ends, _)| *ends <= now).take(most).count()
    }

    fn enter(&mut self, id: VectorId, attributes: Attributes, ends: u64) -> Row {
        let row = Row { id, attributes, serial: self.next_serial, ends };
        self.next_serial += 1;
        self.by_age.insert(row.serial, row.id.clone());
        if ends != NEVER {
            self.by_end.insert((ends, row.id.clone()));
        }
        self.bytes += row.bytes();
        row
    }

    fn leave(&mut self, row: &Row) {
        self.by_age.remove(&row.serial);
        // Another row of the same id and end may have taken its place.
        let again = self.find(&row.id).is_some_and(|now| self.ends[now] == row.ends);
        if row.ends != NEVER && !again {
            self.by_end.remove(&(row.ends, row.id.clone()));
        }
        self.bytes -= row.bytes();
    }
}
