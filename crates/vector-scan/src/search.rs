//! Going through all rows, or through those that a graph has found.

use std::cmp::Ordering;
use std::thread;

use cache_core::vector::{Similarity, VectorMatch, VectorQuery};

use crate::best::{Best, Candidate};
use crate::dot::dots;
use crate::matrix::unit;
use crate::plan::Plan;
use crate::scan::Scan;
use crate::{SearchLimits, nearby};

/// A thread more pays only if it has so many bytes to read: they take half a millisecond.
const BYTES_PER_THREAD: usize = 16 << 20;

/// A query made ready for this index.
pub(crate) struct Ready<'s> {
    pub(crate) vector: Vec<f32>,
    plan: Plan<'s>,
    pub(crate) most: usize,
    pub(crate) at_least: f32,
    ends: &'s [u64],
    now: u64,
}

impl<'s> Ready<'s> {
    fn new(query: &VectorQuery, scan: &'s Scan, now: u64) -> Self {
        Self {
            vector: unit(&query.vector, scan.matrix().stride()).collect(),
            plan: Plan::new(&query.filter, scan.columns()),
            most: query.most.min(scan.len()),
            at_least: query.at_least.unwrap_or(Similarity::OPPOSITE).get(),
            ends: scan.rows().ends(),
            now,
        }
    }

    /// Whether a row has not ended and passes the filter.
    pub(crate) fn takes(&self, row: usize) -> bool {
        self.ends[row] > self.now && self.plan.passes(row)
    }

    pub(crate) fn best(&self) -> Best {
        Best::new(self.most, self.at_least)
    }
}

pub(crate) fn run(
    scan: &Scan,
    queries: &[VectorQuery],
    now: u64,
    limits: SearchLimits,
) -> Vec<Vec<VectorMatch>> {
    let ready: Vec<_> = queries.iter().map(|query| Ready::new(query, scan, now)).collect();
    let order = by_id(scan);
    let found = best_of(scan, &ready, limits.threads).into_iter().map(|best| best.finish(&order));
    found.zip(queries).map(|(found, query)| matches(scan, &found, query.with_attributes)).collect()
}

/// For every query the best: near to it by the graph, or of all rows where there is no graph, or none
/// that has the answer.
fn best_of(scan: &Scan, queries: &[Ready<'_>], threads: usize) -> Vec<Best> {
    let by_graph = nearby::search(scan, queries);
    let left = queries.iter().zip(&by_graph).filter(|(_, found)| found.is_none());
    let left: Vec<_> = left.map(|(query, _)| query).collect();
    let mut of_all = best_of_all(scan, &left, threads).into_iter();
    by_graph.into_iter().filter_map(|found| found.or_else(|| of_all.next())).collect()
}

fn by_id(scan: &Scan) -> impl Fn(u32, u32) -> Ordering {
    |a, b| scan.rows().get(a as usize).id.cmp(&scan.rows().get(b as usize).id)
}

fn matches(scan: &Scan, found: &[Candidate], with_attributes: bool) -> Vec<VectorMatch> {
    let found = found.iter().map(|&(cosine, row)| {
        let row = scan.rows().get(row as usize);
        let found = VectorMatch::new(row.id.clone(), Similarity::rounded(cosine));
        if with_attributes { found.with_attributes(row.attributes.clone()) } else { found }
    });
    found.collect()
}

/// For every query the best of all rows.
fn best_of_all(scan: &Scan, queries: &[&Ready<'_>], threads: usize) -> Vec<Best> {
    if queries.is_empty() {
        return Vec::new();
    }
    let blocks: Vec<_> = scan.matrix().blocks().collect();
    let useful = scan.bytes_of_vectors() * queries.len() / BYTES_PER_THREAD;
    let threads = threads.min(useful).clamp(1, blocks.len().max(1));
    let share = blocks.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let mut shares = blocks.chunks(share);
        let mine = shares.next().unwrap_or_default();
        let others: Vec<_> = shares
            .map(|blocks| scope.spawn(move || best_of_blocks(scan, queries, blocks)))
            .collect();
        let mut bests = best_of_blocks(scan, queries, mine);
        for other in others {
            let theirs = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for (best, theirs) in bests.iter_mut().zip(theirs) {
                let theirs = theirs.into_candidates();
                theirs.into_iter().for_each(|one| best.show(one, &by_id(scan)));
            }
        }
        bests
    })
}

/// For every query the best of these blocks. A block is read from memory once, by the first query.
fn best_of_blocks(scan: &Scan, queries: &[&Ready<'_>], blocks: &[(usize, &[f32])]) -> Vec<Best> {
    let mut bests: Vec<_> = queries.iter().map(|query| query.best()).collect();
    let (mut picked, mut cosines) = (Vec::new(), Vec::new());
    for &(first, block) in blocks {
        let rows = block.len() / scan.matrix().stride();
        for (query, best) in queries.iter().zip(&mut bests) {
            picked.clear();
            let rows = (0u32..).take(rows);
            picked.extend(rows.filter(|&row| query.takes(first + row as usize)));
            show(scan, query, (first, block), &picked, &mut cosines, best);
        }
    }
    bests
}

/// The best of these rows, which are in their order.
pub(crate) fn best_of_rows(scan: &Scan, query: &Ready<'_>, rows: &[u32]) -> Best {
    let (mut best, mut picked, mut cosines) = (query.best(), Vec::new(), Vec::new());
    let first_of = |row: u32| scan.matrix().block_of(row as usize).0;
    for rows in rows.chunk_by(|one, other| first_of(*one) == first_of(*other)) {
        let (first, block) = scan.matrix().block_of(rows[0] as usize);
        let within = u32::try_from(first).unwrap_or(u32::MAX);
        picked.clear();
        picked.extend(rows.iter().map(|row| row - within));
        show(scan, query, (first, block), &picked, &mut cosines, &mut best);
    }
    best
}

/// Compares with the picked rows of a block.
fn show(
    scan: &Scan,
    query: &Ready<'_>,
    (first, block): (usize, &[f32]),
    picked: &[u32],
    cosines: &mut Vec<f32>,
    best: &mut Best,
) {
    let first = u32::try_from(first).unwrap_or(u32::MAX);
    dots(&query.vector, block, picked, cosines);
    for (&cosine, &row) in cosines.iter().zip(picked) {
        best.show((Similarity::rounded(cosine).get(), first + row), &by_id(scan));
    }
}
