//! Giving numbers to the recorder.
//!
//! Keys are looked up in the recorder at every use, not once for ever: a handle that was taken before
//! the program installed its recorder would lead nowhere.

use std::time::Duration;

use metrics::{Key, Level, Metadata};

static METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

pub(crate) fn count(key: &Key, by: u64) {
    metrics::with_recorder(|recorder| recorder.register_counter(key, &METADATA)).increment(by);
}

pub(crate) fn set(key: &Key, value: f64) {
    metrics::with_recorder(|recorder| recorder.register_gauge(key, &METADATA)).set(value);
}

pub(crate) fn observe(key: &Key, time: Duration) {
    metrics::with_recorder(|recorder| recorder.register_histogram(key, &METADATA)).record(time);
}
