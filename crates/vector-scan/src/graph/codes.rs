//! Vectors as bytes: what a graph finds its way by. They are a copy, so that a graph is built and
//! searched whatever becomes of the rows meanwhile, of a quarter of their size.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::dot::{LANES_OF_BYTES, dot_of_bytes};
use crate::matrix::Snapshot;

/// A similarity by codes is off by less.
pub(crate) const CODES_ERROR: f32 = 0.01;

/// Rows of bytes, each with the factor that makes floats of them again.
pub(crate) struct Codes {
    stride: usize,
    values: Vec<i8>,
    scales: Vec<f32>,
    /// Nobody waits for the graph that is built of these.
    stop: Arc<AtomicBool>,
}

/// Rows with equal codes: the first of each, and of those that have others, these.
pub(crate) struct Groups {
    pub(crate) firsts: Vec<u32>,
    pub(crate) twins: HashMap<u32, Vec<u32>>,
}

/// One of the rows.
#[derive(Clone)]
pub(crate) struct Point {
    codes: Arc<Codes>,
    pub(crate) row: u32,
}

impl Codes {
    /// Of all rows; nothing when it is told to stop. The snapshot's blocks are let go one by one.
    pub(crate) fn of_all(snapshot: Snapshot, stop: Arc<AtomicBool>) -> Option<Self> {
        let mut codes = Self::empty(snapshot.stride, stop);
        codes.values.reserve_exact(snapshot.rows * codes.stride);
        codes.scales.reserve_exact(snapshot.rows);
        for block in snapshot.blocks {
            if codes.is_stopped() {
                return None;
            }
            block.chunks_exact(snapshot.stride).for_each(|row| codes.push(row));
        }
        Some(codes)
    }

    /// Of a query, which nobody stops.
    pub(crate) fn of_one(vector: &[f32]) -> Point {
        let mut codes = Self::empty(vector.len(), Arc::default());
        codes.push(vector);
        Point { codes: Arc::new(codes), row: 0 }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// So many bytes a row.
    pub(crate) fn bytes_per_row(stride: usize) -> usize {
        stride.next_multiple_of(LANES_OF_BYTES) + size_of::<f32>()
    }

    /// A graph of rows in one place has no way out of them: links lead to the nearest, and all are
    /// equally near. So one of them stands for all.
    pub(crate) fn groups(&self) -> Groups {
        let mut known: HashMap<&[i8], u32> = HashMap::with_capacity(self.scales.len());
        let mut groups = Groups { firsts: Vec::new(), twins: HashMap::new() };
        for (code, row) in self.values.chunks_exact(self.stride).zip(0u32..) {
            match known.entry(code) {
                Entry::Vacant(place) => {
                    place.insert(row);
                    groups.firsts.push(row);
                }
                Entry::Occupied(first) => {
                    groups.twins.entry(*first.get()).or_default().push(row);
                }
            }
        }
        groups
    }

    pub(crate) fn point(self: &Arc<Self>, row: u32) -> Point {
        Point { codes: Arc::clone(self), row }
    }

    fn empty(floats: usize, stop: Arc<AtomicBool>) -> Self {
        let stride = floats.next_multiple_of(LANES_OF_BYTES);
        Self { stride, values: Vec::new(), scales: Vec::new(), stop }
    }

    /// Adds a vector, whose greatest value becomes the greatest byte.
    fn push(&mut self, vector: &[f32]) {
        let most = vector.iter().fold(0f32, |most, value| most.max(value.abs()));
        let scale = most / f32::from(i8::MAX);
        #[expect(clippy::cast_possible_truncation, reason = "at most 127, to be rounded")]
        let codes = vector.iter().map(|value| (value / scale).round() as i8);
        self.values.extend(codes);
        self.values.resize(self.values.len().next_multiple_of(self.stride), 0);
        self.scales.push(scale);
    }

    fn row(&self, row: u32) -> (&[i8], f32) {
        let start = row as usize * self.stride;
        (&self.values[start..start + self.stride], self.scales[row as usize])
    }
}

impl Point {
    pub(crate) fn similarity(&self, other: &Self) -> f32 {
        let ((a, scale_of_a), (b, scale_of_b)) =
            (self.codes.row(self.row), other.codes.row(other.row));
        let dot = dot_of_bytes(a, b) as f32;
        dot * scale_of_a * scale_of_b
    }
}

/// What unwinds a build that is told to stop.
struct Stopped;

impl instant_distance::Point for Point {
    /// Only from here a build can be stopped, by unwinding: it asks for thousands of distances a
    /// millisecond. Where a panic aborts the process, it goes on to its end instead.
    fn distance(&self, other: &Self) -> f32 {
        if cfg!(panic = "unwind") && self.codes.is_stopped() {
            resume_unwind(Box::new(Stopped));
        }
        1.0 - self.similarity(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::{Matrix, unit};

    #[test]
    fn codes_tell_similarities_and_twins() {
        let vector = |i: usize| -> Vec<f32> {
            (0..100).map(|j| ((i * 31 + j * 17) % 101) as f32 - 50.0).collect()
        };
        let mut matrix = Matrix::new(100);
        [1, 2, 3, 2].map(vector).iter().for_each(|vector| matrix.push(vector));
        let unit_of = |vector: &[f32]| unit(vector, matrix.stride()).collect::<Vec<_>>();
        let codes = Arc::new(Codes::of_all(matrix.snapshot(), Arc::default()).unwrap());
        let query = unit_of(&vector(9));
        let point = Codes::of_one(&query);
        for (row, other) in [1, 2, 3].map(vector).iter().enumerate() {
            let exact: f32 = query.iter().zip(unit_of(other)).map(|(a, b)| a * b).sum();
            let found = point.similarity(&codes.point(u32::try_from(row).unwrap()));
            assert!((exact - found).abs() < CODES_ERROR, "{exact} {found}");
        }
        let groups = codes.groups();
        assert_eq!(groups.firsts, [0, 1, 2]);
        assert_eq!(groups.twins, HashMap::from([(1, vec![3])]));
        let stop = Arc::new(AtomicBool::new(true));
        assert!(Codes::of_all(matrix.snapshot(), stop).is_none());
    }
}
