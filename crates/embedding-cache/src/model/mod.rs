//! The cache as one model and one kind of call see it.

mod binding;
mod compute;
mod entries;

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheKey, EmbedOptions, KeyExplanation, ModelIdentity, Scope, Ttl};

#[cfg(doc)]
use crate::ModelChange;
use crate::engine::{Call, Compute, Core};
use crate::{Error, span};
use binding::Bindings;

/// What a call does with the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Reads, computes what is missing, writes it.
    #[default]
    ReadWrite,
    /// Reads and computes what is missing, writes nothing. (Where another call of this process
    /// computes the same text at the same time, that call's mode decides.)
    ReadOnly,
    /// Computes everything anew and writes it.
    Refresh,
    /// Computes everything, and touches neither the store nor other calls' computations.
    Bypass,
}

/// The cache as one model sees it, with the options of its calls. Cheap to clone; keep one for a
/// model in frequent use.
///
/// It comes from [`EmbeddingCache::model`](crate::EmbeddingCache::model), for closures, or
/// [`EmbeddingCache::provider`](crate::EmbeddingCache::provider).
///
/// # Concurrent calls of the same text
///
/// For one text, one computation runs at a time: in this process always, and among all processes
/// that share the store as the cache's [`Coordination`](crate::Coordination) says. Every caller gets
/// its result, or its error; an error is not stored, and the next call computes again. A computation
/// runs in a task of its own and goes on when its caller goes away, except in the methods that end
/// in `_borrowed`.
#[derive(Debug, Clone)]
pub struct ModelCache {
    core: Arc<Core>,
    identity: ModelIdentity,
    scope: Scope,
    call: Call,
    /// Present on handles of the provider's own, whose keys depend on which model answers.
    bindings: Option<Arc<Bindings>>,
}

impl ModelCache {
    pub(crate) fn new(core: &Arc<Core>, identity: ModelIdentity) -> Self {
        let scope = core.config.scope.clone();
        let options = EmbedOptions::default();
        let profile = Arc::new(core.profile(&scope, &identity, &options));
        Self::with_profile(core, identity, profile)
    }

    pub(crate) fn with_profile(
        core: &Arc<Core>,
        identity: ModelIdentity,
        profile: Arc<cache_core::KeyProfile>,
    ) -> Self {
        let own = core.provider.as_ref().is_some_and(|provider| provider.identity() == identity);
        let call = Call {
            profile,
            answering: None,
            token_price: core.token_price(&identity),
            given: None,
            dimensions: identity.dimensions.map(|d| d as usize),
            embed: EmbedOptions::default(),
            ttl: None,
            mode: Mode::default(),
            max_age: None,
        };
        Self {
            core: Arc::clone(core),
            scope: core.config.scope.clone(),
            identity,
            call,
            bindings: own.then(Arc::default),
        }
    }

    pub(crate) fn model_identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// Entries of this scope in place of the cache's.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self.renew_profile()
    }

    /// Input kind and dimensions of the vectors. They are part of the key.
    #[must_use]
    pub fn with_options(mut self, options: EmbedOptions) -> Self {
        let dimensions = options.dimensions.or(self.identity.dimensions);
        self.call.dimensions = dimensions.map(|d| d as usize);
        self.call.embed = options;
        self.renew_profile()
    }

    /// TTL of what these calls write.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Ttl) -> Self {
        self.call.ttl = Some(ttl);
        self.rebound()
    }

    /// What these calls do with the store.
    #[must_use]
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.call.mode = mode;
        self.rebound()
    }

    /// These calls take entries of at most this age, whatever their TTL; older ones are computed
    /// anew.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.call.max_age = Some(max_age);
        self.rebound()
    }

    fn renew_profile(mut self) -> Self {
        let profile = self.core.profile(&self.scope, &self.identity, &self.call.embed);
        self.call.profile = Arc::new(profile);
        self.rebound()
    }

    /// Another call than the handle's that this was made from.
    fn rebound(mut self) -> Self {
        self.bindings = self.bindings.map(|_| Arc::default());
        self
    }

    fn own_provider(&self) -> Result<Compute<'static>, Error> {
        self.core.provider.clone().map(Compute::Provider).ok_or(Error::NoProvider)
    }

    /// The key of a text: where the keys depend on which model answers, of the one that this process
    /// [knows of](Self::answering_model).
    #[must_use]
    pub fn key(&self, text: &str) -> CacheKey {
        let text = self.core.normalized(text);
        self.known().map_or_else(|| self.call.profile.key(&text), |call| call.profile.key(&text))
    }

    /// What makes the key of a text, as [`key`](Self::key) gives it.
    #[must_use]
    pub fn explain(&self, text: &str) -> KeyExplanation {
        let text = self.core.normalized(text);
        match self.known() {
            Some(call) => call.profile.explain(&text),
            None => self.call.profile.explain(&text),
        }
    }

    /// The model that answers, as replies have said and the store remembers: part of the key where
    /// the provider names it, see [`ModelChange`]. `None` when nobody knows it yet, or when
    /// the keys do not depend on it. Asks the store at most once a minute, the provider never.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn answering_model(&self) -> Result<Option<String>, Error> {
        let call = async {
            let bound = self.bound().await?;
            Ok(bound.and_then(|call| call.answering.as_deref().map(str::to_owned)))
        };
        span::of_cache("answering_model").follow(call, span::done).await
    }

    /// What the vectors depend on, apart from text and options.
    #[must_use]
    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }
}
