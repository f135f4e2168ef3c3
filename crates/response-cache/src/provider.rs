//! The cache in a provider's place.

use async_trait::async_trait;
use cache_core::{
    ChatProvider, ChatRequest, ChatResponse, ChatStream, ModelIdentity, ProviderError,
};

use crate::ResponseCache;

/// With the options of [`ResponseCache::with_options`].
#[async_trait]
impl ChatProvider for ResponseCache {
    fn identity(&self) -> ModelIdentity {
        self.core.identity.clone()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        Ok(self.complete_with(request, &self.options).await?.response)
    }

    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        Ok(self.stream_with(request, &self.options).await?.chunks)
    }
}
