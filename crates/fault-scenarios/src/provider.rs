//! A provider that always answers, in the same time, what can be checked.

use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    ChatChunk, ChatProvider, ChatRequest, ChatResponse, ChatStream, EmbedOptions, EmbedResponse,
    Embedding, EmbeddingProvider, ModelIdentity, ProviderError,
};
use serde_json::json;

const DIMENSIONS: usize = 256;

/// How long it takes for anything.
pub(crate) const TAKES: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Provider;

/// The vector of a text.
pub(crate) fn vector(text: &str) -> Embedding {
    // FNV-1a, then xorshift: numbers that no other text has.
    let mut state = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f32::from(u16::try_from(state >> 48).unwrap()) / 65_536.0 - 0.5
    };
    Embedding::new((0..DIMENSIONS).map(|_| next()).collect::<Vec<_>>()).unwrap()
}

/// The answer to a question.
pub(crate) fn answer(question: &str) -> String {
    format!("the answer to {question}")
}

/// A request that the cache's policy caches.
pub(crate) fn request(question: &str) -> ChatRequest {
    ChatRequest::user(question).with("temperature", 0)
}

fn asked(request: &ChatRequest) -> String {
    request.messages().last().and_then(|message| message["content"].as_str()).unwrap().to_owned()
}

#[async_trait]
impl EmbeddingProvider for Provider {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("scenario", "vectors")
    }

    async fn embed(
        &self,
        inputs: &[&str],
        _: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        tokio::time::sleep(TAKES).await;
        Ok(EmbedResponse::new(inputs.iter().map(|text| vector(text)).collect()))
    }
}

#[async_trait]
impl ChatProvider for Provider {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("scenario", "answers")
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        tokio::time::sleep(TAKES).await;
        let message = json!({ "role": "assistant", "content": answer(&asked(request)) });
        let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
        Ok(ChatResponse::from_json(json!({ "model": "answers", "choices": [choice] })))
    }

    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        let whole = ChatProvider::complete(self, request).await?.into_body();
        let chunks = response_cache::split(&whole, false).into_iter();
        let chunks = chunks.map(|chunk| Ok(ChatChunk::from_json(chunk)));
        Ok(Box::pin(futures_util::stream::iter(chunks)))
    }
}
