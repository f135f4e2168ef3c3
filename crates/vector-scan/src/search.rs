//! Going through all rows.

use std::cmp::Ordering;
use std::thread;

use cache_core::vector::{Similarity, VectorMatch, VectorQuery};

use crate::best::{Best, Candidate};
use crate::dot::dots;
use crate::matrix::unit;
use crate::plan::Plan;
use crate::scan::Scan;

/// A thread more pays only if it has so many bytes to read: they take half a millisecond.
const BYTES_PER_THREAD: usize = 16 << 20;

/// A query made ready for this index.
struct Ready<'s> {
    vector: Vec<f32>,
    plan: Plan<'s>,
    most: usize,
    at_least: f32,
}

impl<'s> Ready<'s> {
    fn new(query: &VectorQuery, scan: &'s Scan) -> Self {
        Self {
            vector: unit(&query.vector, scan.matrix().stride()).collect(),
            plan: Plan::new(&query.filter, scan.columns()),
            most: query.most.min(scan.len()),
            at_least: query.at_least.unwrap_or(Similarity::OPPOSITE).get(),
        }
    }

    fn best(&self) -> Best {
        Best::new(self.most, self.at_least)
    }
}

pub(crate) fn run(
    scan: &Scan,
    queries: &[VectorQuery],
    now: u64,
    threads: usize,
) -> Vec<Vec<VectorMatch>> {
    let ready: Vec<_> = queries.iter().map(|query| Ready::new(query, scan)).collect();
    let order = by_id(scan);
    let bests = best_of_all(scan, &ready, now, threads);
    let found = bests.into_iter().map(|best| best.finish(&order));
    found.zip(queries).map(|(found, query)| matches(scan, &found, query.with_attributes)).collect()
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
fn best_of_all(scan: &Scan, queries: &[Ready<'_>], now: u64, threads: usize) -> Vec<Best> {
    let blocks: Vec<_> = scan.matrix().blocks().collect();
    let useful = scan.bytes_of_vectors() * queries.len() / BYTES_PER_THREAD;
    let threads = threads.min(useful).clamp(1, blocks.len().max(1));
    let share = blocks.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let mut shares = blocks.chunks(share);
        let mine = shares.next().unwrap_or_default();
        let others: Vec<_> = shares
            .map(|blocks| scope.spawn(move || best_of_blocks(scan, queries, blocks, now)))
            .collect();
        let mut bests = best_of_blocks(scan, queries, mine, now);
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
fn best_of_blocks(
    scan: &Scan,
    queries: &[Ready<'_>],
    blocks: &[(usize, &[f32])],
    now: u64,
) -> Vec<Best> {
    let order = by_id(scan);
    let mut bests: Vec<_> = queries.iter().map(Ready::best).collect();
    let (mut picked, mut cosines) = (Vec::new(), Vec::new());
    for &(first, block) in blocks {
        let rows = block.len() / scan.matrix().stride();
        let ends = &scan.rows().ends()[first..first + rows];
        for (query, best) in queries.iter().zip(&mut bests) {
            picked.clear();
            let alive = ends.iter().zip(0u32..).filter(|(ends, _)| **ends > now);
            let passing = alive.map(|(_, row)| row);
            picked.extend(passing.filter(|&row| query.plan.passes(first + row as usize)));
            dots(&query.vector, block, &picked, &mut cosines);
            for (&cosine, &row) in cosines.iter().zip(&picked) {
                let row = u32::try_from(first).unwrap_or(u32::MAX) + row;
                best.show((Similarity::rounded(cosine).get(), row), &order);
            }
        }
    }
    bests
}
