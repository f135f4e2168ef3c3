//! One call of `embed` under way: from parts to results.

use std::collections::VecDeque;

use cache_core::{EmbedResponse, Embedding, ProviderError, ProviderErrorKind};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::part::{Part, halves, split};
use super::plan::{Plan, Refusal};
use super::reply::Reply;
use crate::http::{Failure, Hint, bad_reply};

/// A batch under way.
pub(super) struct Batch<'a> {
    plan: &'a Plan<'a>,
    queue: VecDeque<Part>,
    results: Vec<Option<Result<Embedding, ProviderError>>>,
    billed: Option<u64>,
    model: Option<String>,
    /// Dimensions of the first vectors that came.
    size: Option<usize>,
    /// Requests refused for what may be a part's fault or the whole request's.
    doubtful: u32,
}

impl<'a> Batch<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, refusals: Vec<Refusal>) -> Self {
        let inputs = plan.all().len() + refusals.len();
        let mut results: Vec<_> = (0..inputs).map(|_| None).collect();
        for (index, error) in refusals {
            results[index] = Some(Err(error));
        }
        Self {
            plan,
            queue: VecDeque::from([plan.all()]),
            results,
            billed: None,
            model: None,
            size: None,
            doubtful: 0,
        }
    }

    /// Asks for all parts, several at once.
    pub(super) async fn run(mut self) -> Result<EmbedResponse, ProviderError> {
        let plan = self.plan;
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < plan.model.shared.limits.max_concurrency.max(1) {
                let Some(part) = self.next() else { break };
                running.push(plan.ask(part));
            }
            let Some((part, answer)) = running.next().await else { break };
            match answer {
                Ok(reply) => self.accept(part, reply),
                Err(failure) => self.refuse(part, failure),
            }
        }
        self.finish()
    }

    /// The next part, within the limits as they are known by now.
    fn next(&mut self) -> Option<Part> {
        let limits = self.plan.model.shared.limits;
        let learned = self.plan.model.endpoint.deployment().max_inputs();
        let max_inputs = limits.max_inputs.min(learned);
        let run = self.queue.pop_front()?;
        let parts = split(run, &self.plan.tokens, max_inputs, limits.max_tokens);
        for part in parts.into_iter().rev() {
            self.queue.push_front(part);
        }
        self.queue.pop_front()
    }

    fn accept(&mut self, part: Part, reply: Reply) {
        if self.size.is_some() && self.model != reply.model {
            let place = self.plan.model.endpoint.place();
            let what = "answered as another model than just before: its deployment was changed \
                        meanwhile; ask again";
            return self.fail(part, bad_reply(place, what, None));
        }
        self.model = reply.model;
        let size = reply.vectors.first().map(Embedding::dimensions);
        if let (Some(size), Some(before)) = (size, self.size)
            && size != before
        {
            let place = self.plan.model.endpoint.place();
            let what = format!("sent vectors of {size} dimensions after some of {before}");
            return self.fail(part, bad_reply(place, &what, None));
        }
        self.size = self.size.or(size);
        if let Some(tokens) = reply.tokens {
            self.billed = Some(self.billed.unwrap_or(0) + tokens);
        }
        for (place, vector) in part.zip(reply.vectors) {
            self.results[self.plan.indices[place]] = Some(Ok(vector));
        }
    }

    /// A part failed: what of it is worth another try?
    fn refuse(&mut self, part: Part, failure: Failure) {
        let inputs = part.len();
        let Failure { error, hint, .. } = failure;
        match hint {
            Some(Hint::MaxInputs(most)) if inputs > 1 => {
                // A number that changes nothing is nonsense.
                let most = most.min(inputs.div_ceil(2)).max(1);
                self.plan.model.endpoint.deployment().lower_max_inputs(most);
                self.queue.push_front(part);
            }
            Some(Hint::RequestTooLarge) if inputs > 1 => self.queue.extend(halves(&part)),
            Some(Hint::Input(Some(at))) if at < inputs => {
                let culprit = part.start + at;
                self.fail(culprit..culprit + 1, error);
                let rest = [part.start..culprit, culprit + 1..part.end];
                self.queue.extend(rest.into_iter().filter(|part| !part.is_empty()));
            }
            Some(Hint::Input(_)) if inputs > 1 => self.queue.extend(halves(&part)),
            Some(Hint::MaybeInput) if inputs > 1 && !self.looks_wrong_as_a_whole() => {
                self.doubtful += 1;
                self.queue.extend(halves(&part));
            }
            _ => {
                let hopeless = is_hopeless(&error) || self.looks_wrong_as_a_whole();
                let copy = copy(&error);
                self.fail(part, error);
                if hopeless {
                    for part in std::mem::take(&mut self.queue) {
                        self.fail(part, self::copy(&copy));
                    }
                }
            }
        }
    }

    /// While nothing at all has succeeded, a request that is wrong as a whole must not be tried for
    /// each of its inputs.
    fn looks_wrong_as_a_whole(&self) -> bool {
        let most = 2 * self.plan.all().len().max(1).ilog2() + 2;
        self.size.is_none() && self.doubtful >= most
    }

    /// Gives every input of a part the error; one that is alone is to blame for a fault of inputs.
    fn fail(&mut self, part: Part, error: ProviderError) {
        let alone = part.len() == 1 && blames_an_input(error.kind());
        let copies: Vec<_> = part.clone().skip(1).map(|_| copy(&error)).collect();
        for (place, error) in part.zip(std::iter::once(error).chain(copies)) {
            let index = self.plan.indices[place];
            let error = if alone { error.with_input(index) } else { error };
            self.results[index] = Some(Err(error));
        }
    }

    fn finish(self) -> Result<EmbedResponse, ProviderError> {
        let place = self.plan.model.endpoint.place();
        let results = self.results.into_iter().map(|result| {
            result.unwrap_or_else(|| Err(bad_reply(place, "left an input without an answer", None)))
        });
        let mut results: Vec<_> = results.collect();
        if !results.is_empty() && results.iter().all(Result::is_err) {
            results.swap_remove(0)?;
        }
        let mut response = EmbedResponse::partial(results);
        response.tokens = self.billed;
        response.model = self.model;
        Ok(response)
    }
}

/// Whether every other part would fail in the same way.
fn is_hopeless(error: &ProviderError) -> bool {
    matches!(
        error.kind(),
        ProviderErrorKind::Unauthorized
            | ProviderErrorKind::Forbidden
            | ProviderErrorKind::NotFound
            | ProviderErrorKind::WrongModel
    )
}

fn blames_an_input(kind: ProviderErrorKind) -> bool {
    matches!(
        kind,
        ProviderErrorKind::ContentFiltered
            | ProviderErrorKind::InputTooLong
            | ProviderErrorKind::InvalidInput
    )
}

/// The same error for another input, without what is underneath.
fn copy(error: &ProviderError) -> ProviderError {
    let mut copy = ProviderError::new(error.kind(), error.to_string());
    if let Some(delay) = error.retry_after() {
        copy = copy.with_retry_after(delay);
    }
    if let Some(detail) = error.detail() {
        copy = copy.with_detail(detail.clone());
    }
    copy
}
