//! One question and its answer.

use std::time::{Duration, Instant};

use caching_with_redis::core::ChatChunk;
use caching_with_redis::response::semantic::SemanticHit;
use caching_with_redis::response::{CallOptions, Mode, ResponseCache, assemble};
use caching_with_redis::session::{
    ChatMessage, NewMessage, Session, Window, estimate_message_tokens,
};
use caching_with_redis::{ChatRequest, ChatResponse};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::json;

use crate::args;
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;

/// What is talked with, and where it is remembered.
pub(super) struct Conversation<'c> {
    pub(super) cache: ResponseCache,
    pub(super) session: Session,
    pub(super) options: &'c args::Chat,
}

/// An answer, as answers in JSON have it.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    session: String,
    answer: Option<String>,
    /// Whether the store gave it.
    pub(super) hit: bool,
    /// Whose answer it is, where it is that of another question; null otherwise.
    pub(super) semantic: Option<Alike>,
    model: Option<String>,
    finish_reason: Option<String>,
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
    /// Messages of the session that were too old for the window.
    omitted: u64,
    micros: u64,
    #[serde(skip)]
    pub(super) time: Duration,
}

/// The question whose answer was given.
#[derive(Debug, Serialize)]
pub(super) struct Alike {
    similarity: f32,
    threshold: f32,
    /// Its key.
    matched: String,
    age_seconds: f64,
    #[serde(skip)]
    age: Duration,
}

impl Alike {
    fn of(hit: &SemanticHit) -> Self {
        Self {
            similarity: hit.similarity.get(),
            threshold: hit.threshold.get(),
            matched: hit.matched.to_string(),
            age_seconds: hit.age.as_secs_f64(),
            age: hit.age,
        }
    }

    pub(super) fn shown(&self, time: &str, language: Language) -> String {
        let similarity = format!("{:.3}", self.similarity);
        language.alike_in(time, &similarity, &self.matched, &figures::span(self.age))
    }
}

impl Conversation<'_> {
    /// Asks, shows the answer piece by piece, and remembers both. When the model fails, neither is
    /// remembered: asking again asks the same.
    pub(super) async fn turn(
        &self,
        text: &str,
        mut show: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<Answer, Failure> {
        let asked = NewMessage::from(ChatMessage::user(text));
        let own = u64::from(estimate_message_tokens(asked.chat()));
        let window = self.session.window(self.options.window.saturating_sub(own)).await?;
        let request = self.request(&window, asked.chat());
        let started = Instant::now();
        let mut stream = self.cache.stream_with(&request, &self.call()).await?;
        let mut chunks: Vec<ChatChunk> = Vec::new();
        while let Some(chunk) = stream.chunks.next().await {
            let chunk = chunk?;
            if let Some(piece) = chunk.content() {
                show(piece)?;
            }
            chunks.push(chunk);
        }
        let time = started.elapsed();
        let whole = ChatResponse::from_json(assemble(chunks.iter().map(ChatChunk::body)));
        let said = ChatMessage::from_response(&whole).map_err(|_| no_message())?;
        self.session.append_all([asked, NewMessage::from(said)]).await?;
        let usage = whole.usage().unwrap_or_default();
        Ok(Answer {
            session: self.session.id().to_owned(),
            answer: whole.content().map(str::to_owned),
            hit: stream.is_hit(),
            semantic: stream.semantic.as_ref().map(Alike::of),
            model: whole.model().map(str::to_owned),
            finish_reason: whole.finish_reason().map(str::to_owned),
            prompt_tokens: usage.prompt,
            completion_tokens: usage.completion,
            omitted: window.omitted,
            micros: figures::micros(time),
            time,
        })
    }

    fn request(&self, window: &Window, asked: &ChatMessage) -> ChatRequest {
        let mut messages = window.to_chat();
        messages.push(asked.to_chat());
        // Replaced at once: a request is made of one message, and this one has several.
        let mut request = ChatRequest::user("")
            .with("messages", messages)
            .with("stream_options", json!({ "include_usage": true }));
        if let Some(temperature) = self.options.temperature {
            request = request.with("temperature", temperature);
        }
        request
    }

    /// Here everything is cached that is said: the same question at the same point of the same
    /// conversation has the same answer.
    fn call(&self) -> CallOptions {
        let mode = if self.options.no_cache { Mode::Bypass } else { Mode::ReadWrite };
        CallOptions::new().allow().with_mode(mode)
    }
}

fn no_message() -> Failure {
    Failure::Provider {
        kind: caching_with_redis::core::ProviderErrorKind::BadReply,
        detail: "the answer holds no message".to_owned(),
    }
}
