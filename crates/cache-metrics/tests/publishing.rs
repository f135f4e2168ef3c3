//! What is published, described and documented.
#![allow(clippy::unwrap_used)]

mod support;

use cache_metrics::{METRICS, MetricKind, Publisher, describe};
use support::{record, recorder};

#[test]
fn statistics_become_counters_and_gauges() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let mut publisher = Publisher::new("embedding");
    let pairs = |hits| {
        [
            ("hits", hits),
            ("stale_hits", 1),
            ("misses_absent", 2),
            ("misses_corrupt", 3),
            ("picodollars_saved", 2_500_000_000_000),
        ]
    };
    publisher.statistics(&pairs(4));
    publisher.statistics(&pairs(9));
    let value = |name| shown.value(name, &[]);
    assert_eq!(value("cache_embedding_hits_total"), Some(9.0));
    assert_eq!(value("cache_embedding_misses_corrupt_total"), Some(3.0));
    assert_eq!(value("cache_embedding_saved_dollars"), Some(2.5));
    assert_eq!(value("cache_embedding_picodollars_saved_total"), None);
    assert_eq!(value("cache_embedding_hit_ratio"), Some(10.0 / 15.0));
    assert!(shown.text().contains("# HELP cache_embedding_hit_ratio Hits of all lookups"));
}

#[test]
fn a_count_that_begins_anew_goes_on() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let mut one = Publisher::new("redis").with_label("node", "a:1");
    let mut two = Publisher::new("redis").with_label("node", "b:1");
    let value = |node| shown.value("cache_redis_evicted_keys_total", &[("node", node)]);
    for (count, expected) in [(10, 10.0), (12, 12.0), (12, 12.0), (3, 15.0), (4, 16.0)] {
        one.counters(&[("evicted_keys", count)]);
        assert_eq!(value("a:1"), Some(expected));
    }
    two.counters(&[("evicted_keys", 7)]);
    assert_eq!((value("a:1"), value("b:1")), (Some(16.0), Some(7.0)));
    two.gauges(&[("used_bytes", 1.5)]);
    assert_eq!(shown.value("cache_redis_used_bytes", &[("node", "b:1")]), Some(1.5));
}

#[test]
fn a_ratio_counts_hits_of_every_kind_and_is_none_of_nothing() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    let mut publisher = Publisher::new("response");
    publisher.statistics(&[("hits", 0), ("misses_absent", 0)]);
    assert_eq!(shown.value("cache_response_hit_ratio", &[]), Some(0.0));
    publisher.statistics(&[("hits", 1), ("misses_absent", 1), ("semantic_hits", 2)]);
    assert_eq!(shown.value("cache_response_hit_ratio", &[]), Some(0.75));
}

/// What the labels' values are said to be are those that the wrappers use.
#[test]
fn values_of_labels_are_known() {
    let metric = |name: &str| METRICS.iter().find(|metric| metric.name == name).unwrap();
    let seconds = metric("cache_store_seconds");
    assert_eq!(seconds.values("operation").len(), 16);
    let outcomes = seconds.values("outcome");
    assert_eq!((outcomes[0], outcomes[1], outcomes[13]), ("ok", "unavailable", "dropped"));
    assert!(seconds.values("store").is_empty());
    let tokens = metric("cache_provider_tokens_total");
    assert_eq!(tokens.values("kind"), ["input", "cached_input", "output"]);
    assert!(metric("cache_provider_errors_total").values("kind").contains(&"rate_limited"));
    let operations = metric("cache_provider_seconds").values("operation");
    assert_eq!(operations, ["embed", "complete", "stream"]);
}

#[test]
fn every_metric_is_described_and_in_the_readme() {
    let recorder = recorder();
    let (shown, _guard) = record(&recorder);
    describe();
    for metric in METRICS {
        match metric.kind {
            MetricKind::Counter => drop(metrics::counter!(metric.name)),
            MetricKind::Gauge => drop(metrics::gauge!(metric.name)),
            MetricKind::Histogram => metrics::histogram!(metric.name).record(1.0),
            _ => panic!("a kind that nobody describes"),
        }
    }
    let (text, readme) = (shown.text(), include_str!("../README.md"));
    for metric in METRICS {
        let help = format!("# HELP {} {}", metric.name, metric.description);
        assert!(text.contains(&help), "{help} is not in {text}");
        let kind = metric.kind.as_str();
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{}` |", metric.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not in the README", metric.name));
        assert!(
            row.contains(&format!("| {kind} |"))
                && row.ends_with(&format!("| {} |", labels.join(", "))),
            "{row}"
        );
    }
}
