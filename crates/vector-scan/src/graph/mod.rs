//! Graphs of neighbours beside the rows of an index: one that is searched, and one that is built.
//!
//! A graph is over a snapshot and never changes. What was written since is compared one by one, and
//! what is gone or written again is left out, until so much has changed that a graph is built anew. An
//! index that nobody searches gets none.

mod build;
mod codes;
mod layer;
mod neighbours;

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use cache_core::vector::{GraphInfo, GraphOptions, IndexMethod, IndexSchema};

use crate::matrix::Matrix;

pub(crate) use codes::{CODES_ERROR, Codes};
pub(crate) use layer::Layer;
pub(crate) use neighbours::Neighbours;

/// The graphs of an index that may have some.
#[derive(Debug)]
pub(crate) struct Graphs {
    above: usize,
    options: GraphOptions,
    layers: RwLock<Layers>,
}

/// What is there of them.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    current: Option<Layer>,
    next: Option<Layer>,
}

/// Whether indexes of this schema are searched exactly, whatever their size.
#[must_use]
pub fn is_exact(schema: &IndexSchema, approximate_above: usize) -> bool {
    options(schema).is_none() || approximate_above == usize::MAX
}

fn options(schema: &IndexSchema) -> Option<GraphOptions> {
    match schema.method {
        IndexMethod::Approximate(options) => Some(options),
        _ => None,
    }
}

impl Graphs {
    /// Those of an index that may have them above so many entries.
    pub(crate) fn new(schema: &IndexSchema, above: usize) -> Option<Self> {
        let options = options(schema).filter(|_| above != usize::MAX)?;
        Some(Self { above, options, layers: RwLock::default() })
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Layers> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn above(&self) -> usize {
        self.above
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.read().bytes()
    }

    pub(crate) fn info(&self, rows: usize) -> GraphInfo {
        let layers = self.read();
        let entries = layers.usable().map_or(0, |(layer, _)| layer.entries());
        let building = layers.next.as_ref().is_some_and(|next| !next.is_over());
        GraphInfo::new(self.above as u64)
            .with_entries(entries as u64, (rows - entries) as u64)
            .with_building(building)
    }

    pub(crate) fn pushed(&mut self) {
        self.each(Layer::pushed);
    }

    pub(crate) fn replaced(&mut self, row: usize) {
        self.each(|layer| layer.replaced(row));
    }

    pub(crate) fn swap_removed(&mut self, row: usize) {
        self.each(|layer| layer.swap_removed(row));
    }

    /// Lets go of all.
    pub(crate) fn clear(&mut self) {
        *self.layers.get_mut().unwrap_or_else(PoisonError::into_inner) = Layers::default();
    }

    /// Has a graph built if one is due, and lets go of what is not needed or takes more than there is
    /// room for. To be called after a search.
    pub(crate) fn tend(&self, matrix: &Matrix, room: u64) {
        let due = Due { above: self.above, room, matrix };
        if due.is_anything(&self.read()) {
            let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
            let old = due.settle(&mut layers, self.options);
            drop(layers);
            // To give memory back takes time, which no other search is to wait for.
            drop(old);
        }
    }

    fn each(&mut self, change: impl Fn(&mut Layer)) {
        let layers = self.layers.get_mut().unwrap_or_else(PoisonError::into_inner);
        layers.current.iter_mut().chain(&mut layers.next).for_each(change);
    }
}

impl Layers {
    /// The latest graph that is there, with what has become of its rows.
    pub(crate) fn usable(&self) -> Option<(&Layer, &Neighbours)> {
        let next = self.next.as_ref().filter(|next| next.is_over());
        let layer = next.or(self.current.as_ref())?;
        layer.graph().map(|graph| (layer, graph))
    }

    fn bytes(&self) -> u64 {
        self.current.iter().chain(&self.next).map(Layer::bytes).sum()
    }
}

/// What is to be done about graphs.
struct Due<'m> {
    above: usize,
    room: u64,
    matrix: &'m Matrix,
}

impl Due<'_> {
    fn is_anything(&self, layers: &Layers) -> bool {
        let (is_ready, has_any) = (Self::is_ready(layers), layers.bytes() > 0);
        is_ready || has_any && !self.may_keep(layers) || self.is_build_due(layers)
    }

    /// Gives what is not needed any more.
    fn settle(&self, layers: &mut Layers, options: GraphOptions) -> Vec<Layer> {
        let mut old = Vec::new();
        if Self::is_ready(layers) {
            let ready = layers.next.take();
            old.extend(std::mem::replace(&mut layers.current, ready));
        }
        if !self.may_keep(layers) {
            old.extend(layers.next.take());
        }
        if !self.may_keep(layers) {
            old.extend(layers.current.take());
        }
        if self.is_build_due(layers) {
            if layers.bytes() + Layer::bytes_for(self.matrix) > self.room {
                old.extend(layers.current.take());
            }
            layers.next = Some(Layer::start(self.matrix, options));
        }
        old
    }

    fn is_ready(layers: &Layers) -> bool {
        layers.next.as_ref().is_some_and(Layer::is_over)
    }

    /// An index about as large as the bound does not gain and lose its graph all the time.
    fn may_keep(&self, layers: &Layers) -> bool {
        layers.bytes() <= self.room && self.matrix.rows() > self.above / 2
    }

    fn is_build_due(&self, layers: &Layers) -> bool {
        layers.next.is_none()
            && self.matrix.rows() > self.above
            && layers.current.as_ref().is_none_or(Layer::is_stale)
            && Layer::bytes_for(self.matrix) <= self.room
    }
}
