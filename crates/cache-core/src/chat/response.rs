//! What a chat model answered.

use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use super::lazy::LazyJson;

/// A whole answer, as the service gave it. Cloning copies a pointer.
///
/// The accessors read what is common to all services; [`body`](Self::body) has the rest: tool calls,
/// refusals, log probabilities, content-filter results, … `Debug` shows no text.
#[derive(Clone, PartialEq)]
pub struct ChatResponse {
    body: LazyJson,
}

/// What an answer cost, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TokenUsage {
    /// Tokens of the request.
    pub prompt: u64,
    /// Those of them that the service had in its own prompt cache; they are billed for less.
    pub cached_prompt: u64,
    /// Tokens of the answer, reasoning included.
    pub completion: u64,
}

impl ChatResponse {
    /// The answer that this JSON is. Nothing is judged.
    #[must_use]
    pub fn from_json(body: Value) -> Self {
        Self { body: LazyJson::of(body) }
    }

    /// The answer that this JSON text is. It is parsed when it is first looked at, by whichever
    /// method: who passes an answer on need not pay for that.
    ///
    /// The text is taken on trust, for callers that keep such texts and know that they are whole. One
    /// that is no JSON reads as null.
    #[must_use]
    pub fn from_json_text(text: impl Into<Bytes>) -> Self {
        Self { body: LazyJson::of_text(text.into()) }
    }

    /// The whole answer.
    #[must_use]
    pub fn body(&self) -> &Value {
        self.body.get()
    }

    /// The whole answer, copied where clones of this one are about.
    #[must_use]
    pub fn into_body(self) -> Value {
        self.body.into_value()
    }

    /// The model that answered.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.body().get("model")?.as_str().filter(|model| !model.is_empty())
    }

    /// The choices, in the service's order.
    #[must_use]
    pub fn choices(&self) -> &[Value] {
        self.body().get("choices").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The text of the first choice, when it has one.
    #[must_use]
    pub fn content(&self) -> Option<&str> {
        self.choices().first()?.get("message")?.get("content")?.as_str()
    }

    /// Why the first choice ended: `stop`, `length`, `tool_calls`, `content_filter`, …
    #[must_use]
    pub fn finish_reason(&self) -> Option<&str> {
        self.choices().first()?.get("finish_reason")?.as_str()
    }

    /// What it cost, when the service says.
    #[must_use]
    pub fn usage(&self) -> Option<TokenUsage> {
        TokenUsage::from_json(self.body().get("usage")?)
    }
}

impl TokenUsage {
    /// Reads a `usage` object; absent counts are zero.
    #[must_use]
    pub fn from_json(usage: &Value) -> Option<Self> {
        let count = |path: &[&str]| {
            path.iter().try_fold(usage, |value, name| value.get(name)).and_then(Value::as_u64)
        };
        usage.is_object().then(|| Self {
            prompt: count(&["prompt_tokens"]).unwrap_or(0),
            cached_prompt: count(&["prompt_tokens_details", "cached_tokens"]).unwrap_or(0),
            completion: count(&["completion_tokens"]).unwrap_or(0),
        })
    }
}

impl fmt::Debug for ChatResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatResponse")
            .field("model", &self.model())
            .field("choices", &self.choices().len())
            .field("finish_reason", &self.finish_reason())
            .field("usage", &self.usage())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_common_is_read() {
        let response = ChatResponse::from_json(json!({
            "model": "gpt-4o-mini-2024-07-18",
            "choices": [{
                "message": { "role": "assistant", "content": "a secret answer" },
                "finish_reason": "stop",
            }],
            "usage": {
                "prompt_tokens": 9,
                "completion_tokens": 3,
                "prompt_tokens_details": { "cached_tokens": 4 },
            },
        }));
        assert_eq!(response.content(), Some("a secret answer"));
        let usage = response.usage().unwrap();
        assert_eq!((usage.prompt, usage.cached_prompt, usage.completion), (9, 4, 3));
        assert!(!format!("{response:?}").contains("secret"));
    }

    #[test]
    fn a_text_is_the_answer_that_it_says() {
        let body = json!({ "model": "m", "choices": [{ "message": { "content": "하나" } }] });
        let [parsed, text] =
            [ChatResponse::from_json(body.clone()), ChatResponse::from_json_text(body.to_string())];
        let unread = text.clone();
        assert_eq!(text.content(), Some("하나"));
        assert_eq!(text, parsed);
        assert_eq!(text.into_body(), body);
        assert_eq!(unread.into_body(), body);
        assert_eq!(ChatResponse::from_json_text("{").into_body(), json!(null));
    }

    #[test]
    fn what_is_missing_is_none() {
        for body in [json!(null), json!([]), json!({}), json!({ "choices": [], "usage": null })] {
            let response = ChatResponse::from_json(body);
            assert_eq!((response.content(), response.usage()), (None, None));
            assert!(response.choices().is_empty() && response.finish_reason().is_none());
        }
    }
}
