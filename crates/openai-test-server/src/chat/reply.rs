//! What is answered, whatever its form.

use serde_json::json;

use super::ChatRequest;

/// One of the answers to a request.
#[derive(Debug)]
pub(crate) struct Choice {
    /// What a reasoning model says of its thoughts, in tokens; mostly empty.
    pub(crate) reasoning: Vec<String>,
    pub(crate) content: Content,
    pub(crate) finish_reason: &'static str,
}

/// The message itself, in tokens.
#[derive(Debug)]
pub(crate) enum Content {
    Text(Vec<String>),
    Refusal(Vec<String>),
    ToolCalls(Vec<ToolCall>),
}

/// A call of one of the tools.
#[derive(Debug)]
pub(crate) struct ToolCall {
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON in pieces.
    pub(crate) arguments: Vec<String>,
}

impl Choice {
    /// Whether the content filter ended it.
    pub(crate) fn is_filtered(&self) -> bool {
        self.finish_reason == "content_filter"
    }
}

impl Content {
    pub(crate) fn tokens(&self) -> usize {
        match self {
            Self::Text(tokens) | Self::Refusal(tokens) => tokens.len(),
            Self::ToolCalls(calls) => calls.iter().map(|call| call.arguments.len()).sum(),
        }
    }
}

/// The choices, which depend on the last user message, the tools, `n` and the most tokens.
pub(crate) fn choices(request: &ChatRequest) -> Vec<Choice> {
    (0..request.choices).map(|index| choice(request, index)).collect()
}

fn choice(request: &ChatRequest, index: usize) -> Choice {
    let asked = request.last_user_text.as_str();
    let reasoning = if asked.contains("[reason]") {
        words("The user wants an echo. 그대로 답한다.")
    } else {
        Vec::new()
    };
    let (content, finish_reason) = if asked.contains("weather") && !request.tools.is_empty() {
        (Content::ToolCalls(tool_calls(request, index)), "tool_calls")
    } else if asked.contains("[refuse]") {
        (Content::Refusal(words("I'm sorry, I can't help with that. 죄송합니다.")), "stop")
    } else if asked.contains("[filter]") {
        (Content::Text(words("Echo: ")), "content_filter")
    } else {
        text(request, index)
    };
    Choice { reasoning, content, finish_reason }
}

fn text(request: &ChatRequest, index: usize) -> (Content, &'static str) {
    let mut tokens = words(&format!("Echo: {} (안녕하세요 🙂)", request.last_user_text));
    if index > 0 {
        tokens.push(format!(" #{index}"));
    }
    match request.max_tokens {
        Some(most) if most < tokens.len() => {
            tokens.truncate(most);
            (Content::Text(tokens), "length")
        }
        _ => (Content::Text(tokens), "stop"),
    }
}

/// Two calls, or one where parallel calls are not wanted.
fn tool_calls(request: &ChatRequest, choice: usize) -> Vec<ToolCall> {
    let calls = if request.parallel_tool_calls { 2 } else { 1 };
    let cities = ["서울", "부산"];
    let call = |(index, city): (usize, &str)| ToolCall {
        id: format!("call_{choice}_{index}"),
        name: request.tools[index % request.tools.len()].clone(),
        arguments: pieces(&json!({"city": city, "unit": "celsius"}).to_string()),
    };
    cities.into_iter().take(calls).enumerate().map(call).collect()
}

/// Words with the space that follows them: the server's tokens.
fn words(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// Pieces of a few characters that heed no word and no quote.
fn pieces(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(5).map(String::from_iter).collect()
}
