//! An answer as it arrives.

use std::fmt;
use std::pin::Pin;

use futures_core::Stream;
use serde_json::Value;

use super::TokenUsage;
use crate::ProviderError;

/// Chunks as they arrive; see [`ChatProvider`](crate::ChatProvider) for what its end means.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatChunk, ProviderError>> + Send>>;

/// One chunk of a streamed answer, as the service gave it. `Debug` shows no text.
#[derive(Clone, PartialEq)]
pub struct ChatChunk {
    body: Value,
}

impl ChatChunk {
    /// The chunk that this JSON is. Nothing is judged.
    #[must_use]
    pub fn from_json(body: Value) -> Self {
        Self { body }
    }

    /// The whole chunk.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The whole chunk.
    #[must_use]
    pub fn into_body(self) -> Value {
        self.body
    }

    /// The model that answers. Azure OpenAI's first chunk names none.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.body.get("model")?.as_str().filter(|model| !model.is_empty())
    }

    /// The choices this chunk says something of. Azure OpenAI's first chunk and the chunk with the
    /// usage have none.
    #[must_use]
    pub fn choices(&self) -> &[Value] {
        self.body.get("choices").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// New text of the first choice (that of index 0).
    #[must_use]
    pub fn content(&self) -> Option<&str> {
        let first = |choice: &&Value| choice.get("index").is_none_or(|index| index == 0);
        self.choices().iter().find(first)?.get("delta")?.get("content")?.as_str()
    }

    /// What the answer cost, in the chunk that says so.
    #[must_use]
    pub fn usage(&self) -> Option<TokenUsage> {
        TokenUsage::from_json(self.body.get("usage")?)
    }
}

impl fmt::Debug for ChatChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatChunk").field("choices", &self.choices().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_documented_form_is_read() {
        let content = |body| ChatChunk::from_json(body).content().map(str::to_owned);
        let delta = |delta: Value| json!({ "choices": [{ "index": 0, "delta": delta }] });
        assert_eq!(content(delta(json!({ "content": "hi" }))), Some("hi".to_owned()));
        assert_eq!(content(delta(json!({ "content": null }))), None);
        assert_eq!(content(delta(json!({ "role": "assistant" }))), None);
        assert_eq!(content(json!({ "choices": [], "prompt_filter_results": [] })), None);
        let offsets = json!({ "choices": [{ "index": 0, "content_filter_offsets": {} }] });
        assert_eq!(content(offsets), None);
        let second = json!({ "choices": [{ "index": 1, "delta": { "content": "two" } }] });
        assert_eq!(content(second), None);
    }
}
