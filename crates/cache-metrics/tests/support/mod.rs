//! What several tests need.
#![allow(dead_code)] // each test file uses a part of it

use cache_core::{
    CacheKey, KeyFields, KeyKind, KeyProfile, KeySpace, Namespace, PutEntry, StoredValue, Ttl,
};
use cache_metrics::SECONDS_BUCKETS;
use metrics::LocalRecorderGuard;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// What no label may hold: the namespace and the texts of all tests.
pub(crate) const SECRET: &str = "hunter2";

pub(crate) fn recorder() -> PrometheusRecorder {
    PrometheusBuilder::new().set_buckets(SECONDS_BUCKETS).unwrap().build_recorder()
}

/// A recorder of the thread that a test runs on, which ends with the guard.
pub(crate) fn record(recorder: &PrometheusRecorder) -> (Rendered, LocalRecorderGuard<'_>) {
    (Rendered(recorder.handle()), metrics::set_default_local_recorder(recorder))
}

/// What an exporter shows.
pub(crate) struct Rendered(PrometheusHandle);

impl Rendered {
    pub(crate) fn text(&self) -> String {
        self.0.render()
    }

    /// The value of the one series of this name with these labels.
    #[track_caller]
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let text = self.text();
        let is = |line: &&str| {
            let label =
                |(name, value): &(&str, &str)| line.contains(&format!("{name}=\"{value}\""));
            line.split(['{', ' ']).next() == Some(name) && labels.iter().all(label)
        };
        let found: Vec<_> = text.lines().filter(is).collect();
        assert!(found.len() < 2, "{name} {labels:?} is not one series: {found:#?}");
        found.first()?.rsplit(' ').next()?.parse().ok()
    }

    /// How many times were recorded of an operation on a store.
    #[track_caller]
    pub(crate) fn times(&self, store: &str, operation: &str, outcome: &str) -> Option<f64> {
        let labels = [("store", store), ("operation", operation), ("outcome", outcome)];
        self.value("cache_store_seconds_count", &labels)
    }
}

pub(crate) fn namespace() -> Namespace {
    Namespace::new(SECRET).unwrap()
}

pub(crate) fn keys(count: usize) -> Vec<CacheKey> {
    let space = KeySpace::new(namespace(), KeyKind::Embedding, 0);
    let profile = KeyProfile::new(space, KeyFields::new(KeyKind::Embedding), None);
    (0..count).map(|i| profile.key(&format!("{SECRET} {i}"))).collect()
}

pub(crate) fn entries(keys: &[CacheKey], size: usize) -> Vec<PutEntry> {
    let ttl = Ttl::seconds(3_600).unwrap();
    let value = || StoredValue::new(vec![7; size]);
    keys.iter().map(|key| PutEntry::new(key.clone(), value(), ttl)).collect()
}
