//! The cache in a provider's place.

use async_trait::async_trait;
use cache_core::{
    EmbedOptions, EmbedResponse, EmbeddingProvider, ModelIdentity, ProviderError, ProviderErrorKind,
};

use crate::{Error, ModelCache};

/// The texts' vectors from the store, and where it has none from the cache's provider: for whoever
/// takes any provider. The call's options are those given to `embed`, where they say anything.
#[async_trait]
impl EmbeddingProvider for ModelCache {
    fn identity(&self) -> ModelIdentity {
        self.model_identity().clone()
    }

    async fn embed(
        &self,
        inputs: &[&str],
        options: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        let looked_up = if *options == EmbedOptions::default() {
            self.embed_each(inputs).await
        } else {
            self.clone().with_options(options.clone()).embed_each(inputs).await
        };
        let results = looked_up.map_err(as_provider_error)?.into_iter();
        let vectors = results.map(|result| match result {
            Ok(lookup) => Ok(lookup.embedding),
            Err(error) => Err(as_provider_error(error)),
        });
        Ok(EmbedResponse::partial(vectors.collect()))
    }
}

/// A provider's error keeps its kind and its delay, and the shared one is its source.
fn as_provider_error(error: Error) -> ProviderError {
    let Error::Provider(shared) = &error else {
        let (kind, input) = match error {
            Error::EmptyText(index) => (ProviderErrorKind::InvalidInput, Some(index)),
            _ => (ProviderErrorKind::Failed, None),
        };
        let same = ProviderError::new(kind, error.to_string());
        return input.into_iter().fold(same, ProviderError::with_input).with_source(error);
    };
    let mut same = ProviderError::new(shared.kind(), shared.to_string());
    if let Some(delay) = shared.retry_after() {
        same = same.with_retry_after(delay);
    }
    same.with_source(error)
}
