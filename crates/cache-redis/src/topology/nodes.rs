//! Which servers hold the data.

use std::sync::Arc;

use super::slots::{self, SLOTS};
use crate::address::Endpoint;

/// The primaries at some moment, and in a cluster, which of them serves which keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Nodes {
    primaries: Vec<Endpoint>,
    /// For each slot the index of its primary; nothing where there is no cluster.
    owners: Option<Arc<Owners>>,
}

/// For each slot the index of the primary that serves it, [`NOBODY`] for none.
pub(crate) type Owners = [u16; SLOTS];

pub(super) const NOBODY: u16 = u16::MAX;

impl Nodes {
    pub(super) fn one(primary: Endpoint) -> Self {
        Self { primaries: vec![primary], owners: None }
    }

    pub(super) fn cluster(primaries: Vec<Endpoint>, owners: Arc<Owners>) -> Self {
        Self { primaries, owners: Some(owners) }
    }

    /// All primaries; empty as long as none is known.
    pub(crate) fn primaries(&self) -> &[Endpoint] {
        &self.primaries
    }

    /// The primary that serves a key.
    pub(crate) fn of_key(&self, key: &[u8]) -> Option<&Endpoint> {
        let index = match &self.owners {
            Some(owners) => owners[usize::from(slots::of(key))],
            None => 0,
        };
        self.primaries.get(usize::from(index))
    }
}
