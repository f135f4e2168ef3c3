//! The reply in one piece.

use serde_json::{Value, json};

use super::head::{Head, usage};
use super::reply::{Choice, Content, ToolCall};
use super::{ChatRequest, filter};

/// A `chat.completion`.
pub(crate) fn completion(head: &Head, request: &ChatRequest, choices: &[Choice]) -> Value {
    let azure = head.api.is_azure();
    let written = choices.iter().enumerate().map(|(index, choice)| {
        let mut value = json!({
            "index": index,
            "message": message(choice),
            "logprobs": null,
            "finish_reason": choice.finish_reason,
        });
        if azure {
            value["content_filter_results"] = filter::results(choice.is_filtered());
        }
        value
    });
    let mut completion = head.object("chat.completion", written.collect());
    completion["usage"] = usage(request, choices);
    if azure {
        completion["prompt_filter_results"] = filter::of_prompt();
    }
    completion
}

fn message(choice: &Choice) -> Value {
    let mut message = json!({"role": "assistant", "content": null, "refusal": null});
    match &choice.content {
        Content::Text(tokens) => message["content"] = tokens.concat().into(),
        Content::Refusal(tokens) => message["refusal"] = tokens.concat().into(),
        Content::ToolCalls(calls) => {
            message["tool_calls"] = calls.iter().map(tool_call).collect();
        }
    }
    if !choice.reasoning.is_empty() {
        message["reasoning_content"] = choice.reasoning.concat().into();
    }
    message
}

fn tool_call(call: &ToolCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments.concat()},
    })
}
