//! What is asked for.

use serde_json::Value;

use crate::refusal::Refusal;
use crate::service::given;
use crate::tokens;

/// A request that the service takes, as far as answers depend on it.
#[derive(Debug)]
pub(crate) struct ChatRequest {
    pub(crate) last_user_text: String,
    /// The estimated tokens of all messages.
    pub(crate) prompt_tokens: usize,
    pub(crate) choices: usize,
    /// The names of the tools that may be called.
    pub(crate) tools: Vec<String>,
    pub(crate) parallel_tool_calls: bool,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
}

impl ChatRequest {
    /// Reads a request, or refuses it as the service does.
    pub(crate) fn parse(body: &Value) -> Result<Self, Refusal> {
        let messages = messages(body)?;
        let texts: Vec<(&str, String)> = messages
            .iter()
            .map(|message| Ok((role(message)?, text(message))))
            .collect::<Result<_, _>>()?;
        let last_user = texts.iter().rev().find(|(role, _)| *role == "user");
        let flag = |name: &str| given(body, name).and_then(Value::as_bool);
        let max_tokens = ["max_completion_tokens", "max_tokens"];
        Ok(Self {
            last_user_text: last_user.map(|(_, text)| text.clone()).unwrap_or_default(),
            prompt_tokens: texts.iter().map(|(_, text)| tokens::of_text(text)).sum(),
            choices: given(body, "n").map_or(Ok(1), |n| count(n, "n"))?,
            tools: tools(body),
            parallel_tool_calls: flag("parallel_tool_calls").unwrap_or(true),
            max_tokens: max_tokens
                .into_iter()
                .find_map(|name| given(body, name).map(|value| count(value, name)))
                .transpose()?,
            stream: flag("stream").unwrap_or(false),
            include_usage: body["stream_options"]["include_usage"].as_bool().unwrap_or(false),
        })
    }
}

fn messages(body: &Value) -> Result<&[Value], Refusal> {
    let Some(messages) = given(body, "messages") else {
        let refusal = Refusal::new(400, "Missing required parameter: 'messages'.");
        return Err(refusal.param("messages").code("missing_required_parameter"));
    };
    match messages.as_array().map(Vec::as_slice) {
        None => Err(Refusal::invalid("messages", "an array is expected.")),
        Some([]) => Err(Refusal::invalid(
            "messages",
            "empty array. Expected an array with minimum length 1, but got an empty array instead.",
        )
        .code("empty_array")),
        Some(messages) => Ok(messages),
    }
}

fn role(message: &Value) -> Result<&str, Refusal> {
    message["role"]
        .as_str()
        .ok_or_else(|| Refusal::invalid("messages", "each message needs a role."))
}

/// The text of a message, of its parts where it has some.
fn text(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn count(value: &Value, name: &'static str) -> Result<usize, Refusal> {
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| Refusal::invalid(name, "an integer of at least 1 is expected."))
}

fn tools(body: &Value) -> Vec<String> {
    if body["tool_choice"] == "none" {
        return Vec::new();
    }
    let tools = body["tools"].as_array().into_iter().flatten();
    tools.filter_map(|tool| tool["function"]["name"].as_str().map(str::to_owned)).collect()
}
