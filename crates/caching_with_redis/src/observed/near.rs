//! What the near cache counts.

use cache_metrics::Publisher;
use cache_redis::{NearBackend, NearState};

use super::{Source, number};
use crate::OpenedBackend;

#[derive(Debug)]
struct Near(NearBackend, Publisher);

pub(super) fn of(store: &OpenedBackend) -> Option<Box<dyn Source>> {
    let near = store.near.clone()?;
    Some(Box::new(Near(near, Publisher::new("near"))))
}

impl Source for Near {
    fn publish(&mut self) {
        let (near, publisher) = (self.0.near_stats(), &mut self.1);
        let coherent = near.state == NearState::Tracking;
        publisher.gauges(&[
            ("entries", number(near.entries)),
            ("bytes", number(near.bytes)),
            ("coherent", coherent.into()),
        ]);
        publisher.counters(&[
            ("hits", near.hits),
            ("misses", near.misses),
            ("invalidations", near.invalidations),
            ("dropped", near.dropped),
            ("disconnects", near.disconnects),
        ]);
    }
}
