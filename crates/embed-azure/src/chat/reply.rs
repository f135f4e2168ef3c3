//! What a body of JSON is.

use cache_core::{ChatResponse, ProviderError, ProviderErrorKind};
use serde_json::Value;

use crate::http::Endpoint;

/// Whether this is an error object: `{"error": …}`, or unwrapped `{"statusCode": …, "message": …}`.
pub(super) fn is_error(body: &Value) -> bool {
    let has = |name| body.get(name).is_some_and(|value| !value.is_null());
    has("error") || (has("message") && has("statusCode") && !has("choices"))
}

/// The answer that a successful reply is.
pub(super) fn whole_answer(
    endpoint: &Endpoint,
    reply: &[u8],
) -> Result<ChatResponse, ProviderError> {
    let bad = |what: &str| {
        let message = format!("{} {what}", endpoint.place());
        ProviderError::new(ProviderErrorKind::BadReply, message)
    };
    let body: Value = serde_json::from_slice(reply).map_err(|error| {
        bad("answered with what is no JSON: check the endpoint and the proxy").with_source(error)
    })?;
    if is_error(&body) {
        return Err(endpoint.error_of(None, &reqwest::header::HeaderMap::new(), reply));
    }
    match body.get("choices").and_then(Value::as_array) {
        Some(choices) if !choices.is_empty() => Ok(ChatResponse::from_json(body)),
        _ => Err(bad("answered with JSON that has no choices")),
    }
}
