//! The body of a request for embeddings.

use bytes::Bytes;
use serde::Serialize;

/// What is asked for. Base64 is a third of the size of decimals, and exact.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub(super) input: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<&'a str>,
    pub(super) encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dimensions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_type: Option<&'a str>,
}

impl Request<'_> {
    pub(super) fn to_bytes(&self) -> Bytes {
        serde_json::to_vec(self).expect("invariant: strings and numbers serialize").into()
    }
}
