//! A message in the form in which chat models take and give it.

use std::borrow::Cow;
use std::fmt;

use cache_core::ChatResponse;
use serde_json::{Map, Value};

/// A chat message: a JSON object with a role, open to every field that a service knows.
///
/// It is kept as it is: fields that this crate does not know, nulls and the order of fields
/// included. `Debug` shows the names of the fields, not what they hold.
///
/// ```
/// use session_store::ChatMessage;
/// use serde_json::json;
///
/// let message = ChatMessage::from_chat(json!({
///     "role": "assistant", "content": null, "x-new": [1],
///     "tool_calls": [{ "id": "call_1", "type": "function",
///                      "function": { "name": "weather", "arguments": "{}" } }],
/// }))?;
/// assert_eq!(message.tool_calls().len(), 1);
/// assert_eq!(message.to_chat()["x-new"], json!([1]));
/// # Ok::<(), session_store::InvalidMessage>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct ChatMessage {
    body: Map<String, Value>,
}

/// A value that is no chat message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chat message is a JSON object with a `role` that is a text and not empty")]
#[non_exhaustive]
pub struct InvalidMessage;

impl ChatMessage {
    /// A message of this role. An empty role is no role: see [`from_chat`](Self::from_chat) for
    /// what comes from outside.
    #[must_use]
    pub fn new(role: impl Into<String>, content: impl Into<Value>) -> Self {
        let mut body = Map::new();
        body.insert("role".to_owned(), role.into().into());
        body.insert("content".to_owned(), content.into());
        Self { body }
    }

    /// What the model is to be. Pinned unless told otherwise.
    #[must_use]
    pub fn system(text: impl Into<String>) -> Self {
        Self::new("system", text.into())
    }

    /// What newer models take in the place of a system message. Pinned unless told otherwise.
    #[must_use]
    pub fn developer(text: impl Into<String>) -> Self {
        Self::new("developer", text.into())
    }

    /// What a person says.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new("user", text.into())
    }

    /// What the model says.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new("assistant", text.into())
    }

    /// What a tool gave for the call of this id.
    #[must_use]
    pub fn tool(call_id: impl Into<String>, result: impl Into<Value>) -> Self {
        Self::new("tool", result).with("tool_call_id", call_id.into())
    }

    /// The message that this JSON is.
    ///
    /// # Errors
    /// When it is not an object with a role. Nothing else is judged.
    pub fn from_chat(message: Value) -> Result<Self, InvalidMessage> {
        match message {
            Value::Object(body) => Self::from_body(body),
            _ => Err(InvalidMessage),
        }
    }

    /// The message of an answer's first choice.
    ///
    /// # Errors
    /// When the answer has none.
    pub fn from_response(response: &ChatResponse) -> Result<Self, InvalidMessage> {
        let first = response.choices().first().and_then(|choice| choice.get("message"));
        Self::from_chat(first.cloned().unwrap_or_default())
    }

    pub(crate) fn from_body(body: Map<String, Value>) -> Result<Self, InvalidMessage> {
        let role = body.get("role").and_then(Value::as_str).unwrap_or_default();
        if role.is_empty() { Err(InvalidMessage) } else { Ok(Self { body }) }
    }

    pub(crate) fn into_body(self) -> Map<String, Value> {
        self.body
    }

    /// Sets a field: `name`, `tool_calls`, `refusal`, anything.
    #[must_use]
    pub fn with(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(field.into(), value.into());
        self
    }

    /// The message as chat models take it.
    #[must_use]
    pub fn to_chat(&self) -> Value {
        Value::Object(self.body.clone())
    }

    /// The message as chat models take it.
    #[must_use]
    pub fn into_chat(self) -> Value {
        Value::Object(self.body)
    }

    /// All fields, in the order in which they were given.
    #[must_use]
    pub fn body(&self) -> &Map<String, Value> {
        &self.body
    }

    /// Who speaks: `system`, `developer`, `user`, `assistant`, `tool`, or another.
    #[must_use]
    pub fn role(&self) -> &str {
        self.text_field("role").unwrap_or_default()
    }

    /// A text or an array of parts; `None` when it is null or absent.
    #[must_use]
    pub fn content(&self) -> Option<&Value> {
        self.body.get("content").filter(|content| !content.is_null())
    }

    /// The content's text; of parts, their texts joined by line feeds.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self.content()? {
            Value::String(text) => Some(text.into()),
            Value::Array(parts) => {
                let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
                Some(texts.collect::<Vec<_>>().join("\n").into())
            }
            _ => None,
        }
    }

    /// The name of who speaks.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text_field("name")
    }

    /// The tool calls that the model asks for.
    #[must_use]
    pub fn tool_calls(&self) -> &[Value] {
        self.body.get("tool_calls").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The ids of the tool calls that the model asks for.
    pub fn tool_call_ids(&self) -> impl Iterator<Item = &str> {
        self.tool_calls().iter().filter_map(|call| call.get("id")?.as_str())
    }

    /// The call whose result this is.
    #[must_use]
    pub fn tool_call_id(&self) -> Option<&str> {
        self.text_field("tool_call_id")
    }

    /// Why the model did not answer.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.text_field("refusal")
    }

    fn text_field(&self, field: &str) -> Option<&str> {
        self.body.get(field)?.as_str()
    }
}

impl fmt::Debug for ChatMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<_> = self.body.keys().collect();
        f.debug_struct("ChatMessage").field("fields", &fields).finish_non_exhaustive()
    }
}
