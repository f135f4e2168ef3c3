//! How a cache is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cache_core::{
    CacheBackend, ChatProvider, ChatRequest, KeySecret, ModelChange, Namespace, PriceTable, Scope,
    Ttl,
};
use cache_guard::GuardOptions;

use crate::semantic::Semantic;
use crate::{Pace, Policy, ResponseCache};

/// How callers that miss the same request at once find together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coordination {
    /// One call of the provider per request and process.
    Process,
    /// One call of the provider per request among all processes that share the store, by leases;
    /// falls back to [`Process`](Self::Process) on a store without leases.
    ///
    /// A lease is renewed while its holder waits for the provider. When the holder dies, another
    /// takes over after `lease` at the latest. Nobody waits for another process longer than
    /// `longest_wait`; then it asks for itself. A caller that waits for another process gets the
    /// answer when it is complete, streams included.
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

/// What becomes of a call of the provider that nobody waits for any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnAbandon {
    /// It goes on, and its answer is stored: it has been paid for.
    #[default]
    Finish,
    /// It is ended, and nothing is stored.
    Drop,
}

type TtlRule = Arc<dyn Fn(&ChatRequest) -> Option<Ttl> + Send + Sync>;

/// Settings that do not change once the cache is built.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) namespace: Namespace,
    pub(crate) generation: u32,
    pub(crate) scope: Scope,
    pub(crate) policy: Policy,
    pub(crate) ttl: Ttl,
    pub(crate) ttl_rule: Option<TtlRule>,
    pub(crate) jitter: f64,
    pub(crate) stale_while_revalidate: Duration,
    pub(crate) stale_if_error: Duration,
    pub(crate) coordination: Coordination,
    pub(crate) on_abandon: OnAbandon,
    pub(crate) retry_joined: bool,
    pub(crate) record_usage: bool,
    pub(crate) pace: Pace,
    pub(crate) trust_tags_for: Duration,
    pub(crate) model_change: ModelChange,
    pub(crate) strict: bool,
    pub(crate) secret: Option<KeySecret>,
    pub(crate) share_statistics_every: Option<Duration>,
    pub(crate) prices: PriceTable,
    pub(crate) semantic: Option<Semantic>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("namespace", &self.namespace)
            .field("generation", &self.generation)
            .field("scope", &self.scope)
            .field("policy", &self.policy)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

/// Builds a [`ResponseCache`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    backend: Arc<dyn CacheBackend>,
    provider: Arc<dyn ChatProvider>,
    config: Config,
    guard: Option<GuardOptions>,
}

impl Builder {
    pub(crate) fn new(backend: Arc<dyn CacheBackend>, provider: Arc<dyn ChatProvider>) -> Self {
        let config = Config {
            namespace: Namespace::default(),
            generation: 0,
            scope: Scope::shared(),
            policy: Policy::default(),
            ttl: Ttl::seconds(3_600).unwrap_or(Ttl::FOREVER),
            ttl_rule: None,
            jitter: 0.1,
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            coordination: Coordination::default(),
            on_abandon: OnAbandon::default(),
            retry_joined: true,
            record_usage: true,
            pace: Pace::default(),
            trust_tags_for: Duration::from_secs(1),
            model_change: ModelChange::default(),
            strict: false,
            secret: None,
            share_statistics_every: Some(Duration::from_secs(5)),
            prices: PriceTable::default(),
            semantic: None,
        };
        Self { backend, provider, config, guard: Some(GuardOptions::default()) }
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

    /// Which requests' answers may be cached, and which answers are kept. Default:
    /// [`Policy::deterministic`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.config.policy = policy;
        self
    }

    /// How long an answer is fresh. Default: one hour.
    pub fn ttl(mut self, ttl: Ttl) -> Self {
        self.config.ttl = ttl;
        self
    }

    /// How long the answer to a request is fresh, where the rule says. A call's own TTL goes before
    /// it.
    pub fn ttl_by(
        mut self,
        rule: impl Fn(&ChatRequest) -> Option<Ttl> + Send + Sync + 'static,
    ) -> Self {
        self.config.ttl_rule = Some(Arc::new(rule));
        self
    }

    /// By how much TTLs are spread, as a part of them in [0, 1): a TTL of one hour and a jitter of
    /// 0.1 give lives of 54 to 60 minutes, so that what was written together does not expire
    /// together. Never longer than the TTL. Default: 0.1.
    pub fn ttl_jitter(mut self, jitter: f64) -> Self {
        self.config.jitter = jitter;
        self
    }

    /// For this long after its TTL an answer is still given, while one caller asks for it anew in
    /// the background. Default: zero.
    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.config.stale_while_revalidate = window;
        self
    }

    /// For this long after its TTL an answer is given when asking for it anew fails. Default: zero.
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.config.stale_if_error = window;
        self
    }

    /// How callers that miss the same request find together. Default: across processes.
    pub fn coordination(mut self, coordination: Coordination) -> Self {
        self.config.coordination = coordination;
        self
    }

    /// What becomes of a call of the provider that nobody waits for any more. Default: it is
    /// finished and its answer stored.
    pub fn on_abandon(mut self, policy: OnAbandon) -> Self {
        self.config.on_abandon = policy;
        self
    }

    /// Whether a caller that had joined another's call asks once more when that failed, provided
    /// that it has been given nothing yet. Default: yes.
    pub fn retry_joined(mut self, retry: bool) -> Self {
        self.config.retry_joined = retry;
        self
    }

    /// Whether the provider is asked for the usage of every stream that is recorded
    /// (`stream_options.include_usage`): a caller that has not asked for it is not shown it.
    /// Default: yes. For services that refuse the option: such recordings do not serve callers that
    /// need the usage, and their tokens are not counted.
    pub fn record_usage(mut self, record: bool) -> Self {
        self.config.record_usage = record;
        self
    }

    /// How fast a hit is replayed as a stream. Default: at once.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.config.pace = pace;
        self
    }

    /// How long this process goes by what it last read of a tag's state when it meets the tag on an
    /// entry: so long may an invalidation of the tag go unnoticed. (Those of everything, of a model
    /// or a scope, and of the call's own tags are always read along with the entry.) Default: 1 s.
    pub fn trust_tags_for(mut self, time: Duration) -> Self {
        self.config.trust_tags_for = time;
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

    /// What is done when another model answers than the one that the entries are of; other processes
    /// notice it within a second. Default: entries of the old model are misses from then on.
    ///
    /// Answers of requests that are not cached do not count.
    pub fn model_change(mut self, policy: ModelChange) -> Self {
        self.config.model_change = policy;
        self
    }

    /// Whether a failing store is an error to the caller. By default it is a miss: the provider
    /// answers, and the failure is counted. The guard is [strict](GuardOptions::strict), too.
    pub fn strict(mut self, strict: bool) -> Self {
        self.config.strict = strict;
        self
    }

    /// Makes keys with a secret, so that somebody who can read the store's keys cannot test
    /// whether a guessed request is in it. All processes need the same.
    pub fn key_secret(mut self, secret: KeySecret) -> Self {
        self.config.secret = Some(secret);
        self
    }

    /// How soon counts become visible to other processes; `None` shares them only on
    /// [`ResponseCache::flush`]. Default: 5 s. One round trip each time, none while idle.
    pub fn share_statistics_every(mut self, interval: Option<Duration>) -> Self {
        self.config.share_statistics_every = interval;
        self
    }

    /// What tokens cost, for [`Statistics::money_saved`](crate::Statistics::money_saved). Default:
    /// the [built-in](PriceTable::built_in) prices.
    pub fn prices(mut self, prices: PriceTable) -> Self {
        self.config.prices = prices;
        self
    }

    /// Answers questions that mean the same as one that was answered, where a call or a rule asks for
    /// it. Default: off.
    pub fn semantic(mut self, settings: Semantic) -> Self {
        self.config.semantic = Some(settings);
        self
    }

    /// Builds the cache. Nothing is connected or called.
    ///
    /// # Errors
    /// When settings cannot work.
    pub fn build(self) -> Result<ResponseCache, BuildError> {
        if !(0.0..1.0).contains(&self.config.jitter) {
            return Err(BuildError("the TTL jitter is a part of the TTL, from 0 to below 1"));
        }
        if let Coordination::CrossProcess { lease, .. } = self.config.coordination
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
        Ok(ResponseCache::from_parts(store, self.provider, self.config))
    }
}

/// Settings that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(&'static str);
