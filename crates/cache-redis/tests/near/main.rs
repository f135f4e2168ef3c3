//! The near cache on real servers.
#![allow(clippy::unwrap_used)]

mod conformance;
mod faults;
mod keeping;
#[path = "../support/mod.rs"]
mod support;
mod topologies;

use std::time::{Duration, Instant};

use cache_core::{CacheBackend, CacheBackendExt, CacheKey, StoredValue};
use cache_redis::{NearBackend, NearConfig, NearState, RedisBackend};
use support::{keys, patient};

/// A near cache on the server at this URL, with a bound on staleness that is seldom reached by a
/// machine that is merely busy.
async fn near(url: &str) -> NearBackend {
    near_with(url, NearConfig::default().with_max_staleness(Duration::from_secs(5))).await
}

async fn near_with(url: &str, config: NearConfig) -> NearBackend {
    NearBackend::new(RedisBackend::connect_with(&patient(url)).await.unwrap(), config)
}

/// What is near, if anything is.
fn kept(near: &NearBackend, key: &CacheKey) -> Option<Vec<u8>> {
    let mut found = None;
    near.read_local(key, &mut |value| found = Some(value.bytes().to_vec()));
    found
}

/// What the next read gives, and whether it is near after it.
async fn read(near: &NearBackend, key: &CacheKey) -> Option<Vec<u8>> {
    near.get(key).await.unwrap().map(|value| value.bytes().to_vec())
}

/// Reads until what is read is near.
async fn read_until_kept(near: &NearBackend, key: &CacheKey) {
    until("it is kept", async || {
        read(near, key).await.unwrap();
        kept(near, key).is_some()
    })
    .await;
}

/// Waits until it is so.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !so().await {
        assert!(Instant::now() < deadline, "{what}: not within 20 s");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A value that says its number.
fn numbered(number: u64) -> StoredValue {
    StoredValue::new(number.to_string())
}

fn key(namespace: &str) -> CacheKey {
    keys(namespace, 1).remove(0)
}
