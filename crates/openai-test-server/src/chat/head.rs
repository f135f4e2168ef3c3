//! What all parts of one reply have in common.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::ChatRequest;
use super::reply::Choice;
use crate::api::Api;

/// Whose reply it is, and when it was made.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) api: Api,
    model: &'static str,
    id: String,
    created: u64,
}

impl Head {
    pub(crate) fn new(api: Api, model: &'static str, number: u64) -> Self {
        let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { api, model, id: format!("chatcmpl-{number}"), created }
    }

    /// An object of this kind with these choices.
    pub(crate) fn object(&self, kind: &str, choices: Value) -> Value {
        let mut object = json!({
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": "fp_test",
        });
        object["choices"] = choices;
        if !self.api.is_azure() {
            object["service_tier"] = "default".into();
        }
        object
    }
}

/// What a reply cost. Prompts of 1024 tokens or more count as seen before, in whole 128s.
pub(crate) fn usage(request: &ChatRequest, choices: &[Choice]) -> Value {
    let prompt = request.prompt_tokens;
    let cached = if prompt >= 1024 { prompt / 128 * 128 } else { 0 };
    let reasoning: usize = choices.iter().map(|choice| choice.reasoning.len()).sum();
    let content: usize = choices.iter().map(|choice| choice.content.tokens()).sum();
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": content + reasoning,
        "total_tokens": prompt + content + reasoning,
        "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": cached},
        "completion_tokens_details": {
            "accepted_prediction_tokens": 0,
            "audio_tokens": 0,
            "reasoning_tokens": reasoning,
            "rejected_prediction_tokens": 0,
        },
    })
}
