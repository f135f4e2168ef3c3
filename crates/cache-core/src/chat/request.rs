//! What a chat model is asked.

use std::fmt;

use serde_json::{Map, Value, json};

/// A chat request: the body of a chat completion, open to every parameter that a service knows.
///
/// ```
/// use cache_core::ChatRequest;
/// use serde_json::json;
///
/// let request = ChatRequest::user("How far is the moon?")
///     .with_system("Answer in one sentence.")
///     .with("temperature", 0.2)
///     .with("response_format", json!({ "type": "text" }));
/// assert_eq!(request.messages().len(), 2);
/// assert_eq!(request.get("temperature"), Some(&json!(0.2)));
/// ```
///
/// Parameters keep the order in which they were given, nested ones too: a model fills a schema in
/// the schema's order. `Debug` shows the names of the parameters, not what they hold.
#[derive(Clone, PartialEq)]
pub struct ChatRequest {
    body: Map<String, Value>,
}

/// A body that is no chat request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidChatRequest {
    /// It is not a JSON object.
    #[error("a chat request is a JSON object")]
    NotAnObject,
    /// `messages` is missing, empty or no array of objects.
    #[error("a chat request has an array `messages` with at least one object")]
    NoMessages,
}

const MESSAGES: &str = "messages";

impl ChatRequest {
    /// A request of one user message.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        let mut body = Map::new();
        body.insert(MESSAGES.to_owned(), json!([message("user", &text.into())]));
        Self { body }
    }

    /// The request that this JSON object is.
    ///
    /// # Errors
    /// When it is not an object with messages. Nothing else is judged: that is the service's part.
    pub fn from_json(body: Value) -> Result<Self, InvalidChatRequest> {
        let Value::Object(body) = body else { return Err(InvalidChatRequest::NotAnObject) };
        match body.get(MESSAGES).and_then(Value::as_array) {
            Some(messages) if !messages.is_empty() && messages.iter().all(Value::is_object) => {
                Ok(Self { body })
            }
            _ => Err(InvalidChatRequest::NoMessages),
        }
    }

    /// Puts a system message before all others.
    #[must_use]
    pub fn with_system(mut self, text: impl Into<String>) -> Self {
        self.messages_mut().insert(0, message("system", &text.into()));
        self
    }

    /// Adds a user message.
    #[must_use]
    pub fn with_user(self, text: impl Into<String>) -> Self {
        self.with_message(message("user", &text.into()))
    }

    /// Adds an assistant message.
    #[must_use]
    pub fn with_assistant(self, text: impl Into<String>) -> Self {
        self.with_message(message("assistant", &text.into()))
    }

    /// Adds a message of any form: with images, tool calls, names, …
    #[must_use]
    pub fn with_message(mut self, message: Value) -> Self {
        self.messages_mut().push(message);
        self
    }

    /// Sets a parameter: `temperature`, `tools`, `response_format`, anything the service takes.
    ///
    /// # Panics
    /// When `name` is `messages` and `value` is no array of objects: a mistake of the program.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let (name, value) = (name.into(), value.into());
        let sound = |messages: &Vec<Value>| messages.iter().all(Value::is_object);
        assert!(
            name != MESSAGES || value.as_array().is_some_and(sound),
            "messages are an array of objects"
        );
        self.body.insert(name, value);
        self
    }

    /// A parameter. One that is null counts as absent, as services see it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// The messages, in order.
    #[must_use]
    pub fn messages(&self) -> &[Value] {
        self.body.get(MESSAGES).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The whole request, as it was given.
    #[must_use]
    pub fn body(&self) -> &Map<String, Value> {
        &self.body
    }

    /// The whole request, as it was given.
    #[must_use]
    pub fn into_body(self) -> Map<String, Value> {
        self.body
    }

    fn messages_mut(&mut self) -> &mut Vec<Value> {
        let messages = self.body.entry(MESSAGES).or_insert_with(|| json!([]));
        messages.as_array_mut().expect("invariant: messages are an array")
    }
}

fn message(role: &str, text: &str) -> Value {
    json!({ "role": role, "content": text })
}

impl fmt::Debug for ChatRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.body.keys().filter(|name| *name != MESSAGES).collect();
        f.debug_struct("ChatRequest")
            .field("messages", &self.messages().len())
            .field("parameters", &parameters)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_with_messages_are_requests() {
        let bad = |value| ChatRequest::from_json(value).unwrap_err();
        assert_eq!(bad(json!([])), InvalidChatRequest::NotAnObject);
        for body in [
            json!({}),
            json!({ "messages": [] }),
            json!({ "messages": "hi" }),
            json!({ "messages": ["hi"] }),
            json!({ "messages": null }),
        ] {
            assert_eq!(bad(body), InvalidChatRequest::NoMessages);
        }
        let body = json!({ "z": 1, "messages": [{ "role": "user" }], "a": { "y": 1, "b": 2 } });
        let request = ChatRequest::from_json(body.clone()).unwrap();
        assert_eq!(Value::Object(request.into_body()).to_string(), body.to_string());
    }

    #[test]
    fn null_is_absent() {
        let request = ChatRequest::user("hi").with("model", Value::Null);
        assert_eq!(request.get("model"), None);
        assert!(request.body().contains_key("model"));
    }

    #[test]
    fn debug_shows_no_text() {
        let request = ChatRequest::user("a secret question").with("user", "a secret name");
        let shown = format!("{request:?}");
        assert!(!shown.contains("secret") && shown.contains("user"), "{shown}");
    }
}
