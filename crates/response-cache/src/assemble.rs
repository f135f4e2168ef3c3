//! A whole answer from the chunks of a stream.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The whole answer that these chunks make up: texts, refusals, reasoning and arguments joined, tool
/// calls by their index, log probabilities and content-filter results merged, the last word on
/// everything else.
#[must_use]
pub fn assemble<'c>(chunks: impl IntoIterator<Item = &'c Value>) -> Value {
    let mut whole = Map::new();
    let mut choices = BTreeMap::<u64, Choice>::new();
    for chunk in chunks.into_iter().filter_map(Value::as_object) {
        for (name, value) in chunk {
            match name.as_str() {
                "choices" => {
                    let said = value.as_array().map_or(&[][..], Vec::as_slice);
                    said.iter().filter_map(Value::as_object).for_each(|said| {
                        let index = said.get("index").and_then(Value::as_u64).unwrap_or(0);
                        choices.entry(index).or_default().hear(said);
                    });
                }
                "object" | "obfuscation" => {}
                "usage" if value.is_null() => {} // Until the end, where it was asked for.
                _ => hear_of_all(&mut whole, name, value),
            }
        }
    }
    whole.insert("object".to_owned(), json!("chat.completion"));
    let choices = choices.into_iter().map(|(index, choice)| choice.into_json(index));
    whole.insert("choices".to_owned(), choices.collect());
    Value::Object(whole)
}

/// The first chunk of Azure OpenAI has an empty id and a time of zero: they say nothing.
fn hear_of_all(whole: &mut Map<String, Value>, name: &str, value: &Value) {
    let says_nothing = value.is_null()
        || (matches!(name, "id" | "model") && value == "")
        || (name == "created" && value == 0);
    if !says_nothing || !whole.contains_key(name) {
        whole.insert(name.to_owned(), value.clone());
    }
}

#[derive(Default)]
struct Choice {
    message: Map<String, Value>,
    logprobs: Option<Value>,
    rest: Map<String, Value>,
}

impl Choice {
    fn hear(&mut self, said: &Map<String, Value>) {
        for (name, value) in said {
            match name.as_str() {
                "index" | "content_filter_offsets" => {}
                "delta" => hear_delta(&mut self.message, value),
                "logprobs" => merge(self.logprobs.get_or_insert(Value::Null), value),
                "content_filter_results" => {
                    merge(self.rest.entry(name.as_str()).or_insert(Value::Null), value);
                }
                _ if value.is_null() && self.rest.contains_key(name) => {}
                _ => {
                    self.rest.insert(name.clone(), value.clone());
                }
            }
        }
    }

    fn into_json(self, index: u64) -> Value {
        let mut choice = Map::new();
        choice.insert("index".to_owned(), index.into());
        choice.insert("message".to_owned(), Value::Object(self.message));
        choice.extend(self.logprobs.map(|logprobs| ("logprobs".to_owned(), logprobs)));
        choice.extend(self.rest);
        Value::Object(choice)
    }
}

fn hear_delta(message: &mut Map<String, Value>, delta: &Value) {
    for (name, value) in delta.as_object().into_iter().flatten() {
        let known = message.entry(name.as_str()).or_insert(Value::Null);
        match (name.as_str(), value) {
            ("tool_calls", Value::Array(calls)) => hear_tool_calls(known, calls),
            _ => join(name, known, value),
        }
    }
}

fn hear_tool_calls(known: &mut Value, calls: &[Value]) {
    if !known.is_array() {
        *known = json!([]);
    }
    let Some(known) = known.as_array_mut() else { return };
    for call in calls.iter().filter_map(Value::as_object) {
        let said = call.get("index").and_then(Value::as_u64);
        let index = said.and_then(|index| usize::try_from(index).ok()).unwrap_or(known.len());
        // Numbered one by one: a gap is a service's mistake and is closed.
        if index >= known.len() {
            known.push(json!({}));
        }
        let at = index.min(known.len() - 1);
        for (name, value) in call.iter().filter(|(name, _)| *name != "index") {
            if let Some(members) = known[at].as_object_mut() {
                join(name, members.entry(name.as_str()).or_insert(Value::Null), value);
            }
        }
    }
}

/// Texts that say what something is, not a piece of it.
const NAMES: [&str; 4] = ["role", "id", "type", "name"];

/// Adds a piece to what is known of a part of the message: texts are continued.
fn join(name: &str, known: &mut Value, piece: &Value) {
    match (known, piece) {
        (_, Value::Null) => {}
        (Value::String(known), Value::String(piece)) if !NAMES.contains(&name) => {
            known.push_str(piece);
        }
        (Value::String(known), Value::String(piece)) if piece.is_empty() && !known.is_empty() => {}
        (Value::Array(known), Value::Array(piece)) => known.extend_from_slice(piece),
        (Value::Object(known), Value::Object(piece)) => {
            for (name, value) in piece {
                join(name, known.entry(name.as_str()).or_insert(Value::Null), value);
            }
        }
        (known, piece) => *known = piece.clone(),
    }
}

/// Adds a statement to another: lists grow, the last word counts.
fn merge(known: &mut Value, said: &Value) {
    match (known, said) {
        (_, Value::Null) => {}
        (Value::Array(known), Value::Array(said)) => known.extend_from_slice(said),
        (Value::Object(known), Value::Object(said)) => {
            for (name, value) in said {
                merge(known.entry(name.as_str()).or_insert(Value::Null), value);
            }
        }
        (known, said) => *known = said.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "for calls that read well")]
    fn delta(index: u64, delta: Value) -> Value {
        json!({ "id": "c-1", "choices": [{ "index": index, "delta": delta, "finish_reason": null }] })
    }

    #[test]
    fn a_stream_of_azure_openai() {
        let chunks = [
            json!({ "choices": [], "created": 0, "id": "", "model": "", "object": "",
                "prompt_filter_results": [{ "prompt_index": 0 }] }),
            json!({ "id": "c-1", "created": 7, "model": "gpt-4o-mini", "object": "chat.completion.chunk",
                "system_fingerprint": "fp", "usage": null, "obfuscation": "xx",
                "choices": [{ "index": 0, "delta": { "role": "assistant", "content": "", "refusal": null },
                    "logprobs": null, "finish_reason": null }] }),
            delta(0, json!({ "content": "안녕" })),
            delta(0, json!({ "content": "하세요" })),
            json!({ "choices": [{ "index": 0, "content_filter_offsets": { "check_offset": 44 },
                "content_filter_results": { "hate": { "filtered": false } } }] }),
            json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop",
                "content_filter_results": { "violence": { "filtered": false } } }] }),
            json!({ "id": "c-1", "choices": [], "usage": { "prompt_tokens": 3, "completion_tokens": 2 } }),
        ];
        let whole = json!({
            "id": "c-1", "created": 7, "model": "gpt-4o-mini", "object": "chat.completion",
            "system_fingerprint": "fp",
            "prompt_filter_results": [{ "prompt_index": 0 }],
            "usage": { "prompt_tokens": 3, "completion_tokens": 2 },
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": "안녕하세요", "refusal": null },
                "logprobs": null,
                "finish_reason": "stop",
                "content_filter_results": {
                    "hate": { "filtered": false }, "violence": { "filtered": false },
                },
            }],
        });
        assert_eq!(assemble(&chunks), whole);
    }

    #[test]
    fn tool_calls_are_put_together_by_index() {
        let call = |index: u64, call: Value| {
            let mut call = call;
            call["index"] = index.into();
            delta(0, json!({ "tool_calls": [call] }))
        };
        let chunks = [
            delta(0, json!({ "role": "assistant", "content": null })),
            call(
                0,
                json!({ "id": "a", "type": "function", "function": { "name": "f", "arguments": "" } }),
            ),
            call(0, json!({ "function": { "arguments": "{\"x\"" } })),
            call(
                1,
                json!({ "id": "b", "type": "function", "function": { "name": "g", "arguments": "" } }),
            ),
            call(0, json!({ "function": { "arguments": ":1}" } })),
            call(1, json!({ "id": "", "function": { "name": "", "arguments": "{}" } })),
        ];
        let message = &assemble(&chunks)["choices"][0]["message"];
        let expected = json!({ "role": "assistant", "content": null, "tool_calls": [
            { "id": "a", "type": "function", "function": { "name": "f", "arguments": "{\"x\":1}" } },
            { "id": "b", "type": "function", "function": { "name": "g", "arguments": "{}" } },
        ] });
        assert_eq!(*message, expected);
    }

    #[test]
    fn choices_refusals_reasoning_and_log_probabilities() {
        let logprobs = |token: &str| json!({ "content": [{ "token": token }], "refusal": null });
        let chunks = [
            delta(1, json!({ "role": "assistant", "refusal": "I " })),
            delta(0, json!({ "role": "assistant", "reasoning_content": "hm" })),
            delta(
                0,
                json!({ "reasoning_content": "m", "function_call": { "name": "f", "arguments": "{" } }),
            ),
            delta(0, json!({ "function_call": { "arguments": "}" } })),
            delta(1, json!({ "refusal": "won't" })),
            json!({ "choices": [{ "index": 1, "delta": {}, "logprobs": logprobs("a") }] }),
            json!({ "choices": [{ "index": 1, "delta": {}, "logprobs": logprobs("b") }] }),
        ];
        let choices = &assemble(&chunks)["choices"];
        assert_eq!(choices[0]["message"]["reasoning_content"], "hmm");
        assert_eq!(
            choices[0]["message"]["function_call"],
            json!({ "name": "f", "arguments": "{}" })
        );
        assert_eq!(choices[1]["message"]["refusal"], "I won't");
        let both = json!({ "content": [{ "token": "a" }, { "token": "b" }], "refusal": null });
        assert_eq!(choices[1]["logprobs"], both);
    }

    #[test]
    fn nothing_of_a_stream_is_too_odd() {
        for odd in [json!(null), json!([1]), json!({ "choices": 7 }), json!({ "choices": [7] })] {
            assert_eq!(assemble(&[odd])["choices"], json!([]));
        }
        let huge = json!({ "tool_calls": [{ "index": u64::MAX, "id": "a" }, { "index": 9 }, "x"] });
        let calls = assemble(&[delta(0, huge)])["choices"][0]["message"]["tool_calls"].clone();
        assert_eq!(calls, json!([{ "id": "a" }, {}]));
    }
}
