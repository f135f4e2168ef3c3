//! One question to the chat model.

use std::time::{Duration, Instant};

use caching_with_redis::{ChatProvider, ChatRequest};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;
use crate::verbs::provider::{Cost, place};

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    provider: String,
    endpoint: Option<String>,
    deployment: Option<String>,
    model: String,
    question: String,
    /// `None` where the model gave no text: it refused, or was stopped.
    answer: Option<String>,
    finish_reason: Option<String>,
    prompt_tokens: u64,
    completion_tokens: u64,
    cost: Option<Cost>,
    micros: u64,
    #[serde(skip)]
    time: Duration,
}

/// Asks this, or something of our own.
pub(super) async fn ask(
    context: &Context,
    chat: &dyn ChatProvider,
    question: Option<&str>,
) -> Result<Answer, Failure> {
    let language = context.language();
    let question = question.map_or_else(|| language.default_question(), str::to_owned);
    let prices = context.prices()?;
    let started = Instant::now();
    let response = chat.complete(&ChatRequest::user(&question)).await?;
    let time = started.elapsed();
    let identity = chat.identity();
    let usage = response.usage().unwrap_or_default();
    Ok(Answer {
        cost: Cost::of(usage, &prices, &identity, response.model()),
        model: response.model().unwrap_or(&identity.model).to_owned(),
        provider: identity.provider,
        endpoint: identity.endpoint,
        deployment: identity.deployment,
        question,
        answer: response.content().map(str::to_owned),
        finish_reason: response.finish_reason().map(str::to_owned),
        prompt_tokens: usage.prompt,
        completion_tokens: usage.completion,
        micros: figures::micros(time),
        time,
    })
}

impl Answer {
    /// What people are shown of it.
    pub(super) fn rows(&self, language: Language) -> Vec<(String, String)> {
        let mut rows = vec![(language.label_chat(), format!("{} {}", self.provider, self.model))];
        let place = place(self.deployment.as_deref(), self.endpoint.as_deref(), language);
        rows.extend(place.map(|place| (language.label_served(), place)));
        let answer = match &self.answer {
            Some(answer) => figures::one_line(answer),
            None => language.no_answer(self.finish_reason.as_deref().unwrap_or("-")),
        };
        let (read, written) = (self.prompt_tokens, self.completion_tokens);
        let tokens = language.read_and_written(&figures::count(read), &figures::count(written));
        let cost = self.cost.as_ref();
        rows.extend([
            (language.label_question(), figures::one_line(&self.question)),
            (language.label_answer(), answer),
            (language.label_time(), figures::span(self.time)),
            (language.label_tokens(), tokens),
            (
                language.label_cost(),
                cost.map_or_else(|| language.no_price(), |cost| cost.shown(language)),
            ),
        ]);
        rows
    }
}
