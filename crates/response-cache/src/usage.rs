//! The usage of a streamed answer, which the service gives only when it is asked to.

use cache_core::{ChatChunk, ChatRequest};
use serde_json::{Map, Value, json};

const OPTIONS: &str = "stream_options";
const ASKED: &str = "include_usage";

/// Whether the request asks for the usage of its stream.
pub(crate) fn asks(request: &ChatRequest) -> bool {
    let options = request.get(OPTIONS);
    options.and_then(|options| options.get(ASKED)).and_then(Value::as_bool) == Some(true)
}

/// The request, asking for the usage of its stream.
pub(crate) fn asking(request: &ChatRequest) -> ChatRequest {
    let mut options = request.get(OPTIONS).and_then(Value::as_object).cloned().unwrap_or_default();
    options.insert(ASKED.to_owned(), Value::Bool(true));
    request.clone().with(OPTIONS, options)
}

/// The chunk as a caller sees it who has not asked for the usage: without the `usage` that is null
/// until the end, and not at all when it has nothing but the usage.
pub(crate) fn without(chunk: ChatChunk) -> Option<ChatChunk> {
    let Some(usage) = chunk.body().get("usage") else { return Some(chunk) };
    let said = chunk.choices().is_empty() && chunk.body().get("prompt_filter_results").is_none();
    if !usage.is_null() {
        return (!said).then_some(chunk);
    }
    let mut body = chunk.into_body();
    if let Some(members) = body.as_object_mut() {
        members.shift_remove("usage");
    }
    Some(ChatChunk::from_json(body))
}

/// The chunk that ends a stream whose usage was asked for.
pub(crate) fn chunk(base: &Map<String, Value>, usage: &Value) -> Value {
    let mut body = base.clone();
    body.insert("choices".to_owned(), json!([]));
    body.insert("usage".to_owned(), usage.clone());
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_options_are_kept() {
        let plain = ChatRequest::user("hi");
        assert!(!asks(&plain) && asks(&asking(&plain)));
        let with = plain.with(OPTIONS, json!({ "include_obfuscation": false, ASKED: false }));
        assert!(!asks(&with));
        let options = json!({ "include_obfuscation": false, ASKED: true });
        assert_eq!(asking(&with).get(OPTIONS), Some(&options));
    }

    #[test]
    fn only_what_was_asked_for_is_left_out() {
        let shown = |body: Value| without(ChatChunk::from_json(body)).map(ChatChunk::into_body);
        let usage = json!({ "prompt_tokens": 1 });
        assert_eq!(shown(json!({ "choices": [], "usage": usage })), None);
        let null = json!({ "id": "a", "usage": null, "choices": [{ "index": 0 }] });
        assert_eq!(shown(null), Some(json!({ "id": "a", "choices": [{ "index": 0 }] })));
        for kept in [
            json!({ "choices": [{ "index": 0 }], "usage": usage }),
            json!({ "choices": [], "prompt_filter_results": [], "usage": usage }),
            json!({ "choices": [] }),
        ] {
            assert_eq!(shown(kept.clone()), Some(kept));
        }
    }
}
