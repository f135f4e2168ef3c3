//! Which replica answers a reading.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ReadFrom;
use crate::connection::{Connector, Live};

/// Goes from one server to the next.
#[derive(Debug, Default)]
pub(super) struct Turn(AtomicUsize);

impl Turn {
    /// A replica that is connected; none when the primary's turn has come, or no replica is there.
    /// Those that are not connected will be soon, if they can.
    pub(super) fn next<'a>(
        &self,
        read_from: ReadFrom,
        replicas: &'a [Arc<Connector>],
    ) -> Option<(&'a Arc<Connector>, Arc<Live>)> {
        let servers = match read_from {
            ReadFrom::Primary => return None,
            ReadFrom::PreferReplica => replicas.len(),
            ReadFrom::Any => replicas.len() + 1,
        };
        let first = self.0.fetch_add(1, Ordering::Relaxed);
        for offset in 0..servers {
            // The place behind the replicas is the primary's.
            let replica = replicas.get(first.wrapping_add(offset) % servers)?;
            if let Some(live) = replica.ready() {
                return Some((replica, live));
            }
        }
        None
    }
}
