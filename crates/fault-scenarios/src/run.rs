//! One scenario from its beginning to its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{CacheBackend, ChatProvider, EmbeddingProvider};
use cache_guard::{BreakerState, GuardOptions, GuardedBackend};
use embedding_cache::EmbeddingCache;
use response_cache::ResponseCache;

use crate::callers::{Caches, Callers};
use crate::measured::{Latencies, Row, Sample, Told};
use crate::provider::Provider;
use crate::{Lasts, Scenario};

/// After this time nobody expects the store back.
const LOST: Duration = Duration::from_secs(10);

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Before anything happens.
    pub calm: Duration,
    /// How long the store is broken, unless it heals itself.
    pub broken: Duration,
}

impl Pace {
    /// For tests.
    pub const SHORT: Self =
        Self { calm: Duration::from_millis(700), broken: Duration::from_millis(1_500) };
    /// For the table.
    pub const LONG: Self = Self { calm: Duration::from_secs(2), broken: Duration::from_secs(10) };
}

/// Runs a scenario with a guard of these options in front of the store.
///
/// # Panics
/// When the store cannot be set up.
pub async fn run(scenario: &Scenario, pace: Pace, options: GuardOptions) -> Row {
    let budgets = options.budgets;
    let write = if options.write_behind.is_some() { Duration::ZERO } else { budgets.write };
    let mut stage = tokio::task::block_in_place(scenario.stage);
    let guard = GuardedBackend::with_options(stage.open().await, options);
    let caches = open(&guard);
    let callers = Callers::start(&caches);
    tokio::time::sleep(pace.calm).await;

    let before = guard.snapshot();
    let broken_at = Instant::now();
    tokio::task::block_in_place(|| stage.break_it());
    if scenario.lasts == Lasts::ThePace {
        tokio::time::sleep(pace.broken).await;
    }
    tokio::task::block_in_place(|| stage.heal());
    let healed_at = Instant::now();
    let recovery = recovery(&caches, healed_at).await;
    let closed = closes(&guard).await;
    let (samples, controls) = callers.stop().await;
    let after = guard.snapshot();

    let since = |sample: &&Sample| sample.start >= broken_at;
    let samples: Vec<_> = samples.iter().filter(since).copied().collect();
    let controls: Vec<_> = controls.iter().filter(since).copied().collect();
    let count = |told| samples.iter().filter(|sample| sample.told == told).count();
    let meanwhile = |sample: &&Sample| sample.told == Told::Hit && sample.start < healed_at;
    Row {
        name: scenario.name,
        calls: samples.len(),
        wrong: count(Told::Wrong),
        failed: count(Told::Nothing),
        hits: samples.iter().filter(meanwhile).count(),
        added: Latencies::of(&samples),
        noise: Latencies::of(&controls),
        budget: budgets.read + budgets.lease + write,
        breakers: (after.opened - before.opened, after.closed - before.closed),
        outage: scenario.outage,
        closed,
        recovery,
    }
}

fn open(guard: &GuardedBackend) -> Caches {
    let backend: Arc<dyn CacheBackend> = Arc::new(guard.clone());
    let vectors: Arc<dyn EmbeddingProvider> = Arc::new(Provider);
    let answers: Arc<dyn ChatProvider> = Arc::new(Provider);
    Caches {
        embeddings: EmbeddingCache::builder(Arc::clone(&backend))
            .provider(vectors)
            .build()
            .unwrap(),
        responses: ResponseCache::builder(backend, answers).build().unwrap(),
    }
}

/// Until something new is computed, stored and found again, in both caches.
async fn recovery(caches: &Caches, healed_at: Instant) -> Option<Duration> {
    let found = async {
        while caches.embed("after the healing").await != Told::Hit {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while caches.complete("after the healing").await != Told::Hit {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LOST, found).await.ok().map(|()| healed_at.elapsed())
}

/// Whether all breakers close, in time.
async fn closes(guard: &GuardedBackend) -> bool {
    let mut states = guard.watch();
    let all = |state: &cache_guard::GuardState| {
        state.store == BreakerState::Closed && state.writes == BreakerState::Closed
    };
    tokio::time::timeout(LOST, states.wait_for(all)).await.is_ok()
}
