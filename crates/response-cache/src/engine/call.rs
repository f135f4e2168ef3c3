//! What one call asks for.

use std::sync::Arc;
use std::time::Duration;

use cache_core::vector::Similarity;
use cache_core::{CacheKey, ChatRequest, Ttl};

use super::Core;
use super::views::View;
use crate::semantic::{Asked, Question};
use crate::{CallOptions, Explanation, MissCause, Mode, Pace, request, usage};

/// In which form the caller wants the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    Whole,
    Stream,
}

/// One call, apart from the request itself.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(super) view: Arc<View>,
    /// One key for each answer that is kept for the request.
    pub(super) slots: Vec<CacheKey>,
    pub(super) tags: Vec<(String, CacheKey)>,
    pub(super) want: Want,
    /// Whether the answer must come with its usage.
    pub(super) needs_usage: bool,
    pub(super) mode: Mode,
    /// The policy does not cache the request.
    pub(super) excluded: bool,
    pub(super) ttl: Ttl,
    pub(super) max_age: Option<Duration>,
    pub(super) pace: Pace,
    /// The question, where one that means the same will do.
    pub(super) asked: Option<Arc<Asked>>,
    /// How similar that one must be.
    pub(super) threshold: Similarity,
}

impl Core {
    pub(crate) fn call(&self, request: &ChatRequest, options: &CallOptions, want: Want) -> Call {
        let view = self.views.of(options.scope.as_ref().unwrap_or(&self.config.scope));
        let variants = options.variants.max(1);
        let slots = request::keys(&view.profile, &self.identity, request, variants);
        let tagged = |tag: &String| (tag.clone(), self.views.tag(tag));
        let settings = self.config.semantic.as_ref();
        Call {
            asked: self.asked(&view, request, options).map(Arc::new),
            threshold: options.threshold.unwrap_or_else(|| {
                settings.map_or(Similarity::SAME, |settings| settings.threshold_of(request))
            }),
            slots,
            view,
            tags: options.tags.iter().map(tagged).collect(),
            want,
            needs_usage: want == Want::Whole || usage::asks(request),
            mode: options.mode,
            excluded: !self.may_cache(request, options),
            ttl: self.ttl(request, options),
            max_age: options.max_age,
            pace: options.pace.unwrap_or(self.config.pace),
        }
    }

    /// The question of a call that takes part in the semantic stage.
    fn asked(&self, view: &View, request: &ChatRequest, options: &CallOptions) -> Option<Asked> {
        let settings = self.config.semantic.as_ref()?;
        let wanted = options.semantic.unwrap_or_else(|| settings.looks_up(request));
        if !wanted || options.variants > 1 || options.mode == Mode::Bypass {
            return None;
        }
        let embedder = settings.embedder.identity();
        Question::of(&view.profile, &self.identity, &embedder, request).map(Asked::new)
    }

    fn may_cache(&self, request: &ChatRequest, options: &CallOptions) -> bool {
        options.allow || self.config.policy.allows(request)
    }

    fn ttl(&self, request: &ChatRequest, options: &CallOptions) -> Ttl {
        let by_rule = || self.config.ttl_rule.as_ref().and_then(|rule| rule(request));
        options.ttl.or_else(by_rule).unwrap_or(self.config.ttl)
    }

    pub(crate) fn explain(&self, request: &ChatRequest, options: &CallOptions) -> Explanation {
        let view = self.views.of(options.scope.as_ref().unwrap_or(&self.config.scope));
        Explanation::new(
            &view.profile,
            &self.identity,
            request,
            self.config.secret.as_ref(),
            self.may_cache(request, options),
        )
    }
}

impl Call {
    /// The key of the first answer.
    pub(crate) fn key(&self) -> &CacheKey {
        &self.slots[0]
    }

    pub(crate) fn slots(&self) -> &[CacheKey] {
        &self.slots
    }

    /// Why the provider is called without a look at the cache, where that is so.
    pub(super) fn passes_by(&self) -> Option<MissCause> {
        match self.mode {
            _ if self.excluded => Some(MissCause::NotCacheable),
            Mode::Bypass => Some(MissCause::Bypass),
            _ => None,
        }
    }
}
