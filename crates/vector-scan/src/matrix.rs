//! Vectors of unit length, densely packed.

use std::sync::Arc;

use crate::dot::LANES;

/// Of a full block: a copy of one is soon made, and a thread has something to do.
const BLOCK_BYTES: usize = 1 << 20;

/// Rows in blocks, each but the last one full. Blocks never move, so that an index grows without
/// being copied. A block that a [`Snapshot`] has is copied when it is changed.
#[derive(Debug)]
pub(crate) struct Matrix {
    stride: usize,
    rows_per_block: usize,
    rows: usize,
    blocks: Vec<Arc<Vec<f32>>>,
}

/// The rows of a matrix at one moment. Keep it only for a moment: blocks that are changed meanwhile are
/// there twice.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Floats of a row.
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    /// The rows, one behind the other.
    pub(crate) blocks: Vec<Arc<Vec<f32>>>,
}

impl Matrix {
    pub(crate) fn new(dimensions: usize) -> Self {
        let stride = padded(dimensions);
        let rows_per_block = (BLOCK_BYTES / (stride * size_of::<f32>())).max(16);
        Self { stride, rows_per_block, rows: 0, blocks: Vec::new() }
    }

    /// Floats of a row, padding included.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The blocks with the number of their first row.
    pub(crate) fn blocks(&self) -> impl ExactSizeIterator<Item = (usize, &[f32])> {
        let per_block = self.rows_per_block;
        self.blocks.iter().enumerate().map(move |(i, block)| (i * per_block, block.as_slice()))
    }

    /// The block of a row, and the number of its first row.
    pub(crate) fn block_of(&self, row: usize) -> (usize, &[f32]) {
        let block = row / self.rows_per_block;
        (block * self.rows_per_block, &self.blocks[block])
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot { stride: self.stride, rows: self.rows, blocks: self.blocks.clone() }
    }

    /// Adds a row behind the others.
    pub(crate) fn push(&mut self, vector: &[f32]) {
        if self.rows.is_multiple_of(self.rows_per_block) {
            self.blocks.push(Arc::default());
        }
        let (full, stride) = (self.rows_per_block * self.stride, self.stride);
        if let Some(block) = self.blocks.last_mut().map(Arc::make_mut) {
            if block.len() == block.capacity() {
                block.reserve_exact(block.len().max(4 * stride).min(full - block.len()));
            }
            block.extend(unit(vector, stride));
            self.rows += 1;
        }
    }

    /// Replaces a row; says whether it was another.
    pub(crate) fn set(&mut self, row: usize, vector: &[f32]) -> bool {
        let (stride, block) = (self.stride, &mut self.blocks[row / self.rows_per_block]);
        let place = (row % self.rows_per_block) * stride..(row % self.rows_per_block + 1) * stride;
        let is_other = !unit(vector, stride).eq(block[place.clone()].iter().copied());
        if is_other {
            let target = &mut Arc::make_mut(block)[place];
            target.iter_mut().zip(unit(vector, stride)).for_each(|(to, from)| *to = from);
        }
        is_other
    }

    /// Removes a row and puts the last one in its place.
    pub(crate) fn swap_remove(&mut self, row: usize) {
        let Some(last_block) = self.blocks.last_mut() else { return };
        let last = last_block.len() - self.stride;
        let last = Arc::make_mut(last_block).split_off(last);
        if last_block.is_empty() {
            self.blocks.pop();
        }
        self.rows -= 1;
        if row < self.rows {
            let start = (row % self.rows_per_block) * self.stride;
            let target = Arc::make_mut(&mut self.blocks[row / self.rows_per_block]);
            target[start..start + self.stride].copy_from_slice(&last);
        }
    }
}

/// Floats of a row of so many dimensions, padding included.
pub(crate) fn padded(dimensions: usize) -> usize {
    dimensions.next_multiple_of(LANES)
}

/// A vector scaled to length 1 and padded with zeros. Its length is computed in double precision,
/// where no float's square overflows or vanishes.
pub(crate) fn unit(vector: &[f32], stride: usize) -> impl Iterator<Item = f32> {
    let norm = vector.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
    #[expect(clippy::cast_possible_truncation, reason = "at most 1, to be rounded to a float")]
    let scaled = vector.iter().map(move |&v| (f64::from(v) / norm) as f32);
    scaled.chain(std::iter::repeat_n(0.0, stride - vector.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row that tells its number by its direction.
    fn row(i: u16) -> [f32; 3] {
        let (sin, cos) = (f32::from(i) / 10_000.0).sin_cos();
        [cos, sin, 0.0]
    }

    fn number(block: &[f32], at: usize) -> u16 {
        let angle = block[at * LANES + 1].atan2(block[at * LANES]);
        (0..60_000).find(|&i| (f32::from(i) / 10_000.0 - angle).abs() < 2e-5).unwrap()
    }

    #[test]
    fn rows_are_replaced_by_the_last_across_blocks() {
        let mut matrix = Matrix::new(3);
        let per_block = matrix.rows_per_block;
        let count = u16::try_from(per_block + 2).unwrap();
        (0..count).for_each(|i| matrix.push(&row(i)));
        assert_eq!((matrix.rows(), matrix.blocks.len()), (per_block + 2, 2));
        matrix.swap_remove(1);
        matrix.swap_remove(per_block);
        assert_eq!((matrix.rows(), matrix.blocks.len()), (per_block, 1));
        assert_eq!(number(&matrix.blocks[0], 1), count - 1);
        matrix.swap_remove(per_block - 1);
        let snapshot = matrix.snapshot();
        assert!(matrix.set(2, &row(7)) && !matrix.set(2, &row(7)));
        assert_eq!(number(&snapshot.blocks[0], 2), 2, "a snapshot does not change");
        assert_eq!(number(&matrix.blocks[0], 2), 7);
        (1..per_block).for_each(|_| matrix.swap_remove(0));
        assert_eq!((matrix.rows(), matrix.blocks.len()), (0, 0));
    }

    #[test]
    fn any_length_becomes_one() {
        for scale in [1e-44f32, 1e-30, 1.0, 1e30, 3e38] {
            let found: Vec<f32> = unit(&[scale, 0.0, -scale], 4).collect();
            let expected = [0.5f32.sqrt(), 0.0, -(0.5f32.sqrt()), 0.0];
            let near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
            assert!(near, "{scale}: {found:?}");
        }
    }
}
