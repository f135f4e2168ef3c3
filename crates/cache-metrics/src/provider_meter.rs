//! What is recorded of a provider, of either kind.

use std::time::Duration;

use cache_core::{ModelIdentity, ProviderErrorKind, TokenUsage};
use metrics::{Key, Label, SharedString};
use tracing::{Span, field};

use crate::catalogue::{
    PROVIDER_ERRORS, PROVIDER_FIRST_CHUNK, PROVIDER_INPUTS, PROVIDER_SECONDS, PROVIDER_TOKENS,
};
use crate::record;

/// What a provider does.
pub(crate) const EMBED: &str = "embed";
pub(crate) const COMPLETE: &str = "complete";
pub(crate) const STREAM: &str = "stream";
pub(crate) const PROVIDER_OPERATIONS: [&str; 3] = [EMBED, COMPLETE, STREAM];

/// What tokens are for.
pub(crate) const INPUT: &str = "input";
const CACHED_INPUT: &str = "cached_input";
const OUTPUT: &str = "output";
pub(crate) const TOKEN_KINDS: [&str; 3] = [INPUT, CACHED_INPUT, OUTPUT];

/// The labels that name a provider.
#[derive(Debug, Clone)]
pub(crate) struct ProviderMeter {
    provider: SharedString,
    model: SharedString,
}

impl ProviderMeter {
    pub(crate) fn new(identity: ModelIdentity) -> Self {
        let ModelIdentity { provider, model, deployment, .. } = identity;
        // Of a deployment whose model nobody knows, its own name says more than nothing.
        let model = if model.is_empty() { deployment.unwrap_or_default() } else { model };
        Self { provider: provider.into(), model: model.into() }
    }

    /// The span of a call with so many inputs.
    pub(crate) fn span(&self, operation: &'static str, inputs: usize) -> Span {
        let (provider, model) = (&*self.provider, &*self.model);
        tracing::debug_span!(
            "cache_provider",
            provider,
            model,
            operation,
            inputs,
            outcome = field::Empty
        )
    }

    pub(crate) fn inputs(&self, operation: &'static str, count: usize) {
        record::count(&self.key(PROVIDER_INPUTS, &[("operation", operation)]), count as u64);
    }

    pub(crate) fn took(&self, operation: &'static str, outcome: &'static str, time: Duration) {
        let labels = [("operation", operation), ("outcome", outcome)];
        record::observe(&self.key(PROVIDER_SECONDS, &labels), time);
    }

    pub(crate) fn began(&self, time: Duration) {
        record::observe(&self.key(PROVIDER_FIRST_CHUNK, &[]), time);
    }

    pub(crate) fn failed(&self, operation: &'static str, kind: ProviderErrorKind) {
        let labels = [("operation", operation), ("kind", kind.as_str())];
        record::count(&self.key(PROVIDER_ERRORS, &labels), 1);
    }

    pub(crate) fn tokens(&self, kind: &'static str, count: u64) {
        if count > 0 {
            record::count(&self.key(PROVIDER_TOKENS, &[("kind", kind)]), count);
        }
    }

    pub(crate) fn usage(&self, usage: TokenUsage) {
        self.tokens(INPUT, usage.prompt);
        self.tokens(CACHED_INPUT, usage.cached_prompt);
        self.tokens(OUTPUT, usage.completion);
    }

    fn key(&self, name: &'static str, more: &[(&'static str, &'static str)]) -> Key {
        let own = [("provider", &self.provider), ("model", &self.model)];
        let own = own.map(|(name, value)| Label::new(name, value.clone()));
        let more = more.iter().map(|(name, value)| Label::from_static_parts(name, value));
        Key::from_parts(name, own.into_iter().chain(more).collect::<Vec<_>>())
    }
}
