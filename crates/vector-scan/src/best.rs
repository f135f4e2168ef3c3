//! The best of many, without sorting them.

use std::cmp::Ordering;

/// Keeps the best `most` of the candidates that it is shown. Each is a similarity and a row; of the
/// same similarity, the order of the rows' ids decides.
#[derive(Debug)]
pub(crate) struct Best {
    most: usize,
    /// Whoever is below cannot be among the best.
    bar: f32,
    candidates: Vec<Candidate>,
}

pub(crate) type Candidate = (f32, u32);

impl Best {
    pub(crate) fn new(most: usize, at_least: f32) -> Self {
        Self { most, bar: at_least, candidates: Vec::new() }
    }

    /// Shows a candidate. `order` compares rows by their ids.
    #[inline]
    pub(crate) fn show(&mut self, candidate: Candidate, order: &impl Fn(u32, u32) -> Ordering) {
        if candidate.0 >= self.bar && self.most > 0 {
            self.candidates.push(candidate);
            if self.candidates.len() >= (2 * self.most).max(64) {
                self.cut(order);
            }
        }
    }

    /// All that were kept, to be shown to another.
    pub(crate) fn into_candidates(self) -> Vec<Candidate> {
        self.candidates
    }

    /// The best, in their order.
    pub(crate) fn finish(mut self, order: &impl Fn(u32, u32) -> Ordering) -> Vec<Candidate> {
        self.cut(order);
        self.candidates.sort_unstable_by(|a, b| compare(*a, *b, order));
        self.candidates
    }

    fn cut(&mut self, order: &impl Fn(u32, u32) -> Ordering) {
        if self.candidates.len() > self.most {
            let by = |a: &Candidate, b: &Candidate| compare(*a, *b, order);
            self.candidates.select_nth_unstable_by(self.most - 1, by);
            self.candidates.truncate(self.most);
            self.bar = self.bar.max(self.candidates[self.most - 1].0);
        }
    }
}

fn compare(a: Candidate, b: Candidate, order: &impl Fn(u32, u32) -> Ordering) -> Ordering {
    b.0.total_cmp(&a.0).then_with(|| order(a.1, b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_those_that_sorting_finds() {
        let order = |a: u32, b: u32| b.cmp(&a);
        let all: Vec<Candidate> =
            (0..2_000u32).map(|i| ((i * 7_919 % 101) as f32 / 100.0, i)).collect();
        for most in [0, 1, 7, 100, 1_999, 5_000] {
            let mut best = Best::new(most, 0.1);
            all.iter().for_each(|&candidate| best.show(candidate, &order));
            let mut sorted: Vec<_> = all.iter().copied().filter(|c| c.0 >= 0.1).collect();
            sorted.sort_by(|a, b| compare(*a, *b, &order));
            sorted.truncate(most);
            assert_eq!(best.finish(&order), sorted, "{most}");
        }
    }
}
