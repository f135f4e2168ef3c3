//! Every query against every entry, in double precision.

use std::thread;

use cache_benches::minilm::Matrix;
use cache_core::Embedding;

use crate::MOST;
use crate::narrowed::Narrowed;

/// For every query the cosine of every entry.
pub(crate) struct Truth(Vec<Vec<f64>>);

/// What is true for one query.
pub(crate) struct Answer<'t> {
    cosines: &'t [f64],
    pub(crate) by: Narrowed,
    /// The greatest cosines of those that pass, in their order.
    pub(crate) best: Vec<f64>,
}

impl Truth {
    pub(crate) fn new(matrix: &Matrix) -> Self {
        let entries: Vec<_> = matrix.entries.iter().map(unit).collect();
        let cosines = |query: &Embedding| {
            let query = unit(query);
            entries.iter().map(|entry| dot(entry, &query)).collect()
        };
        let cosines = &cosines;
        thread::scope(|scope| {
            let parts = matrix.queries.chunks(matrix.queries.len() / 2);
            let parts: Vec<_> = parts
                .map(|part| scope.spawn(move || part.iter().map(cosines).collect::<Vec<_>>()))
                .collect();
            Self(parts.into_iter().flat_map(|part| part.join().unwrap()).collect())
        })
    }

    pub(crate) fn of(&self, query: usize, by: Narrowed) -> Answer<'_> {
        let cosines = &self.0[query];
        let passing = cosines.iter().enumerate().filter(|(entry, _)| by.passes(*entry));
        let mut best: Vec<_> = passing.map(|(_, cosine)| *cosine).collect();
        best.sort_unstable_by(|a, b| b.total_cmp(a));
        best.truncate(MOST);
        Answer { cosines, by, best }
    }
}

impl Answer<'_> {
    pub(crate) fn cosine(&self, entry: usize) -> f64 {
        self.cosines[entry]
    }
}

fn unit(vector: &Embedding) -> Vec<f64> {
    let norm = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    vector.iter().map(|value| f64::from(*value) / norm).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
