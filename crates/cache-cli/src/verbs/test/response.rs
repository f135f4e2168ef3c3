//! A question to the chat model, twice, through the response cache.

use std::time::{Duration, Instant};

use caching_with_redis::core::ChatProvider;
use caching_with_redis::response::{CallOptions, ResponseCache, Source};
use caching_with_redis::{ChatRequest, ChatResponse};
use serde::Serialize;

use super::{Asked, lookups};
use crate::chat_model::ChatModel;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;
use crate::verbs::provider::{Cost, place};

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    provider: String,
    /// Whether it is the server that comes with this program.
    bundled: bool,
    endpoint: Option<String>,
    deployment: Option<String>,
    model: String,
    pub(super) question: String,
    /// `None` where the model gave no text: it refused, or was stopped.
    answer: Option<String>,
    finish_reason: Option<String>,
    prompt_tokens: u64,
    completion_tokens: u64,
    cost: Option<Cost>,
    first: Asked,
    second: Asked,
    key: String,
    #[serde(skip)]
    pub(super) response: ChatResponse,
}

/// Asks this, or something of our own.
pub(super) async fn ask(
    context: &Context,
    cache: &ResponseCache,
    model: &ChatModel,
    question: Option<&str>,
) -> Result<Answer, Failure> {
    let language = context.language();
    let question = question.map_or_else(|| language.default_question(), str::to_owned);
    let request = ChatRequest::user(&question);
    // Whoever asks twice here wants the same answer twice, whatever the settings cache.
    let options = CallOptions::new().allow();
    let mut times = [Duration::ZERO; 2];
    let ask = async |time: &mut Duration| {
        let started = Instant::now();
        let answer = cache.complete_with(&request, &options).await;
        *time = started.elapsed();
        answer
    };
    let first = ask(&mut times[0]).await?;
    let second = ask(&mut times[1]).await?;
    cache.flush().await?;
    let response = second.response;
    let identity = cache.identity();
    let usage = response.usage().unwrap_or_default();
    let prices = context.prices()?;
    let cost = || Cost::of(usage, &prices, &identity, response.model());
    Ok(Answer {
        cost: if model.is_bundled() { None } else { cost() },
        bundled: model.is_bundled(),
        model: response.model().unwrap_or(&identity.model).to_owned(),
        question,
        answer: response.content().map(str::to_owned),
        finish_reason: response.finish_reason().map(str::to_owned),
        prompt_tokens: usage.prompt,
        completion_tokens: usage.completion,
        first: asked(first.source, times[0]),
        second: asked(second.source, times[1]),
        key: second.key.to_string(),
        provider: identity.provider,
        endpoint: identity.endpoint,
        deployment: identity.deployment,
        response,
    })
}

fn asked(source: Source, time: Duration) -> Asked {
    let (hit, source) = match source {
        Source::Hit => (true, "hit"),
        Source::Stale => (true, "stale"),
        Source::Computed => (false, "computed"),
        Source::Coalesced => (false, "coalesced"),
        _ => (false, "other"),
    };
    Asked::new(hit, source, time)
}

impl Answer {
    /// What people are shown of it.
    pub(super) fn rows(&self, context: &Context) -> Vec<(String, String)> {
        let language = context.language();
        let provider = match self.bundled {
            true => language.bundled_server(&self.model),
            false => format!("{} {}", self.provider, self.model),
        };
        let mut rows = vec![(language.label_chat(), provider)];
        let place = place(self.deployment.as_deref(), self.endpoint.as_deref(), language);
        rows.extend(place.map(|place| (language.label_served(), place)));
        let answer = match &self.answer {
            Some(answer) => figures::one_line(answer),
            None => language.no_answer(self.finish_reason.as_deref().unwrap_or("-")),
        };
        let (read, written) = (self.prompt_tokens, self.completion_tokens);
        let tokens = language.read_and_written(&figures::count(read), &figures::count(written));
        let [first, second] = lookups(context, &self.first, &self.second);
        rows.extend([
            (language.label_question(), figures::one_line(&self.question)),
            (language.label_answer(), answer),
            (language.label_first(), first),
            (language.label_second(), second),
            (language.label_tokens(), tokens),
        ]);
        if !self.bundled {
            let cost = self.cost.as_ref();
            let cost = cost.map_or_else(|| language.no_price(), |cost| cost.shown(language));
            rows.push((language.label_cost(), cost));
        }
        rows.push((language.label_key(), self.key.clone()));
        rows
    }
}
