//! What is sent for a chat request.

use bytes::Bytes;
use cache_core::{ChatRequest, ModelIdentity, ProviderError, ProviderErrorKind, estimate_tokens};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

const MODEL: &str = "model";
const STREAM: &str = "stream";
const STREAM_OPTIONS: &str = "stream_options";

/// Tokens that a message takes besides its text: role and borders.
const TOKENS_PER_MESSAGE: usize = 4;

/// The request's body as the service gets it: every parameter as given and in its order, but
/// `stream` by the method that was called and `model` where the service wants one.
pub(super) struct ChatBody<'a> {
    given: &'a Map<String, Value>,
    model: Option<&'a str>,
    stream: bool,
}

impl<'a> ChatBody<'a> {
    /// Refuses a request for another model than this one.
    pub(super) fn new(
        request: &'a ChatRequest,
        identity: &ModelIdentity,
        model: Option<&'a str>,
        stream: bool,
    ) -> Result<Self, ProviderError> {
        let own = [Some(identity.model.as_str()), identity.deployment.as_deref()];
        match request.get(MODEL) {
            Some(asked) if !own.contains(&Some(asked.as_str().unwrap_or_default())) => {
                Err(ProviderError::new(
                    ProviderErrorKind::InvalidInput,
                    format!(
                        "the request's `model` is another than {:?}, which would answer: leave it \
                         out or ask the other one",
                        identity.deployment.as_ref().unwrap_or(&identity.model)
                    ),
                ))
            }
            _ => Ok(Self { given: request.body(), model, stream }),
        }
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        serde_json::to_vec(self).expect("invariant: JSON values can be written").into()
    }

    /// What to send for a parameter that was given.
    fn value(&self, name: &str, value: &'a Value) -> Option<Sent<'a>> {
        match (name, self.model) {
            (MODEL, Some(model)) => Some(Sent::Text(model)),
            (STREAM, _) => self.stream.then_some(Sent::True),
            // The service refuses it where nothing is streamed.
            (STREAM_OPTIONS, _) if !self.stream => None,
            _ => Some(Sent::Given(value)),
        }
    }

    fn absent(&self, name: &str) -> bool {
        !self.given.contains_key(name)
    }
}

enum Sent<'a> {
    Given(&'a Value),
    Text(&'a str),
    True,
}

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(value) => value.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::True => serializer.serialize_bool(true),
        }
    }
}

impl Serialize for ChatBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(model) = self.model.filter(|_| self.absent(MODEL)) {
            map.serialize_entry(MODEL, model)?;
        }
        for (name, given) in self.given {
            if let Some(value) = self.value(name, given) {
                map.serialize_entry(name, &value)?;
            }
        }
        if self.stream && self.absent(STREAM) {
            map.serialize_entry(STREAM, &true)?;
        }
        map.end()
    }
}

/// A guess of the tokens that the service counts against its limits: the messages' text and the
/// longest answer asked for. Images and sounds are left out.
pub(super) fn tokens(request: &ChatRequest) -> u64 {
    let asked: usize = request.messages().iter().map(message_tokens).sum();
    let answer = ["max_completion_tokens", "max_tokens"]
        .into_iter()
        .find_map(|name| request.get(name)?.as_u64())
        .unwrap_or(0);
    u64::try_from(asked).unwrap_or(u64::MAX).saturating_add(answer)
}

fn message_tokens(message: &Value) -> usize {
    let text = match message.get("content") {
        Some(Value::String(text)) => estimate_tokens(text),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text")?.as_str()).map(estimate_tokens).sum()
        }
        _ => 0,
    };
    text + TOKENS_PER_MESSAGE
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(body: Value, model: Option<&str>, stream: bool) -> Result<String, ProviderError> {
        let request = ChatRequest::from_json(body).unwrap();
        let mut identity = ModelIdentity::new("azure-openai", "gpt-4o-mini");
        identity.deployment = Some("prod".to_owned());
        let body = ChatBody::new(&request, &identity, model, stream)?;
        Ok(String::from_utf8(body.to_bytes().to_vec()).unwrap())
    }

    fn messages() -> Value {
        json!([{ "role": "user", "content": "hi" }])
    }

    #[test]
    fn what_is_given_goes_out_as_it_is_in_its_order() {
        let body = json!({
            "z": { "y": [1, null, 0.1], "b": "\u{1F600}" },
            "messages": messages(),
            "a": null,
            "temperature": 0.30000000000000004,
        });
        assert_eq!(sent(body.clone(), None, false).unwrap(), body.to_string());
    }

    #[test]
    fn the_method_decides_about_streaming() {
        let body = json!({
            "stream": true,
            "messages": messages(),
            "stream_options": { "include_usage": true },
        });
        let whole = json!({ "messages": messages() });
        assert_eq!(sent(body.clone(), None, false).unwrap(), whole.to_string());
        assert_eq!(sent(body.clone(), None, true).unwrap(), body.to_string());
        let streamed = json!({ "messages": messages(), "stream": true });
        for given in [whole, json!({ "messages": messages(), "stream": false })] {
            assert_eq!(sent(given, None, true).unwrap(), streamed.to_string());
        }
    }

    #[test]
    fn the_model_is_named_where_the_service_wants_it() {
        for given in [json!(null), json!("prod"), json!("gpt-4o-mini")] {
            let body = json!({ "messages": messages(), "model": given });
            let named = json!({ "messages": messages(), "model": "prod" });
            assert_eq!(sent(body.clone(), Some("prod"), false).unwrap(), named.to_string());
            assert_eq!(sent(body.clone(), None, false).unwrap(), body.to_string());
        }
        let body = json!({ "messages": messages() });
        let named = json!({ "model": "prod", "messages": messages() });
        assert_eq!(sent(body, Some("prod"), false).unwrap(), named.to_string());
    }

    #[test]
    fn another_model_is_refused_without_being_named() {
        for given in [json!("gpt-5-foreign"), json!(7), json!(""), json!(["prod"])] {
            let body = json!({ "messages": messages(), "model": given });
            let error = sent(body, Some("prod"), true).unwrap_err();
            assert_eq!(error.kind(), ProviderErrorKind::InvalidInput);
            let shown = error.to_string();
            assert!(shown.contains("prod") && !shown.contains("foreign"), "{shown}");
        }
    }

    #[test]
    fn tokens_are_those_of_texts_and_of_the_answer() {
        let request = ChatRequest::user("abcdef");
        assert_eq!(tokens(&request), 2 + 4);
        assert_eq!(tokens(&request.clone().with("max_tokens", 100)), 106);
        assert_eq!(tokens(&request.clone().with("max_completion_tokens", u64::MAX)), u64::MAX);
        let parts = json!([
            { "type": "text", "text": "abcdef" },
            { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAAAAAAAAAA" } },
        ]);
        let request = request.with_message(json!({ "role": "user", "content": parts }));
        assert_eq!(tokens(&request.with_message(json!({ "role": "assistant" }))), 6 + 6 + 4);
    }
}
