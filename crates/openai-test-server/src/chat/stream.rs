//! The reply in chunks.

use serde_json::{Value, json};

use super::head::{Head, usage};
use super::reply::{Choice, Content, ToolCall};
use super::{ChatRequest, filter};

/// The `chat.completion.chunk`s in the order of the service: on Azure the prompt's filter results,
/// then a role per choice, deltas in turn, the results of an asynchronous filter, the finish
/// reasons, and the usage where it was asked for.
pub(crate) fn chunks(
    head: &Head,
    request: &ChatRequest,
    choices: &[Choice],
    async_filter: bool,
) -> Vec<String> {
    let azure = head.api.is_azure();
    let mut chunks = Chunks {
        head,
        filters_deltas: azure && !async_filter,
        usage: request.include_usage,
        written: Vec::new(),
    };
    if azure {
        chunks.push_bare(json!({"choices": [], "prompt_filter_results": filter::of_prompt()}));
    }
    for (index, choice) in choices.iter().enumerate() {
        chunks.push_delta(index, first_delta(choice), None);
    }
    let deltas: Vec<Vec<Value>> = choices.iter().map(deltas).collect();
    let longest = deltas.iter().map(Vec::len).max().unwrap_or_default();
    for turn in 0..longest {
        for (index, deltas) in deltas.iter().enumerate() {
            if let Some(delta) = deltas.get(turn) {
                chunks.push_delta(index, delta.clone(), None);
            }
        }
    }
    for (index, choice) in choices.iter().enumerate() {
        if azure && async_filter {
            chunks.push_bare(json!({"choices": [offsets(index, choice)]}));
        }
        chunks.push_delta(index, json!({}), Some(choice));
    }
    if request.include_usage {
        let mut chunk = head.object(KIND, json!([]));
        chunk["usage"] = usage(request, choices);
        chunks.written.push(chunk.to_string());
    }
    chunks.written
}

const KIND: &str = "chat.completion.chunk";

/// The chunks so far.
struct Chunks<'a> {
    head: &'a Head,
    /// Whether each delta has the results of the content filter.
    filters_deltas: bool,
    /// Whether the last chunk will have the usage and the others say null.
    usage: bool,
    written: Vec<String>,
}

impl Chunks<'_> {
    /// Adds a chunk that Azure's filter makes, which has no identity.
    fn push_bare(&mut self, mut chunk: Value) {
        chunk["id"] = "".into();
        chunk["object"] = "".into();
        chunk["created"] = 0.into();
        chunk["model"] = "".into();
        self.written.push(chunk.to_string());
    }

    /// Adds a choice's delta, or with `finished` its finish reason.
    fn push_delta(&mut self, index: usize, delta: Value, finished: Option<&Choice>) {
        let mut choice = json!({
            "index": index,
            "logprobs": null,
            "finish_reason": finished.map(|choice| choice.finish_reason),
        });
        choice["delta"] = delta;
        if self.filters_deltas {
            choice["content_filter_results"] = match finished {
                Some(choice) if choice.is_filtered() => filter::results(true),
                Some(_) => json!({}),
                None => filter::results(false),
            };
        }
        let mut chunk = self.head.object(KIND, json!([choice]));
        if self.usage {
            chunk["usage"] = Value::Null;
        }
        self.written.push(chunk.to_string());
    }
}

fn first_delta(choice: &Choice) -> Value {
    match choice.content {
        Content::Text(_) => json!({"role": "assistant", "content": "", "refusal": null}),
        Content::Refusal(_) | Content::ToolCalls(_) => {
            json!({"role": "assistant", "content": null})
        }
    }
}

/// The deltas between the role and the finish reason.
fn deltas(choice: &Choice) -> Vec<Value> {
    let each = |name: &str, tokens: &[String]| -> Vec<Value> {
        tokens.iter().map(|token| json!({name: token})).collect()
    };
    let mut deltas = each("reasoning_content", &choice.reasoning);
    deltas.extend(match &choice.content {
        Content::Text(tokens) => each("content", tokens),
        Content::Refusal(tokens) => each("refusal", tokens),
        Content::ToolCalls(calls) => calls.iter().enumerate().flat_map(call_deltas).collect(),
    });
    deltas
}

/// A call's name, then its arguments piece by piece, all by its index.
fn call_deltas((index, call): (usize, &ToolCall)) -> Vec<Value> {
    let named = json!({
        "index": index,
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": ""},
    });
    let pieces = call
        .arguments
        .iter()
        .map(|piece| json!({"index": index, "function": {"arguments": piece}}));
    [named].into_iter().chain(pieces).map(|call| json!({"tool_calls": [call]})).collect()
}

/// A choice of the asynchronous filter: which characters it has looked at and what it found.
fn offsets(index: usize, choice: &Choice) -> Value {
    let characters = match &choice.content {
        Content::Text(tokens) => tokens.concat().chars().count(),
        Content::Refusal(_) | Content::ToolCalls(_) => 0,
    };
    json!({
        "index": index,
        "finish_reason": null,
        "content_filter_results": filter::results(choice.is_filtered()),
        "content_filter_offsets": {
            "check_offset": 0,
            "start_offset": 0,
            "end_offset": characters,
        },
    })
}
