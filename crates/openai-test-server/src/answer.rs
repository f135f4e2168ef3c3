//! An answer before a fault has been at it.

use bytes::Bytes;
use serde_json::Value;

use crate::embeddings::EmbeddingList;

/// Status, headers and what follows.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) payload: Payload,
}

/// A body, as far as faults have to know it.
#[derive(Debug)]
pub(crate) enum Payload {
    Text(Bytes),
    Embeddings(EmbeddingList),
    /// The `data` of server-sent events.
    Events(Vec<String>),
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub(crate) fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::of(status, content_type, Payload::Text(body.into()))
    }

    pub(crate) fn verbatim(status: u16, headers: &[(String, String)], body: &str) -> Self {
        let payload = Payload::Text(Bytes::copy_from_slice(body.as_bytes()));
        Self { status, headers: headers.to_vec(), payload }
    }

    pub(crate) fn embeddings(list: EmbeddingList) -> Self {
        Self::of(200, "application/json", Payload::Embeddings(list))
    }

    pub(crate) fn events(events: Vec<String>) -> Self {
        Self::of(200, "text/event-stream; charset=utf-8", Payload::Events(events))
    }

    pub(crate) fn with_headers(mut self, headers: Vec<(String, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    fn of(status: u16, content_type: &str, payload: Payload) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, payload }
    }
}
