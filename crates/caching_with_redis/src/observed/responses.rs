//! What a cache of answers counts.

use cache_metrics::Publisher;
use response_cache::ResponseCache;

use super::{Observed, Source};

#[derive(Debug)]
struct Responses(ResponseCache, Publisher);

impl Source for Responses {
    fn publish(&mut self) {
        self.1.statistics(&self.0.statistics().to_pairs());
    }
}

impl Observed {
    /// And the statistics of this cache of answers, likewise.
    #[must_use]
    pub fn with_responses(mut self, cache: &ResponseCache) -> Self {
        self.sources.push(Box::new(Responses(cache.clone(), Publisher::new("process_response"))));
        self
    }
}
