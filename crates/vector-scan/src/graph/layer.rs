//! A graph, and what has become of its rows since.

use cache_core::vector::GraphOptions;

use super::build::Build;
use super::neighbours::Neighbours;
use crate::matrix::Matrix;

/// Of a row of the snapshot: it was removed or written again.
const GONE: u32 = u32::MAX;
/// Of a row of the index: it was written since.
const FRESH: u32 = u32::MAX;
/// A graph is built anew when one row in so many is gone or fresh.
const STALE: usize = 5;

/// A graph over the rows that there were when its building began. It follows the index from then on.
#[derive(Debug)]
pub(crate) struct Layer {
    build: Build,
    bytes: u64,
    /// Of every row of the snapshot, which it is now.
    now: Vec<u32>,
    /// Of every row now, which it was in the snapshot.
    was: Vec<u32>,
    gone: usize,
    fresh: usize,
}

impl Layer {
    pub(crate) fn start(matrix: &Matrix, options: GraphOptions) -> Self {
        let now: Vec<_> = (0..u32::try_from(matrix.rows()).unwrap_or(u32::MAX)).collect();
        let (was, bytes) = (now.clone(), Self::bytes_for(matrix));
        Self { build: Build::start(matrix.snapshot(), options), bytes, now, was, gone: 0, fresh: 0 }
    }

    /// What a graph over these rows takes.
    pub(crate) fn bytes_for(matrix: &Matrix) -> u64 {
        let row = Neighbours::bytes_per_row(matrix.stride()) + 2 * size_of::<u32>();
        (matrix.rows() * row) as u64
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn is_over(&self) -> bool {
        self.build.is_over()
    }

    pub(crate) fn graph(&self) -> Option<&Neighbours> {
        self.build.graph()
    }

    /// Entries that its graph finds.
    pub(crate) fn entries(&self) -> usize {
        self.now.len() - self.gone
    }

    pub(crate) fn is_stale(&self) -> bool {
        (self.gone + self.fresh) * STALE > self.now.len()
    }

    /// Where a row of the snapshot is now, if it is still there as it was.
    pub(crate) fn place_of(&self, row: u32) -> Option<u32> {
        Some(self.now[row as usize]).filter(|&now| now != GONE)
    }

    pub(crate) fn fresh(&self) -> usize {
        self.fresh
    }

    /// The rows that its graph does not know, in their order.
    pub(crate) fn fresh_rows(&self) -> impl Iterator<Item = u32> {
        let known = if self.fresh == 0 { &[][..] } else { &self.was[..] };
        known.iter().zip(0u32..).filter(|(was, _)| **was == FRESH).map(|(_, row)| row)
    }

    pub(crate) fn pushed(&mut self) {
        self.was.push(FRESH);
        self.fresh += 1;
    }

    /// The vector of a row is another.
    pub(crate) fn replaced(&mut self, row: usize) {
        let was = std::mem::replace(&mut self.was[row], FRESH);
        self.fresh += 1;
        self.left(was);
    }

    /// A row was removed, and the last one put in its place.
    pub(crate) fn swap_removed(&mut self, row: usize) {
        let was = self.was.swap_remove(row);
        self.left(was);
        if let Some(&moved) = self.was.get(row).filter(|was| **was != FRESH) {
            self.now[moved as usize] = u32::try_from(row).unwrap_or(GONE);
        }
    }

    fn left(&mut self, was: u32) {
        if was == FRESH {
            self.fresh -= 1;
        } else {
            self.now[was as usize] = GONE;
            self.gone += 1;
        }
    }
}
