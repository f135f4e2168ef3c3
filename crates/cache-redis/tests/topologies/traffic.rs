//! Calls that go on while servers change, and that no answer may be wrong of.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cache_core::{CacheBackend, CacheKey, GetOptions};
use cache_redis::RedisBackend;
use tokio::task::JoinSet;

use crate::support::{entries, hour, plain, value_of};

/// Readers and writers of some keys.
pub(crate) struct Traffic {
    tasks: JoinSet<()>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    done: AtomicBool,
    succeeded: AtomicU64,
    failed: AtomicU64,
    last: Mutex<String>,
}

impl Traffic {
    /// Four tasks that write and read batches of these keys, and check whatever they are given.
    pub(crate) fn start(backend: &RedisBackend, keys: &[CacheKey]) -> Self {
        let (mut tasks, counts) = (JoinSet::new(), Arc::new(Counts::default()));
        for _ in 0..4 {
            let (backend, keys, counts) = (backend.clone(), keys.to_vec(), Arc::clone(&counts));
            tasks.spawn(async move {
                while !counts.done.load(Ordering::SeqCst) {
                    let count = match once(&backend, &keys).await {
                        Ok(()) => &counts.succeeded,
                        Err(error) => {
                            assert!(error.is_retryable(), "{error}");
                            *counts.last.lock().unwrap() = error.to_string();
                            &counts.failed
                        }
                    };
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            });
        }
        Self { tasks, counts }
    }

    /// How many rounds succeeded and failed so far.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        let count = |count: &AtomicU64| count.load(Ordering::SeqCst);
        (count(&self.counts.succeeded), count(&self.counts.failed))
    }

    /// Ends it; nothing may have failed. Gives the rounds.
    pub(crate) async fn stop_without_failures(self) -> u64 {
        let counts = Arc::clone(&self.counts);
        let (succeeded, failed) = self.stop().await;
        let last = counts.last.lock().unwrap();
        assert_eq!(failed, 0, "failures, with {succeeded} successes; the last: {last}");
        succeeded
    }

    /// Ends it; gives the rounds that succeeded and that failed. A wrong answer panics.
    pub(crate) async fn stop(self) -> (u64, u64) {
        self.counts.done.store(true, Ordering::SeqCst);
        let counts = Arc::clone(&self.counts);
        self.tasks.join_all().await;
        (counts.succeeded.load(Ordering::SeqCst), counts.failed.load(Ordering::SeqCst))
    }
}

/// Writes, reads, and compares.
async fn once(backend: &RedisBackend, keys: &[CacheKey]) -> Result<(), cache_core::CacheError> {
    backend.put_many(&entries(keys, 100, hour()), &plain()).await?;
    check(backend, keys).await.map(|_| ())
}

/// Reads all; says how many are there. None may be another's.
pub(crate) async fn check(
    backend: &RedisBackend,
    keys: &[CacheKey],
) -> Result<usize, cache_core::CacheError> {
    let found = backend.get_many(keys, &GetOptions::default()).await?;
    assert_eq!(found.len(), keys.len());
    for (key, value) in keys.iter().zip(&found) {
        assert!(value.as_ref().is_none_or(|value| value.bytes() == &value_of(key, 100)));
    }
    Ok(found.iter().flatten().count())
}

/// Calls until it succeeds; says how long that took.
pub(crate) async fn until_it_works(backend: &RedisBackend, keys: &[CacheKey]) -> Duration {
    let started = Instant::now();
    while let Err(error) = once(backend, keys).await {
        assert!(error.is_retryable(), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20), "still: {error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.elapsed()
}
