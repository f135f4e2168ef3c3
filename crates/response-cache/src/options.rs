//! What one call asks of the cache.

use std::time::Duration;

use cache_core::vector::Similarity;
use cache_core::{Scope, Ttl};

use crate::Pace;

/// Most answers that are kept for one request, see [`CallOptions::with_variants`].
pub const MAX_VARIANTS: u32 = 32;

/// What a call does with the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Reads, asks for what is missing, writes it.
    #[default]
    ReadWrite,
    /// Reads and asks for what is missing, writes nothing: `no-store`. (Where another call of this
    /// process asks for the same at the same time, that call's mode decides.)
    ReadOnly,
    /// Asks anew and writes the answer: `no-cache`.
    Refresh,
    /// Asks, and touches neither the store nor other calls' answers.
    Bypass,
}

/// Options of one call. The defaults are those of the cache.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use]
pub struct CallOptions {
    pub(crate) scope: Option<Scope>,
    pub(crate) mode: Mode,
    pub(crate) ttl: Option<Ttl>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) tags: Vec<String>,
    pub(crate) allow: bool,
    pub(crate) variants: u32,
    pub(crate) pace: Option<Pace>,
    pub(crate) semantic: Option<bool>,
    pub(crate) threshold: Option<Similarity>,
}

impl CallOptions {
    /// The cache's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whose entries these are. Default: the cache's scope.
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// What the call does with the store.
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// How long the answer is fresh, if this call stores one.
    pub fn with_ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Takes answers of at most this age, whatever their TTL.
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Adds a tag to what this call stores: [invalidating](crate::ResponseCache::invalidate) the tag
    /// invalidates the entry, in whatever scope. A hit keeps the tags that it was stored with.
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self.tags.sort_unstable();
        self.tags.dedup();
        self
    }

    /// Caches this request even though the [policy](crate::Policy) for requests does not.
    pub fn allow(mut self) -> Self {
        self.allow = true;
        self
    }

    /// Keeps up to this many answers to the request (at most [`MAX_VARIANTS`]): the service is asked
    /// until there are as many, and from then on they are given in turns.
    pub fn with_variants(mut self, answers: u32) -> Self {
        self.variants = answers.clamp(1, MAX_VARIANTS);
        self
    }

    /// Whether the answer to a question that means the same will do, and this call's answer for those
    /// who ask in other words, in a cache with a [semantic stage](crate::Builder::semantic). Default:
    /// as its [rule](crate::semantic::Semantic::when) says, and without a rule not. A call that wants
    /// several [variants](Self::with_variants) never takes part.
    pub fn with_semantic(mut self, semantic: bool) -> Self {
        self.semantic = Some(semantic);
        self
    }

    /// How similar a question must be for its answer to do for this call, whatever the cache's
    /// [rule](crate::semantic::Semantic::threshold_by) says: of a tenant, for instance, whose
    /// questions were calibrated apart. A threshold that [marks](crate::ResponseCache::mark_wrong)
    /// have raised above it still counts.
    pub fn with_semantic_threshold(mut self, threshold: Similarity) -> Self {
        self.threshold = Some(threshold);
        self
    }

    /// How fast a hit is replayed as a stream.
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = Some(pace);
        self
    }
}
