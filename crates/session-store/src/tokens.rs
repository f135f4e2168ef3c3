//! How many tokens a message has.

use cache_core::estimate_tokens;
use serde_json::Value;

use crate::ChatMessage;

/// What a service adds to every message: its role and its separators.
const PER_MESSAGE: usize = 4;
/// What a picture takes when it is looked at coarsely. Nobody can say more without its size.
const PER_PICTURE: usize = 85;

/// Estimates a message's tokens from above, without a vocabulary: its texts, its tool calls and
/// what a service adds. Who needs exact counts gives the
/// [builder](crate::Builder::token_counter) a counter.
#[must_use]
pub fn estimate_message_tokens(message: &ChatMessage) -> u32 {
    let fields = message.body().iter().filter(|(name, _)| *name != "role");
    let tokens = PER_MESSAGE + fields.map(|(_, value)| estimate(value)).sum::<usize>();
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

fn estimate(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) if text.is_empty() => 0,
        Value::String(text) => estimate_tokens(text),
        Value::Array(values) => values.iter().map(estimate).sum(),
        Value::Object(fields) if fields.contains_key("image_url") => PER_PICTURE,
        Value::Object(fields) => fields.values().map(estimate).sum(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_parts_calls_and_pictures_count() {
        let count = |message| estimate_message_tokens(&message);
        assert_eq!(count(ChatMessage::user("")), 4);
        assert_eq!(count(ChatMessage::user("hello world")), 8);
        assert_eq!(count(ChatMessage::user("안녕하세요")), 9);
        let picture = json!([{ "type": "image_url",
            "image_url": { "url": format!("data:image/png;base64,{}", "A".repeat(90_000)) } }]);
        assert_eq!(count(ChatMessage::new("user", picture)), 4 + 85);
        let call = json!([{ "id": "call_1", "function": { "name": "f", "arguments": "{}" } }]);
        assert!(count(ChatMessage::new("assistant", Value::Null).with("tool_calls", call)) > 5);
    }
}
