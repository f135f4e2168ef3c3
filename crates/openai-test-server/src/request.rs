//! What a client sent.

use std::time::Instant;

use serde_json::Value;

/// A request as the server received it, refused or not.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Request {
    /// The method: `POST`.
    pub method: String,
    /// The path as it was sent, percent-encoding included.
    pub path: String,
    /// What follows the `?` as it was sent; empty without one.
    pub query: String,
    /// The whole target as it was sent: `/path?query`, or the absolute URL that a client sends to a
    /// proxy.
    pub uri: String,
    /// Names in lower case and values, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body as JSON; `Null` where it is none.
    pub body: Value,
    /// The body as it was sent.
    pub raw_body: Vec<u8>,
    /// When the last byte had arrived.
    pub at: Instant,
}

impl Request {
    /// The value of the first header of this name, which is compared without case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn new(head: &hyper::http::request::Parts, raw_body: Vec<u8>) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            uri: head.uri.to_string(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
                .collect(),
            body: serde_json::from_slice(&raw_body).unwrap_or_default(),
            raw_body,
            at: Instant::now(),
        }
    }
}
