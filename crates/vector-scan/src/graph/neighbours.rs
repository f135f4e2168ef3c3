//! A graph of neighbours over a snapshot of rows, which never changes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use cache_core::vector::GraphOptions;
use instant_distance::{Builder, Heuristic, Hnsw, Search};

use super::codes::{Codes, Groups, Point};

/// Links of a point in the lowest layer and above it: the library's own numbers.
const LINKS: usize = 64;
const LINKS_ABOVE: usize = 32;

/// So many of its own rows a graph is examined with, and so many neighbours of each.
const EXAMPLES: usize = 64;
const NEIGHBOURS: usize = 10;
/// What it must find of them, in hundredths.
const PASS: usize = 95;
/// Similarities that are nearer to each other are equal.
const TIE: f32 = 1e-6;

/// Finds rows of a snapshot that are near.
pub(crate) struct Neighbours {
    graph: Hnsw<Point>,
    groups: Groups,
    effort: usize,
    /// What searches take notes in, to be used again.
    notes: Mutex<Vec<Search>>,
}

/// Rows with equal codes, and about how similar they are.
#[derive(Clone, Copy)]
pub(crate) struct Near {
    pub(crate) first: u32,
    pub(crate) similarity: f32,
}

impl Neighbours {
    /// Builds it on the threads of the pool in which this is called; nothing where it does not find
    /// its own rows.
    pub(crate) fn build(codes: &Arc<Codes>, options: GraphOptions) -> Option<Self> {
        let mut groups = codes.groups();
        let points = std::mem::take(&mut groups.firsts);
        let points: Vec<_> = points.into_iter().map(|row| codes.point(row)).collect();
        // Only links into different directions: with all that there is room for, building takes six
        // times as long.
        let lean = Heuristic { extend_candidates: false, keep_pruned: false };
        let effort = usize::from(options.search_effort);
        let builder = Builder::default()
            .select_heuristic(Some(lean))
            .ef_construction(usize::from(options.build_effort))
            .ef_search(effort)
            .seed(0);
        let (graph, _) = builder.build_hnsw(points);
        let built = Self { graph, groups, effort, notes: Mutex::default() };
        built.passes().then_some(built)
    }

    /// The bytes that a row takes here, at most and nearly.
    pub(crate) fn bytes_per_row(stride: usize) -> usize {
        // Each layer has about 0.29 of the points below it.
        let links = size_of::<u32>() * (LINKS + LINKS_ABOVE * 2 / 5);
        Codes::bytes_per_row(stride) + links + size_of::<Point>() + size_of::<u32>()
    }

    /// As many are found.
    pub(crate) fn effort(&self) -> usize {
        self.effort
    }

    /// What is nearest by codes, the nearest first.
    pub(crate) fn nearest(&self, query: &Point) -> Vec<Near> {
        let mut notes = self.notes().pop().unwrap_or_default();
        let found = self.graph.search(query, &mut notes);
        let near =
            found.map(|item| Near { first: item.point.row, similarity: 1.0 - item.distance });
        let near = near.collect();
        self.notes().push(notes);
        near
    }

    /// The rows that one of them stands for, itself included.
    pub(crate) fn rows(&self, near: Near) -> impl Iterator<Item = u32> {
        let twins = self.groups.twins.get(&near.first).map_or(&[][..], Vec::as_slice);
        std::iter::once(near.first).chain(twins.iter().copied())
    }

    /// Whether it finds the neighbours of some of its own rows. Where many rows are of nearly one
    /// direction, a graph may have no way to others.
    fn passes(&self) -> bool {
        let points: Vec<_> = self.graph.iter().map(|(_, point)| point).collect();
        let step = points.len().div_ceil(EXAMPLES).max(1);
        let (mut found, mut all) = (0, 0);
        for example in points.iter().step_by(step) {
            let mut truth: Vec<_> = points.iter().map(|other| example.similarity(other)).collect();
            truth.sort_unstable_by(|a, b| b.total_cmp(a));
            truth.truncate(NEIGHBOURS);
            let Some(least) = truth.last().map(|least| least - TIE) else { continue };
            let near = self.nearest(example).into_iter().take(NEIGHBOURS);
            found += near.filter(|near| near.similarity >= least).count();
            all += truth.len();
        }
        found * 100 >= all * PASS
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Vec<Search>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Neighbours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Neighbours").finish_non_exhaustive()
    }
}
