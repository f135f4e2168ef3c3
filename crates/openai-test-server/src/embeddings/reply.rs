//! What is answered.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use super::EmbeddingRequest;
use crate::vector::vector;

/// A reply that faults can still change.
#[derive(Debug, Serialize)]
pub(crate) struct EmbeddingList {
    object: &'static str,
    pub(crate) data: Vec<Item>,
    model: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<Usage>,
    /// What is written in an array for a number that is not finite.
    #[serde(skip)]
    pub(crate) non_finite: &'static str,
}

/// One vector and where it belongs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Item {
    object: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<usize>,
    pub(crate) embedding: Numbers,
}

/// A vector in one of its two notations.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    pub(crate) values: Vec<f32>,
    /// Written as base64 of little-endian float32, otherwise as an array.
    pub(crate) base64: bool,
    /// Written in place of the values.
    pub(crate) text: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

impl EmbeddingList {
    /// What the service answers.
    pub(crate) fn of(request: &EmbeddingRequest, model: &'static str, base64: bool) -> Self {
        let item = |(index, identity): (usize, &[u8])| Item {
            object: "embedding",
            index: Some(index),
            embedding: Numbers {
                values: vector(model, identity, request.dimensions),
                base64,
                text: None,
            },
        };
        let identities = request.inputs.iter().map(|input| input.identity.as_slice());
        let tokens = request.tokens();
        Self {
            object: "list",
            data: identities.enumerate().map(item).collect(),
            model,
            usage: Some(Usage { prompt_tokens: tokens, total_tokens: tokens }),
            non_finite: "null",
        }
    }

    /// Puts the items in another order: those at odd places first.
    pub(crate) fn shuffle(&mut self) {
        self.data.sort_by_key(|item| item.index.is_some_and(|index| index % 2 == 0));
    }

    /// The body.
    pub(crate) fn to_json(&self) -> String {
        let json = serde_json::to_string(self).expect("a list can be written");
        let finite = |item: &Item| item.embedding.values.iter().all(|v| v.is_finite());
        if self.data.iter().all(finite) { json } else { json.replace("null", self.non_finite) }
    }
}

impl Numbers {
    /// The values' bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.text {
            Some(text) => serializer.serialize_str(text),
            None if self.base64 => serializer.serialize_str(&STANDARD.encode(self.bytes())),
            None => self.values.serialize(serializer),
        }
    }
}
