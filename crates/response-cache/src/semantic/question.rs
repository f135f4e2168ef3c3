//! The question in a request, and all the rest of it.

use std::sync::OnceLock;

use cache_core::{CanonicalJson, ChatRequest, Embedding, KeyProfile, ModelIdentity};
use serde_json::{Map, Value};

use crate::request;

/// What follows the canonical form of a context: no key's input ends like this.
const DOMAIN: &[u8] = b"semantic context 1";

/// What is stored beside an answer whose question others may ask in other words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// Of everything but the text: scope, model, parameters, the messages before it.
    pub(crate) context: [u8; 32],
    pub(crate) text: String,
}

/// The question of one call.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    pub(crate) vector: OnceLock<Embedding>,
}

impl Asked {
    pub(crate) fn new(question: Question) -> Self {
        Self { question, vector: OnceLock::new() }
    }
}

impl Question {
    /// The question of a request: the text of its last message, where that is the user's and has
    /// any. The messages before it, its images and all parameters are its context.
    pub(crate) fn of(
        profile: &KeyProfile,
        model: &ModelIdentity,
        embedder: &ModelIdentity,
        request: &ChatRequest,
    ) -> Option<Self> {
        let (last, before) = request.messages().split_last()?;
        let (text, rest) = parted(last.as_object()?)?;
        let mut messages = before.to_vec();
        messages.push(rest);
        let messages = Value::Array(messages);
        let counting = request.body().iter().filter(|(name, _)| *name != "messages");
        let counting = counting.filter(|(name, value)| request::counts(model, name, value));
        let counting = counting.map(|(name, value)| (name.as_str(), value));
        let context = CanonicalJson::object(counting.chain([("messages", &messages)]));
        let mut input = context.into_bytes();
        input.extend(CanonicalJson::of(&of_embedder(embedder)).into_bytes());
        input.extend_from_slice(DOMAIN);
        Some(Self { context: *profile.key_of_bytes(&input).hash(), text })
    }

    /// The context as a tag of the index.
    pub(crate) fn tag(&self) -> String {
        self.context.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Vectors of different models are not compared.
fn of_embedder(identity: &ModelIdentity) -> Value {
    serde_json::json!([
        identity.provider,
        identity.endpoint,
        identity.deployment,
        identity.model,
        identity.version,
        identity.dimensions,
        identity.normalized,
    ])
}

/// The text of a user's message, and the message without it.
fn parted(message: &Map<String, Value>) -> Option<(String, Value)> {
    if message.get("role").and_then(Value::as_str) != Some("user") {
        return None;
    }
    let mut rest = message.clone();
    let content = rest.get_mut("content")?;
    let text = match content {
        Value::String(text) => std::mem::take(text),
        Value::Array(parts) => {
            let texts: Vec<_> = parts.iter_mut().filter_map(text_of).collect();
            texts.join("\n")
        }
        _ => return None,
    };
    (!text.trim().is_empty()).then(|| (text, Value::Object(rest)))
}

/// Takes the text out of a part of a message.
fn text_of(part: &mut Value) -> Option<String> {
    let is_text = part.get("type").and_then(Value::as_str) == Some("text");
    match part.get_mut("text") {
        Some(Value::String(text)) if is_text => Some(std::mem::take(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cache_core::{KeyKind, KeySpace, Namespace, Scope};
    use serde_json::json;

    use super::*;

    fn question(request: &ChatRequest) -> Option<Question> {
        let model = ModelIdentity::new("a", "b");
        let space = KeySpace::new(Namespace::default(), KeyKind::Response, 0);
        let profile = KeyProfile::response(space, &Scope::shared(), &model, None);
        Question::of(&profile, &model, &ModelIdentity::new("e", "f"), request)
    }

    #[test]
    fn the_text_of_the_last_message_is_the_question() {
        let one = question(&ChatRequest::user("hi").with_system("be kind")).unwrap();
        let other = question(&ChatRequest::user("hello").with_system("be kind")).unwrap();
        assert_eq!((one.text.as_str(), other.text.as_str()), ("hi", "hello"));
        assert_eq!(one.context, other.context);
        let text = json!({ "type": "text", "text": "what is it?" });
        let image = |data| json!({ "type": "image_url", "image_url": { "url": data } });
        let with = |data| {
            let content = json!([text, image(data)]);
            ChatRequest::user("").with("messages", json!([{ "role": "user", "content": content }]))
        };
        let (one, other) = (question(&with("data:a")).unwrap(), question(&with("data:b")).unwrap());
        assert_eq!(one.text, "what is it?");
        assert_ne!(one.context, other.context);
    }

    #[test]
    fn what_is_no_users_text_is_no_question() {
        for request in [
            ChatRequest::user(" "),
            ChatRequest::user("hi").with_assistant("yes?"),
            ChatRequest::user("hi").with_message(json!({ "role": "tool", "content": "42" })),
            ChatRequest::user("hi").with_message(json!({ "role": "user", "content": null })),
        ] {
            assert_eq!(question(&request), None);
        }
    }
}
