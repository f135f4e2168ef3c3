//! The indexes of this process: one for each name and schema, however often it is opened.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cache_core::vector::{IndexName, IndexSchema};

use super::figures::LocalIndex;
use super::follower::Follower;
use super::news::News;
use super::wire::Wire;
use crate::VectorOptions;
use crate::link::Link;

/// They are kept as long as the store is, for who opens an index again is not to wait again.
#[derive(Debug)]
pub(in super::super) struct Locals {
    max_bytes: u64,
    approximate_above: usize,
    /// Where searches may be stale.
    news: Option<Arc<News>>,
    known: Mutex<HashMap<(IndexName, IndexSchema), Arc<Follower>>>,
}

impl Locals {
    pub(in super::super) fn new(link: &Link, options: &VectorOptions) -> Self {
        let staleness = options.max_staleness;
        let news = (!staleness.is_zero()).then(|| Arc::new(News::new(link, staleness)));
        let (max_bytes, approximate_above) = (options.max_local_bytes, options.approximate_above);
        Self { max_bytes, approximate_above, news, known: Mutex::default() }
    }

    pub(super) fn provide(&self, wire: &Arc<Wire>) -> Arc<Follower> {
        let key = (wire.name.clone(), wire.schema.clone());
        let follow = || {
            let topic = self.news.as_ref().map(|news| news.topic(&wire.prefix(), &wire.keys));
            let wire = Arc::clone(wire);
            Arc::new(Follower::new(wire, self.max_bytes, self.approximate_above, topic))
        };
        Arc::clone(self.known().entry(key).or_insert_with(follow))
    }

    /// What each of them comes to, by name.
    pub(in super::super) fn figures(&self) -> Vec<LocalIndex> {
        let mut figures: Vec<_> = self.known().values().map(|local| local.figures()).collect();
        figures.sort_by(|a, b| a.name.cmp(&b.name));
        figures
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(IndexName, IndexSchema), Arc<Follower>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
