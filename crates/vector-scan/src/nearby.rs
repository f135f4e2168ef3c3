//! Searching by a graph of neighbours.

use crate::best::Best;
use crate::graph::{CODES_ERROR, Codes, Layer, Neighbours};
use crate::scan::Scan;
use crate::search::{Ready, best_of_rows};

/// Of so many rows it is asked whether they pass, to tell whether enough will.
const SAMPLE: usize = 64;
/// They lie as if at random, whatever the order in which rows were written.
const SCATTER: u64 = 2_654_435_761;

/// For every query the best, found by the graph; nothing where the rows have to be compared with.
pub(crate) fn search(scan: &Scan, queries: &[Ready<'_>]) -> Vec<Option<Best>> {
    let layers = scan.graphs().map(|graphs| graphs.read());
    let usable = layers.as_ref().and_then(|layers| layers.usable());
    // What the graph does not know is compared with one by one.
    match usable.filter(|(layer, _)| layer.fresh() < scan.len().div_ceil(2)) {
        Some((layer, graph)) => {
            let above = scan.graphs().map_or(0, |graphs| graphs.above());
            let nearby = Nearby { scan, layer, graph, above };
            queries.iter().map(|query| nearby.search(query)).collect()
        }
        None => queries.iter().map(|_| None).collect(),
    }
}

struct Nearby<'s> {
    scan: &'s Scan,
    layer: &'s Layer,
    graph: &'s Neighbours,
    /// From so many rows on, comparing with all takes longer.
    above: usize,
}

impl Nearby<'_> {
    /// The first half of what a graph finds can be relied on: hardly anything that belongs there is
    /// missing. The answer is in it when it has as many matches as are asked for, or ends below the
    /// least similarity.
    fn search(&self, query: &Ready<'_>) -> Option<Best> {
        if !self.is_promising(query) {
            return None;
        }
        let near = self.graph.nearest(&Codes::of_one(&query.vector));
        let half = near.len() / 2;
        let (mut rows, mut matches) = (Vec::new(), 0);
        for (place, &near) in near.iter().enumerate() {
            let now = self.graph.rows(near).filter_map(|row| self.layer.place_of(row));
            let before = rows.len();
            rows.extend(now.filter(|&row| query.takes(row as usize)));
            matches += if place < half { rows.len() - before } else { 0 };
        }
        let beyond =
            near.get(half).is_some_and(|near| near.similarity + CODES_ERROR < query.at_least);
        if matches < query.most && !beyond {
            return None;
        }
        rows.extend(self.layer.fresh_rows().filter(|&row| query.takes(row as usize)));
        rows.sort_unstable();
        Some(best_of_rows(self.scan, query, &rows))
    }

    /// Whether a search by the graph takes less time than comparing with all that pass, and whether
    /// enough pass for the answer to be among the nearest, as far as a sample tells. With a least
    /// similarity, few may be enough.
    fn is_promising(&self, query: &Ready<'_>) -> bool {
        let rows = self.scan.len() as u64;
        let sample = (0..SAMPLE as u64).map(|i| usize::try_from(i * SCATTER % rows).unwrap_or(0));
        let passing = sample.filter(|&row| query.takes(row)).count();
        // To find out that a row does not pass takes a third of the time of comparing with it.
        let worth = self.scan.len() * (SAMPLE + 2 * passing) > self.above * 3 * SAMPLE;
        let are_enough = passing * (self.graph.effort() / 2) >= query.most * SAMPLE;
        worth && (are_enough || query.at_least > -1.0)
    }
}
