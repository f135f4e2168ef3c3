//! What a service says when it refuses, in every documented form: status first, then the body as
//! far as it can be read.
//!
//! The service's own `message` may quote the input: it is searched for known phrases and numbers,
//! and never passed on.

mod body;
mod judgement;

use std::time::Duration;

use cache_core::{ErrorDetail, ProviderError, ProviderErrorKind};
use reqwest::header::HeaderMap;

use super::delay;
use super::failure::Failure;
use body::ErrorBody;
use judgement::Judgement;

/// A refusal, read.
pub(super) struct ServiceError {
    status: Option<u16>,
    body: ErrorBody,
    request_id: Option<String>,
    delay: Option<Duration>,
    should_retry: Option<bool>,
}

impl ServiceError {
    /// Without a status, or with that of a success, the body's code speaks for it.
    pub(super) fn read(status: Option<u16>, headers: &HeaderMap, body: &[u8]) -> Self {
        let body = ErrorBody::read(body);
        let status = status.filter(|status| !(200..300).contains(status)).or(body.status);
        let text = |name: &str| headers.get(name)?.to_str().ok();
        Self {
            status,
            request_id: ["x-request-id", "apim-request-id", "x-ms-request-id"]
                .into_iter()
                .find_map(|name| identifier(text(name)?, 80)),
            delay: delay::named(headers),
            should_retry: text("x-should-retry").and_then(|text| match text.trim() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            }),
            body,
        }
    }

    /// The typed error, and what it means for the next attempt.
    pub(super) fn into_failure(self, place: &str) -> Failure {
        let Judgement { kind, text, hint, passing } = Judgement::of(self.status, &self.body);
        let mut error = ProviderError::new(kind, format!("{place} {text}{}", self.particulars()));
        if let Some(detail) = self.detail(kind) {
            error = error.with_detail(detail);
        }
        if let Some(delay) = self.delay.filter(|_| error.is_retryable()) {
            error = error.with_retry_after(delay);
        }
        let again = self.should_retry.unwrap_or(passing);
        let throttled = again && self.status == Some(429);
        Failure { error, again, throttled, refused_token: None, hint }
    }

    fn detail(&self, kind: ProviderErrorKind) -> Option<ErrorDetail> {
        match kind {
            ProviderErrorKind::ContentFiltered => {
                Some(ErrorDetail::ContentFilter { categories: self.body.categories.clone() })
            }
            ProviderErrorKind::InputTooLong => self
                .body
                .context_limit
                .map(|(limit, asked)| ErrorDetail::ContextLength { limit, asked }),
            _ => None,
        }
    }

    /// ` (HTTP 429, code rate_limit_exceeded, come back in 3 s, request 1234)`.
    fn particulars(&self) -> String {
        let all = [
            self.status.map(|status| format!("HTTP {status}")),
            self.body.code.as_ref().map(|code| format!("code {code}")),
            self.body.param.as_ref().map(|param| format!("parameter {param}")),
            self.delay.map(|delay| format!("come back in {} s", delay.as_secs_f64())),
            self.request_id.as_ref().map(|id| format!("request {id}")),
        ];
        let all: Vec<String> = all.into_iter().flatten().collect();
        if all.is_empty() { String::new() } else { format!(" ({})", all.join(", ")) }
    }
}

/// A word that is surely a name and no text of a user's: letters, digits and a few signs.
fn identifier(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let sound = |b: u8| b.is_ascii_alphanumeric() || b"_-.[]$/:".contains(&b);
    let fits = !text.is_empty() && text.len() <= longest && text.bytes().all(sound);
    fits.then(|| text.to_owned())
}
