//! An answer as it arrives, checked for being complete.

use std::time::Duration;

use bytes::Bytes;
use cache_core::{ChatChunk, ChatStream, ProviderError, ProviderErrorKind};
use futures_util::stream::try_unfold;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use tokio::time::timeout;

use super::progress::Progress;
use super::reply;
use super::sse::{Event, EventParser};
use crate::http::{Endpoint, Opened};

/// The longest event, and the longest answer that is none of events, that is read.
const MOST: usize = 16 << 20;
/// How long the end of the body may come after the end of the answer.
const DRAIN: Duration = Duration::from_secs(1);

/// The chunks of an answer whose HTTP status is a success.
///
/// # Errors
/// When the answer is none of events.
pub(super) async fn open(endpoint: Endpoint, opened: Opened) -> Result<ChatStream, ProviderError> {
    let form = Form::of(opened.response.headers());
    let answer = Answer {
        endpoint,
        opened,
        input: Bytes::new(),
        parser: EventParser::new(MOST),
        progress: Progress::default(),
    };
    match form {
        Form::Events => Ok(Box::pin(try_unfold(answer, Answer::next))),
        Form::Json => Err(answer.refuse_json().await),
        Form::Page => {
            Err(answer.bad("answered with an HTML page: check the endpoint and the proxy"))
        }
    }
}

/// What a body is, by its content type.
enum Form {
    Events,
    Json,
    Page,
}

impl Form {
    /// Servers name streams in several ways, or not at all: what is nothing else is events.
    fn of(headers: &HeaderMap) -> Self {
        let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = named.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" | "application/problem+json" => Self::Json,
            "text/html" => Self::Page,
            _ => Self::Events,
        }
    }
}

/// An answer under way. Dropping it closes the connection.
struct Answer {
    endpoint: Endpoint,
    opened: Opened,
    /// What has arrived and is not parsed.
    input: Bytes,
    parser: EventParser,
    progress: Progress,
}

impl Answer {
    /// The next chunk; `None` when the answer is complete.
    async fn next(mut self) -> Result<Option<(ChatChunk, Self)>, ProviderError> {
        loop {
            let event = self.event().await?;
            let data = event.data.trim_ascii();
            if data == b"[DONE]" {
                return self.end().map(|()| None);
            }
            if event.name == b"error" {
                return Err(self.service_error(data));
            }
            // Some servers keep a connection alive so.
            if data.is_empty() {
                continue;
            }
            let chunk = self.chunk(data)?;
            return Ok(Some((chunk, self)));
        }
    }

    async fn event(&mut self) -> Result<Event, ProviderError> {
        loop {
            match self.parser.next(&mut self.input) {
                Ok(Some(event)) => return Ok(event),
                Ok(None) => {}
                Err(_) => return Err(self.bad("sent an event of more than 16 MB in its answer")),
            }
            self.input = self.bytes().await?.ok_or_else(|| {
                let what = if self.progress.is_finished() {
                    "ended its answer without the closing [DONE]"
                } else {
                    "broke off its answer"
                };
                self.broken(ProviderErrorKind::Unreachable, what)
            })?;
        }
    }

    /// What arrives next; `None` at the body's end.
    async fn bytes(&mut self) -> Result<Option<Bytes>, ProviderError> {
        let limit = self.endpoint.idle_timeout();
        match timeout(limit, self.opened.response.chunk()).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) => {
                let broken = self.broken(ProviderErrorKind::Unreachable, "broke off its answer");
                Err(broken.with_source(error.without_url()))
            }
            Err(_) => {
                let what = format!("sent nothing for {} ms in its answer", limit.as_millis());
                Err(self.broken(ProviderErrorKind::Timeout, &what))
            }
        }
    }

    fn chunk(&mut self, data: &[u8]) -> Result<ChatChunk, ProviderError> {
        let body: Value = serde_json::from_slice(data)
            .map_err(|error| self.bad("sent a chunk that is no JSON").with_source(error))?;
        if !body.is_object() {
            return Err(self.bad("sent a chunk that is no JSON object"));
        }
        if reply::is_error(&body) {
            return Err(self.service_error(data));
        }
        self.progress.add(&body);
        Ok(ChatChunk::from_json(body))
    }

    /// The service says that the answer is over.
    fn end(self) -> Result<(), ProviderError> {
        if !self.progress.is_finished() {
            return Err(self.bad("said [DONE] before its answer had a finish reason"));
        }
        drain(self.opened.response);
        Ok(())
    }

    /// The error that a body of JSON is where events were asked for.
    async fn refuse_json(mut self) -> ProviderError {
        let mut body = Vec::new();
        loop {
            match self.bytes().await {
                Ok(Some(bytes)) if body.len() + bytes.len() > MOST => {
                    return self.bad("sent JSON of more than 16 MB instead of a stream");
                }
                Ok(Some(bytes)) => body.extend_from_slice(&bytes),
                Ok(None) => break,
                Err(error) => return error,
            }
        }
        match serde_json::from_slice::<Value>(&body) {
            Ok(value) if reply::is_error(&value) => self.service_error(&body),
            Ok(value) if value.get("choices").is_some() => self.bad(
                "gave a whole answer although a stream was asked for: it, or a proxy before it, \
                 cannot stream; ask for whole answers",
            ),
            _ => self.bad("answered with JSON that is no stream"),
        }
    }

    fn service_error(&self, body: &[u8]) -> ProviderError {
        let headers = self.opened.response.headers();
        self.progress.refused(self.endpoint.error_of(None, headers, body))
    }

    fn bad(&self, what: &str) -> ProviderError {
        self.broken(ProviderErrorKind::BadReply, what)
    }

    fn broken(&self, kind: ProviderErrorKind, what: &str) -> ProviderError {
        self.progress.broken(kind, self.endpoint.place(), what)
    }
}

/// Reads the body's end, which follows the answer's, so that the connection can serve the next
/// request instead of being closed.
fn drain(mut response: Response) {
    tokio::spawn(async move {
        let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
        // Whoever does not end in time loses the connection, nothing else.
        drop(timeout(DRAIN, rest).await);
    });
}
