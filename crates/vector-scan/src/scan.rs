//! The index itself, without a lock, a clock or a runtime.

use cache_core::vector::{
    Attributes, Filter, GraphInfo, IndexSchema, VectorEntry, VectorId, VectorMatch, VectorQuery,
};

use crate::columns::Columns;
use crate::graph::Graphs;
use crate::guarded::search_threads;
use crate::matrix::{Matrix, padded};
use crate::plan::Plan;
use crate::rows::{NEVER, Rows};
use crate::{rows, search};

/// An index of one schema, for one thread that writes or any number that read. It compares with every
/// vector; a large one of an approximate schema may have a [graph](Self::with_approximate_above), too.
///
/// Time is a number of milliseconds that the caller counts, from any moment. Vectors are kept as
/// 32-bit floats whatever the schema's precision, which is a least one. What is given must have been
/// [checked](IndexSchema::check_entries) against the schema.
#[derive(Debug)]
pub struct Scan {
    matrix: Matrix,
    columns: Columns,
    rows: Rows,
    graphs: Option<Graphs>,
}

/// What a search may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchLimits {
    /// Threads, the one that searches included.
    pub threads: usize,
    /// Bytes that the index may take with its graph. Where it takes more, the graph goes, and never
    /// an entry.
    pub bytes: u64,
}

impl SearchLimits {
    /// All processors, and any memory.
    #[must_use]
    pub fn new() -> Self {
        Self { threads: search_threads(), bytes: u64::MAX }
    }

    /// Sets the bytes that the index may take.
    #[must_use]
    pub fn with_bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }
}

impl Default for SearchLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// An entry as a [`Scan`] takes it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ScanEntry<'e> {
    /// Its name in the index.
    pub id: &'e VectorId,
    /// As many values as the schema has dimensions, one of them at least not zero.
    pub vector: &'e [f32],
    /// What it can be filtered by and what comes back with it.
    pub attributes: &'e Attributes,
    /// The first millisecond at which it is gone; `None` is never.
    pub ends: Option<u64>,
}

impl<'e> ScanEntry<'e> {
    /// An entry that never ends.
    #[must_use]
    pub fn new(id: &'e VectorId, vector: &'e [f32], attributes: &'e Attributes) -> Self {
        Self { id, vector, attributes, ends: None }
    }

    /// An entry that is written now.
    #[must_use]
    pub fn written(entry: &'e VectorEntry, now: u64) -> Self {
        let ends = entry.ttl.as_millis().map(|life| now.saturating_add(life));
        Self::new(&entry.id, &entry.vector, &entry.attributes).with_ends(ends)
    }

    /// Sets the first millisecond at which it is gone.
    #[must_use]
    pub fn with_ends(mut self, ends: Option<u64>) -> Self {
        self.ends = ends;
        self
    }

    /// Bytes that it takes in an index.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let vector = padded(self.vector.len()) * size_of::<f32>();
        (vector + rows::bytes(self.id, self.attributes)) as u64
    }
}

impl Scan {
    /// An empty index, searched exactly.
    #[must_use]
    pub fn new(schema: &IndexSchema) -> Self {
        Self {
            matrix: Matrix::new(schema.dimensions),
            columns: Columns::new(schema),
            rows: Rows::default(),
            graphs: None,
        }
    }

    /// Has it searched by a graph of neighbours while there are more entries than this, if that is what
    /// its schema asks for; [`usize::MAX`] is never.
    ///
    /// The graph is built by threads of its own, begun by a search. Until it is there, and wherever it
    /// would not have the answer, searches compare with every vector. It is over the entries that there
    /// were when it was begun: what is written later is compared one by one, and when that and what is
    /// gone come to a fifth, the graph is built anew.
    ///
    /// Of the schema's [options](cache_core::vector::GraphOptions), the efforts are used; links are as
    /// many as a vector has neighbours in different directions, at most 64.
    #[must_use]
    pub fn with_approximate_above(mut self, schema: &IndexSchema, entries: usize) -> Self {
        self.graphs = Graphs::new(schema, entries);
        self
    }

    /// Entries there are, the expired that were not yet removed included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.matrix.rows()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the entries take, and graphs.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        (self.bytes_of_vectors() + self.rows.bytes()) as u64 + self.bytes_of_graphs()
    }

    /// Bytes that graphs take, also the one that is being built.
    #[must_use]
    pub fn bytes_of_graphs(&self) -> u64 {
        self.graphs.as_ref().map_or(0, Graphs::bytes)
    }

    /// What there is of a graph; `None` where there is never one.
    #[must_use]
    pub fn graph_info(&self) -> Option<GraphInfo> {
        self.graphs.as_ref().map(|graphs| graphs.info(self.len()))
    }

    /// Whether it takes no more than this. Where that is in the way, graphs go.
    pub fn fits(&mut self, max_bytes: u64) -> bool {
        if self.bytes() > max_bytes {
            self.graphs.iter_mut().for_each(Graphs::clear);
        }
        self.bytes() <= max_bytes
    }

    /// Bytes that the vectors of an entry take, of which a search reads all.
    #[must_use]
    pub fn bytes_per_vector(&self) -> usize {
        self.matrix.stride() * size_of::<f32>()
    }

    /// Bytes of all vectors: what a search goes through.
    #[must_use]
    pub fn bytes_of_vectors(&self) -> usize {
        self.len() * self.bytes_per_vector()
    }

    /// Adds an entry, or replaces the one of its id as a whole.
    pub fn upsert(&mut self, entry: &ScanEntry<'_>) {
        let ends = entry.ends.unwrap_or(NEVER);
        match self.rows.find(entry.id) {
            Some(row) => {
                if self.matrix.set(row, entry.vector) {
                    self.graphs.iter_mut().for_each(|graphs| graphs.replaced(row));
                }
                self.columns.set(row, entry.attributes);
                self.rows.set(row, entry.attributes.clone(), ends);
            }
            None => {
                self.matrix.push(entry.vector);
                self.graphs.iter_mut().for_each(Graphs::pushed);
                self.columns.push(entry.attributes);
                self.rows.push(entry.id.clone(), entry.attributes.clone(), ends);
            }
        }
    }

    /// Removes an entry; says whether it was there and had not ended.
    pub fn remove(&mut self, id: &VectorId, now: u64) -> bool {
        let Some(row) = self.rows.find(id) else { return false };
        let alive = self.rows.ends()[row] > now;
        self.remove_row(row);
        alive
    }

    /// How many entries have ended and are still there, counted up to `most`.
    #[must_use]
    pub fn ended(&self, now: u64, most: usize) -> usize {
        self.rows.ended_up_to(most, now)
    }

    /// Removes what has ended.
    pub fn expire(&mut self, now: u64) {
        while let Some(row) = self.rows.ended(now) {
            self.remove_row(row);
        }
    }

    /// Removes graphs, and then entries, those written first before others, while they take more than
    /// this.
    pub fn evict(&mut self, max_bytes: u64) {
        while !self.fits(max_bytes) {
            let Some(row) = self.rows.oldest() else { return };
            self.remove_row(row);
        }
    }

    /// Searches; for every query the matches in the order of the contract of
    /// [`VectorIndex`](cache_core::vector::VectorIndex).
    #[must_use]
    pub fn search(
        &self,
        queries: &[VectorQuery],
        now: u64,
        limits: SearchLimits,
    ) -> Vec<Vec<VectorMatch>> {
        let found = search::run(self, queries, now, limits);
        if let Some(graphs) = &self.graphs {
            let entries = self.bytes() - self.bytes_of_graphs();
            graphs.tend(&self.matrix, limits.bytes.saturating_sub(entries));
        }
        found
    }

    /// How many entries pass a filter.
    #[must_use]
    pub fn count(&self, filter: &Filter, now: u64) -> u64 {
        let plan = Plan::new(filter, &self.columns);
        let ends = self.rows.ends();
        (0..self.len()).filter(|&row| ends[row] > now && plan.passes(row)).count() as u64
    }

    pub(crate) fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    pub(crate) fn graphs(&self) -> Option<&Graphs> {
        self.graphs.as_ref()
    }

    fn remove_row(&mut self, row: usize) {
        self.matrix.swap_remove(row);
        self.graphs.iter_mut().for_each(|graphs| graphs.swap_removed(row));
        self.columns.swap_remove(row);
        self.rows.swap_remove(row);
    }
}
