//! Numbers that others count, given to the recorder.

use std::collections::HashMap;

use metrics::{Key, Label};

use crate::catalogue::MetricUnit;
use crate::record;

/// The gauges of a service's [statistics](Publisher::statistics) that are made from its counts: their
/// names after `cache_{component}_`, their units and what they say.
pub const STATISTICS_GAUGES: [(&str, MetricUnit, &str); 3] = [
    ("hit_ratio", MetricUnit::Ratio, "Hits of all lookups since the counts began, 0 to 1"),
    ("saved_dollars", MetricUnit::Dollars, "US dollars that hits did not cost"),
    ("spent_dollars", MetricUnit::Dollars, "US dollars that the provider's tokens cost"),
];

/// Publishes the counts of one component: a service's statistics, a server, a queue, a breaker.
///
/// Counts are given as they stand. What they have grown by since the last time is added to the
/// recorder's counters, so that a count which begins anew (statistics were reset, a server was
/// restarted) goes on there, as exporters expect of counters, and the counts of several publishers
/// add up.
///
/// Publish every few seconds, from one task, after the recorder is installed: what is published
/// before is lost.
///
/// ```
/// use cache_metrics::Publisher;
///
/// let mut embeddings = Publisher::new("embedding");
/// # let statistics = [("hits", 3), ("misses_absent", 1), ("picodollars_saved", 2_000_000)];
/// embeddings.statistics(&statistics); // of EmbeddingCache: statistics().to_pairs()
/// Publisher::new("near").gauges(&[("bytes", 4_096.0)]);
/// ```
#[derive(Debug)]
pub struct Publisher {
    component: String,
    labels: Vec<Label>,
    last: HashMap<String, u64>,
}

impl Publisher {
    /// Of the component of this name, which becomes a part of the metrics' names: `a-z 0-9 _`.
    pub fn new(component: impl Into<String>) -> Self {
        Self { component: component.into(), labels: Vec::new(), last: HashMap::new() }
    }

    /// Puts a label on everything. Its values should be few: names of servers, not of keys.
    #[must_use]
    pub fn with_label(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.labels.push(Label::new(name, value.into()));
        self
    }

    /// Counters `cache_{component}_{name}_total`.
    pub fn counters(&mut self, counts: &[(&str, u64)]) {
        for (name, count) in counts {
            let key = self.key(&format!("{name}_total"));
            record::count(&key, self.growth(name, *count));
        }
    }

    /// Gauges `cache_{component}_{name}`.
    pub fn gauges(&self, values: &[(&str, f64)]) {
        for (name, value) in values {
            record::set(&self.key(name), *value);
        }
    }

    /// The statistics of a service, as their `to_pairs()` gives them: counters, but for picodollars,
    /// which become gauges in US dollars (`picodollars_saved`: `cache_{component}_saved_dollars`);
    /// and `cache_{component}_hit_ratio`, hits of all lookups since the counts began, 0 to 1.
    pub fn statistics(&mut self, pairs: &[(&str, u64)]) {
        if self.last.is_empty() {
            self.describe();
        }
        for (name, count) in pairs {
            match name.strip_prefix("picodollars_") {
                Some(what) => self.gauges(&[(&format!("{what}_dollars"), dollars(*count))]),
                None => self.counters(&[(name, *count)]),
            }
        }
        self.gauges(&[("hit_ratio", hit_ratio(pairs))]);
    }

    fn growth(&mut self, name: &str, count: u64) -> u64 {
        match self.last.get_mut(name) {
            Some(last) => {
                let before = std::mem::replace(last, count);
                count.checked_sub(before).unwrap_or(count)
            }
            None => {
                self.last.insert(name.to_owned(), count);
                count
            }
        }
    }

    fn key(&self, name: &str) -> Key {
        Key::from_parts(format!("cache_{}_{name}", self.component), self.labels.clone())
    }

    fn describe(&self) {
        for (name, unit, description) in STATISTICS_GAUGES {
            let unit = unit.of_the_facade();
            let name = format!("cache_{}_{name}", self.component);
            metrics::describe_gauge!(name, unit, description);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "an amount for people")]
fn dollars(picodollars: u64) -> f64 {
    picodollars as f64 / 1e12
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
fn hit_ratio(pairs: &[(&str, u64)]) -> f64 {
    let sum = |wanted: fn(&str) -> bool| -> u64 {
        pairs.iter().filter(|(name, _)| wanted(name)).map(|(_, count)| count).sum()
    };
    let hits = sum(|name| matches!(name, "hits" | "stale_hits" | "semantic_hits"));
    let lookups = hits + sum(|name| name.starts_with("misses_"));
    if lookups == 0 { 0.0 } else { hits as f64 / lookups as f64 }
}
