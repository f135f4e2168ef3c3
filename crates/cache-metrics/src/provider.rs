//! The wrapper of a provider of embeddings.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::{
    EmbedOptions, EmbedResponse, EmbeddingProvider, ModelIdentity, ProviderError, ProviderLimits,
};
use tracing::Instrument;

use crate::provider_meter::{EMBED, INPUT, ProviderMeter};
use crate::watch::{OK, Watch};

/// A provider of embeddings whose calls are counted and measured: any other one, wrapped.
///
/// The labels `provider` and `model` are of its [identity](EmbeddingProvider::identity) when it was
/// wrapped. Outcomes are `ok`, the stable name of the
/// [`ProviderErrorKind`](cache_core::ProviderErrorKind) of an error, or `dropped` where the caller
/// went away. A call that succeeded for some of its inputs is `ok`; the others are among the errors.
#[derive(Debug, Clone)]
pub struct MeteredProvider {
    inner: Arc<dyn EmbeddingProvider>,
    meter: ProviderMeter,
}

impl MeteredProvider {
    /// Measures what this provider does.
    #[must_use]
    pub fn new(inner: Arc<dyn EmbeddingProvider>) -> Self {
        let meter = ProviderMeter::new(inner.identity());
        Self { inner, meter }
    }

    fn tell(&self, result: &Result<EmbedResponse, ProviderError>) -> &'static str {
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                self.meter.failed(EMBED, error.kind());
                return error.kind().as_str();
            }
        };
        for error in response.embeddings.iter().filter_map(|result| result.as_ref().err()) {
            self.meter.failed(EMBED, error.kind());
        }
        self.meter.tokens(INPUT, response.tokens.unwrap_or(0));
        OK
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl EmbeddingProvider for MeteredProvider {
    fn identity(&self) -> ModelIdentity {
        self.inner.identity()
    }

    fn limits(&self) -> ProviderLimits {
        self.inner.limits()
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.inner.count_tokens(text)
    }

    fn names_model(&self) -> bool {
        self.inner.names_model()
    }

    async fn embed(
        &self,
        inputs: &[&str],
        options: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        self.meter.inputs(EMBED, inputs.len());
        let span = self.meter.span(EMBED, inputs.len());
        let mut watch = Watch::new(span, |outcome, time| self.meter.took(EMBED, outcome, time));
        let call = self.inner.embed(inputs, options).instrument(watch.span().clone());
        let result = call.await;
        watch.end(self.tell(&result));
        result
    }
}
