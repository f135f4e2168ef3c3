//! A provider whose right answers everybody knows, and which counts what it is asked.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use cache_benches::load::Random;
use cache_core::{
    ChatChunk, ChatProvider, ChatRequest, ChatResponse, ChatStream, EmbedOptions, EmbedResponse,
    Embedding, EmbeddingProvider, ModelIdentity, ProviderError,
};
use half::f16;
use serde_json::json;

const DIMENSIONS: usize = 768;
/// How long it takes for anything.
const TAKES: Duration = Duration::from_millis(2);

/// What it was asked for, and what that came to.
#[derive(Debug, Default)]
pub struct Provider {
    pub embed_calls: AtomicU64,
    pub embed_inputs: AtomicU64,
    pub embed_tokens: AtomicU64,
    pub chat_calls: AtomicU64,
    pub prompt_tokens: AtomicU64,
    pub completion_tokens: AtomicU64,
}

/// A text of this number.
pub fn text(number: usize) -> String {
    format!("a text of some length, as users write them, of the number {number}")
}

/// Half-precision numbers divided by a single-precision norm, as services give them.
pub fn vector(text: &str) -> Embedding {
    let mut random = Random::new(seed(text));
    let mut value = || f16::from_f64(random.part() - 0.5).to_f32();
    let values: Vec<f32> = (0..DIMENSIONS).map(|_| value()).collect();
    let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    Embedding::new(values.into_iter().map(|value| value / norm).collect::<Vec<_>>()).unwrap()
}

/// The answer to a question: of one to thirty sentences.
pub fn answer(question: &str) -> String {
    let sentences = 1 + seed(question) % 30;
    (0..sentences).map(|number| format!("Sentence {number} on: {question}. ")).collect()
}

/// What is billed for a text.
pub fn tokens(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

/// A request that the cache's policy caches.
pub fn request(question: &str) -> ChatRequest {
    ChatRequest::user(question).with("temperature", 0)
}

fn seed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[async_trait]
impl EmbeddingProvider for Provider {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("load", "vectors")
    }

    async fn embed(
        &self,
        inputs: &[&str],
        _: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        let billed = inputs.iter().map(|text| tokens(text)).sum();
        self.embed_calls.fetch_add(1, Relaxed);
        self.embed_inputs.fetch_add(inputs.len() as u64, Relaxed);
        self.embed_tokens.fetch_add(billed, Relaxed);
        tokio::time::sleep(TAKES).await;
        let vectors = inputs.iter().map(|text| vector(text)).collect();
        Ok(EmbedResponse::new(vectors).with_tokens(billed))
    }
}

impl Provider {
    async fn reply(&self, request: &ChatRequest) -> serde_json::Value {
        let question = request.messages().last().and_then(|message| message["content"].as_str());
        let question = question.unwrap();
        let said = answer(question);
        let (prompt, completion) = (tokens(question), tokens(&said));
        self.chat_calls.fetch_add(1, Relaxed);
        self.prompt_tokens.fetch_add(prompt, Relaxed);
        self.completion_tokens.fetch_add(completion, Relaxed);
        tokio::time::sleep(TAKES).await;
        let message = json!({ "role": "assistant", "content": said });
        json!({
            "model": "answers",
            "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            },
        })
    }
}

#[async_trait]
impl ChatProvider for Provider {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("load", "answers")
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        Ok(ChatResponse::from_json(self.reply(request).await))
    }

    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        let chunks = response_cache::split(&self.reply(request).await, true).into_iter();
        let chunks = chunks.map(|chunk| Ok(ChatChunk::from_json(chunk)));
        Ok(Box::pin(futures_util::stream::iter(chunks)))
    }
}
