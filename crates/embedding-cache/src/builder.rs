//! How a cache is set up.

use std::sync::Arc;
use std::time::Duration;

use cache_core::codec::VectorPolicy;
use cache_core::{
    CacheBackend, EmbeddingProvider, KeySecret, ModelChange, Namespace, PriceTable, Scope, Ttl,
};
use cache_guard::GuardOptions;

use crate::{EmbeddingCache, TextNormalizer};

/// How callers that miss the same text at once find together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coordination {
    /// One computation per text and process.
    Process,
    /// One computation per text among all processes that share the store, by leases; falls back
    /// to [`Process`](Self::Process) on a store without leases.
    ///
    /// A lease is renewed while its holder computes. When the holder dies, another takes over
    /// after `lease` at the latest. Nobody waits for another process longer than `longest_wait`;
    /// then it computes for itself.
    CrossProcess {
        /// Life of a lease without renewal.
        lease: Duration,
        /// Longest wait for another process.
        longest_wait: Duration,
    },
}

impl Default for Coordination {
    /// Across processes, leases of 5 s, waits of at most 60 s.
    fn default() -> Self {
        Self::CrossProcess { lease: Duration::from_secs(5), longest_wait: Duration::from_secs(60) }
    }
}

/// Settings that do not change once the cache is built.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) namespace: Namespace,
    pub(crate) generation: u32,
    pub(crate) scope: Scope,
    pub(crate) ttl: Ttl,
    pub(crate) jitter: f64,
    pub(crate) sliding: Option<Duration>,
    pub(crate) stale_while_revalidate: Duration,
    pub(crate) stale_if_error: Duration,
    pub(crate) vectors: VectorPolicy,
    pub(crate) coordination: Coordination,
    pub(crate) strict: bool,
    pub(crate) normalizer: Option<TextNormalizer>,
    pub(crate) secret: Option<KeySecret>,
    pub(crate) share_statistics_every: Option<Duration>,
    pub(crate) model_change: ModelChange,
    pub(crate) prices: PriceTable,
}

/// Builds an [`EmbeddingCache`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    backend: Arc<dyn CacheBackend>,
    provider: Option<Arc<dyn EmbeddingProvider>>,
    config: Config,
    guard: Option<GuardOptions>,
}

impl Builder {
    pub(crate) fn new(backend: Arc<dyn CacheBackend>) -> Self {
        let config = Config {
            namespace: Namespace::default(),
            generation: 0,
            scope: Scope::shared(),
            ttl: Ttl::seconds(3_600).unwrap_or(Ttl::FOREVER),
            jitter: 0.1,
            sliding: None,
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            vectors: VectorPolicy::default(),
            coordination: Coordination::default(),
            strict: false,
            normalizer: None,
            secret: None,
            share_statistics_every: Some(Duration::from_secs(5)),
            model_change: ModelChange::default(),
            prices: PriceTable::default(),
        };
        Self { backend, provider: None, config, guard: Some(GuardOptions::default()) }
    }

    /// The provider behind [`EmbeddingCache::embed`]. Without one, calls bring closures.
    pub fn provider(mut self, provider: Arc<dyn EmbeddingProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// The application's part of the store. Default: `cache`.
    pub fn namespace(mut self, namespace: Namespace) -> Self {
        self.config.namespace = namespace;
        self
    }

    /// Raising the generation makes all entries of earlier ones invisible at once. Default: 0.
    pub fn generation(mut self, generation: u32) -> Self {
        self.config.generation = generation;
        self
    }

    /// Whose entries these are, unless a call says otherwise. Default: shared by the namespace.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.config.scope = scope;
        self
    }

    /// How long an entry is fresh. Default: one hour.
    pub fn ttl(mut self, ttl: Ttl) -> Self {
        self.config.ttl = ttl;
        self
    }

    /// By how much TTLs are spread, as a part of them in [0, 1): a TTL of one hour and a jitter of
    /// 0.1 give lives of 54 to 60 minutes, so that what was written together does not expire
    /// together. Never longer than the TTL. Default: 0.1.
    pub fn ttl_jitter(mut self, jitter: f64) -> Self {
        self.config.jitter = jitter;
        self
    }

    /// Every hit starts the TTL anew, up to `longest_life` after the vector was computed. Off by
    /// default: an entry in constant use would otherwise never be computed again.
    ///
    /// The new expiry is written in the background, one round trip per batch of hits.
    pub fn sliding(mut self, longest_life: Duration) -> Self {
        self.config.sliding = Some(longest_life);
        self
    }

    /// For this long after its TTL an entry is still served, while one caller computes it anew in
    /// the background. Default: zero.
    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.config.stale_while_revalidate = window;
        self
    }

    /// For this long after its TTL an entry is served when computing it anew fails. Default: zero.
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.config.stale_if_error = window;
        self
    }

    /// How vectors are stored. Default: exactly, in as little space as that takes.
    pub fn vectors(mut self, policy: VectorPolicy) -> Self {
        self.config.vectors = policy;
        self
    }

    /// How callers that miss the same text find together. Default: across processes.
    pub fn coordination(mut self, coordination: Coordination) -> Self {
        self.config.coordination = coordination;
        self
    }

    /// How the store is kept from doing harm: time budgets, a circuit breaker, and perhaps a queue
    /// of writes. Without a word there is a guard with the default options in front of every
    /// store that is not [guarded](cache_core::Capabilities::guarded) by itself. Several caches on
    /// one store can share a guard: give them one
    /// [`GuardedBackend`](cache_guard::GuardedBackend).
    pub fn guard(mut self, options: GuardOptions) -> Self {
        self.guard = Some(options);
        self
    }

    /// Does without a guard: a call may wait for the store as long as the store takes to fail.
    pub fn unguarded(mut self) -> Self {
        self.guard = None;
        self
    }

    /// Whether a failing store is an error to the caller. By default it is a miss: the provider
    /// answers, and the failure is counted. The guard is [strict](GuardOptions::strict), too.
    pub fn strict(mut self, strict: bool) -> Self {
        self.config.strict = strict;
        self
    }

    /// What is done to every text before it is hashed and embedded. Default: nothing.
    pub fn normalizer(mut self, normalizer: TextNormalizer) -> Self {
        self.config.normalizer = Some(normalizer);
        self
    }

    /// Makes keys with a secret, so that somebody who can read the store's keys cannot test
    /// whether a guessed text is in it. All processes need the same.
    pub fn key_secret(mut self, secret: KeySecret) -> Self {
        self.config.secret = Some(secret);
        self
    }

    /// How soon counts become visible to other processes; `None` shares them only on
    /// [`EmbeddingCache::flush`]. Default: 5 s. One round trip each time, none while idle.
    pub fn share_statistics_every(mut self, interval: Option<Duration>) -> Self {
        self.config.share_statistics_every = interval;
        self
    }

    /// What is done when another model answers than the one that the entries are of. Default: the
    /// cache goes on with the new one.
    pub fn model_change(mut self, policy: ModelChange) -> Self {
        self.config.model_change = policy;
        self
    }

    /// What tokens cost, for [`Statistics::money_saved`](crate::Statistics::money_saved). Default:
    /// the [built-in](PriceTable::built_in) prices.
    pub fn prices(mut self, prices: PriceTable) -> Self {
        self.config.prices = prices;
        self
    }

    /// Builds the cache. Nothing is connected or called.
    ///
    /// # Errors
    /// When settings contradict each other.
    pub fn build(self) -> Result<EmbeddingCache, BuildError> {
        let config = &self.config;
        if !(0.0..1.0).contains(&config.jitter) {
            return Err(BuildError("the TTL jitter is a part of the TTL, from 0 to below 1"));
        }
        let window = config.stale_while_revalidate.max(config.stale_if_error);
        if config.sliding.is_some() && window > Duration::ZERO {
            return Err(BuildError(
                "sliding expiry and stale windows exclude each other: a sliding entry has no fixed end of freshness",
            ));
        }
        if config.sliding.is_some_and(|longest| longest < Duration::from_millis(1)) {
            return Err(BuildError(
                "the longest life of a sliding entry is at least a millisecond",
            ));
        }
        if let Coordination::CrossProcess { lease, .. } = config.coordination
            && lease < Duration::from_millis(100)
        {
            return Err(BuildError("a lease is at least 100 ms: it must outlive a slow renewal"));
        }
        let strict = self.config.strict;
        let guard = self.guard.map(|options| {
            let strict = strict || options.strict;
            options.with_strict(strict)
        });
        let store = cache_guard::guard(self.backend, guard);
        Ok(EmbeddingCache::from_parts(store, self.provider, self.config))
    }
}

/// Settings that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(&'static str);
