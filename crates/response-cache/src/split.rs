//! The chunks of a stream from a whole answer.

use serde_json::{Map, Value, json};

use crate::usage;

/// Longest piece of a text, in bytes, where a blank allows it.
const PIECE: usize = 64;

/// The chunks that a service would have sent in place of this whole answer: the prompt's filter
/// results, then for each choice its role, its text and its tool calls in pieces and its end, and
/// when `include_usage` is asked for the usage. [`assemble`](crate::assemble()) makes the same answer of
/// them, but for a usage that was not asked for.
#[must_use]
pub fn split(whole: &Value, include_usage: bool) -> Vec<Value> {
    let empty = Map::new();
    let whole = whole.as_object().unwrap_or(&empty);
    let mut stream = Splitting { base: base(whole), include_usage, chunks: Vec::new() };
    if let Some(results) = whole.get("prompt_filter_results") {
        stream.chunks.push(json!({
            "choices": [], "created": 0, "id": "", "model": "", "object": "",
            "prompt_filter_results": results,
        }));
    }
    let choices = whole.get("choices").and_then(Value::as_array).into_iter().flatten();
    choices.filter_map(Value::as_object).for_each(|choice| stream.choice(choice));
    if let Some(usage) = whole.get("usage").filter(|usage| include_usage && !usage.is_null()) {
        stream.chunks.push(usage::chunk(&stream.base, usage));
    }
    stream.chunks
}

/// What every chunk has.
fn base(whole: &Map<String, Value>) -> Map<String, Value> {
    let own = ["choices", "usage", "object", "prompt_filter_results"];
    let mut base: Map<_, _> = whole
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    base.insert("object".to_owned(), json!("chat.completion.chunk"));
    base
}

struct Splitting {
    base: Map<String, Value>,
    include_usage: bool,
    chunks: Vec<Value>,
}

impl Splitting {
    fn choice(&mut self, choice: &Map<String, Value>) {
        let empty = Map::new();
        let message = choice.get("message").and_then(Value::as_object).unwrap_or(&empty);
        let logprobs = choice.get("logprobs").filter(|logprobs| !logprobs.is_null());
        let mut open = Opened { index: choice.get("index"), logprobs: choice.get("logprobs") };
        let content = message.get("content").and_then(Value::as_str).unwrap_or_default();
        // Log probabilities go with the text, which then is one piece; where there is none, with
        // the role.
        let with_text = logprobs.is_some() && !content.is_empty();
        if with_text {
            open.logprobs = Some(&Value::Null);
        }
        self.push(&open, opening(message));
        if logprobs.is_some() {
            open.logprobs = Some(&Value::Null);
        }
        for name in ["reasoning_content", "reasoning"] {
            self.text(&open, name, message.get(name));
        }
        if with_text {
            let open = Opened { logprobs, ..open };
            self.push(&open, json!({ "content": content }));
        } else {
            self.text(&open, "content", message.get("content"));
        }
        self.text(&open, "refusal", message.get("refusal"));
        self.function_call(&open, message.get("function_call"));
        let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
        calls.enumerate().for_each(|(index, call)| self.tool_call(&open, index, call));
        self.end(&open, choice);
    }

    fn text(&mut self, open: &Opened<'_>, name: &str, text: Option<&Value>) {
        for piece in pieces(text.and_then(Value::as_str).unwrap_or_default()) {
            self.push(open, json!({ name: piece }));
        }
    }

    fn function_call(&mut self, open: &Opened<'_>, call: Option<&Value>) {
        let Some(Value::Object(call)) = call else { return };
        let (first, arguments) = without_arguments(call);
        self.push(open, json!({ "function_call": first }));
        for piece in pieces(arguments) {
            self.push(open, json!({ "function_call": { "arguments": piece } }));
        }
    }

    fn tool_call(&mut self, open: &Opened<'_>, index: usize, call: &Value) {
        let empty = Map::new();
        let mut first = Map::from_iter([("index".to_owned(), json!(index))]);
        first.extend(call.as_object().unwrap_or(&empty).clone());
        let mut arguments = "";
        if let Some(Value::Object(function)) = call.get("function") {
            let (name, rest) = without_arguments(function);
            first.insert("function".to_owned(), Value::Object(name));
            arguments = rest;
        }
        self.push(open, json!({ "tool_calls": [first] }));
        for piece in pieces(arguments) {
            let piece = json!({ "index": index, "function": { "arguments": piece } });
            self.push(open, json!({ "tool_calls": [piece] }));
        }
    }

    fn end(&mut self, open: &Opened<'_>, choice: &Map<String, Value>) {
        self.push(open, json!({}));
        let Some(last) = self.chunks.last_mut().map(|chunk| &mut chunk["choices"][0]) else {
            return;
        };
        for (name, value) in choice {
            if !matches!(name.as_str(), "index" | "message" | "logprobs") {
                last[name] = value.clone();
            }
        }
    }

    fn push(&mut self, open: &Opened<'_>, delta: Value) {
        let mut choice = Map::new();
        choice.insert("index".to_owned(), open.index.cloned().unwrap_or_else(|| json!(0)));
        choice.insert("delta".to_owned(), delta);
        choice.extend(open.logprobs.map(|logprobs| ("logprobs".to_owned(), logprobs.clone())));
        choice.insert("finish_reason".to_owned(), Value::Null);
        let mut chunk = self.base.clone();
        chunk.insert("choices".to_owned(), json!([choice]));
        if self.include_usage {
            chunk.insert("usage".to_owned(), Value::Null);
        }
        self.chunks.push(Value::Object(chunk));
    }
}

/// What every chunk of a choice has.
struct Opened<'a> {
    index: Option<&'a Value>,
    logprobs: Option<&'a Value>,
}

/// The first delta of a message: its role, and everything that does not come in pieces.
fn opening(message: &Map<String, Value>) -> Value {
    let mut delta = Map::new();
    for (name, value) in message {
        let begun = match (name.as_str(), value) {
            ("content", Value::String(_)) => json!(""),
            ("reasoning_content" | "reasoning" | "refusal", Value::String(text))
                if !text.is_empty() =>
            {
                continue;
            }
            ("function_call", Value::Object(_)) => continue,
            ("tool_calls", Value::Array(calls)) if !calls.is_empty() => continue,
            _ => value.clone(),
        };
        delta.insert(name.clone(), begun);
    }
    Value::Object(delta)
}

/// A function as it is announced, and its arguments, which come in pieces.
fn without_arguments(function: &Map<String, Value>) -> (Map<String, Value>, &str) {
    let mut first = function.clone();
    let arguments = function.get("arguments").and_then(Value::as_str).unwrap_or_default();
    if let Some(Value::String(arguments)) = first.get_mut("arguments") {
        arguments.clear();
    }
    (first, arguments)
}

/// Pieces of a text: after a blank where there is one, never in the middle of a character.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let longest = (0..=PIECE.min(rest.len())).rev().find(|&end| rest.is_char_boundary(end));
        let window = &rest[..longest.unwrap_or(0)];
        let blank = window.rfind(' ').filter(|_| window.len() < rest.len());
        let end = blank.map_or(window.len(), |blank| blank + 1);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_text() {
        for text in ["", " ", "one two", &"한글 단어들 ".repeat(50), &"😀".repeat(100)] {
            assert_eq!(pieces(text).collect::<String>(), text);
            assert!(pieces(text).all(|piece| !piece.is_empty() && piece.len() <= PIECE));
        }
    }

    #[test]
    fn the_forms_are_the_documented_ones() {
        let whole = json!({
            "id": "c-1", "object": "chat.completion", "created": 7, "model": "m",
            "prompt_filter_results": [],
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": "hi", "refusal": null },
                "logprobs": null,
                "finish_reason": "stop",
            }],
            "usage": { "prompt_tokens": 1 },
        });
        let chunks = split(&whole, true);
        let of = |chunk: &Value, path: &str| chunk.pointer(path).cloned();
        assert_eq!(chunks.len(), 5);
        assert_eq!((&chunks[0]["choices"], &chunks[0]["id"]), (&json!([]), &json!("")));
        let role = json!({ "role": "assistant", "content": "", "refusal": null });
        assert_eq!(of(&chunks[1], "/choices/0/delta"), Some(role));
        assert_eq!(of(&chunks[1], "/choices/0/finish_reason"), Some(Value::Null));
        assert_eq!(of(&chunks[1], "/usage"), Some(Value::Null));
        assert_eq!(of(&chunks[2], "/choices/0/delta"), Some(json!({ "content": "hi" })));
        assert_eq!(
            of(&chunks[3], "/choices/0"),
            Some(json!({
                "index": 0, "delta": {}, "logprobs": null, "finish_reason": "stop",
            }))
        );
        assert_eq!((&chunks[4]["choices"], &chunks[4]["usage"]), (&json!([]), &whole["usage"]));
        let plain = split(&whole, false);
        assert_eq!(plain.len(), 4);
        assert!(plain.iter().all(|chunk| chunk.get("usage").is_none()));
    }
}
