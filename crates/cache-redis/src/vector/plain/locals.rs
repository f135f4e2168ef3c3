//! The indexes of this process: one for each name and schema, however often it is opened.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cache_core::vector::{IndexName, IndexSchema};

use super::figures::LocalIndex;
use super::follower::Follower;

/// They are kept as long as the store is, for who opens an index again is not to wait again.
#[derive(Debug, Default)]
pub(in super::super) struct Locals {
    known: Mutex<HashMap<(IndexName, IndexSchema), Arc<Follower>>>,
}

impl Locals {
    pub(super) fn provide(
        &self,
        name: &IndexName,
        schema: &IndexSchema,
        make: impl FnOnce() -> Follower,
    ) -> Arc<Follower> {
        let key = (name.clone(), schema.clone());
        Arc::clone(self.known().entry(key).or_insert_with(|| Arc::new(make())))
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
