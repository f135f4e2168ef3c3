//! What one call of `embed` asks for.

use cache_core::{EmbedOptions, ErrorDetail, ProviderError, ProviderErrorKind};
use tokio::time::Instant;

use super::part::Part;
use super::reply::Reply;
use super::request::Request;
use super::{EmbeddingModel, tokens};
use crate::http::{Failure, bad_reply};

/// What one call of `embed` asks for. Parts are runs of `sent`, the inputs that are worth sending.
pub(super) struct Plan<'a> {
    pub(super) model: &'a EmbeddingModel,
    sent: Vec<&'a str>,
    /// Where each of `sent` is among the caller's inputs.
    pub(super) indices: Vec<usize>,
    pub(super) tokens: Vec<usize>,
    dimensions: Option<u32>,
    input_type: Option<&'a str>,
    deadline: Instant,
}

/// An input that is not sent, by its index, and why.
pub(super) type Refusal = (usize, ProviderError);

impl<'a> Plan<'a> {
    /// Sorts out what need not be sent.
    pub(super) async fn new(
        model: &'a EmbeddingModel,
        inputs: &[&'a str],
        options: &EmbedOptions,
    ) -> Result<(Self, Vec<Refusal>), ProviderError> {
        let dimensions = options.dimensions.or(model.shared.dimensions);
        if dimensions == Some(0) {
            let what = "a vector has at least one dimension: ask for more than 0";
            return Err(ProviderError::new(ProviderErrorKind::InvalidInput, what));
        }
        let mut plan = Self {
            model,
            sent: Vec::with_capacity(inputs.len()),
            indices: Vec::with_capacity(inputs.len()),
            tokens: Vec::with_capacity(inputs.len()),
            dimensions,
            input_type: model.input_type(options.input_kind),
            deadline: model.endpoint.deadline(),
        };
        let mut refusals = Vec::new();
        let counts = tokens::count_all(inputs).await;
        for (index, (input, count)) in inputs.iter().zip(counts).enumerate() {
            match plan.refusal(input, count) {
                Some(error) => refusals.push((index, error.with_input(index))),
                None => {
                    plan.sent.push(input);
                    plan.indices.push(index);
                    plan.tokens.push(count);
                }
            }
        }
        Ok((plan, refusals))
    }

    /// Everything that is sent.
    pub(super) fn all(&self) -> Part {
        0..self.sent.len()
    }

    /// Why an input is not sent at all.
    fn refusal(&self, input: &str, count: usize) -> Option<ProviderError> {
        if input.is_empty() {
            let what = "the text is empty, and a service would refuse the whole request for it";
            return Some(ProviderError::new(ProviderErrorKind::InvalidInput, what));
        }
        let limit = self.model.shared.known?.max_tokens;
        let least = tokens::at_least(input, count);
        (least > limit).then(|| {
            let what = format!("the text has at least {least} tokens, and the model takes {limit}");
            let detail = ErrorDetail::ContextLength { limit: limit as u64, asked: None };
            ProviderError::new(ProviderErrorKind::InputTooLong, what).with_detail(detail)
        })
    }

    /// Sends one part.
    pub(super) async fn ask(&self, part: Part) -> (Part, Result<Reply, Failure>) {
        let settings = &self.model.shared;
        let request = Request {
            input: &self.sent[part.clone()],
            model: settings.model_field.as_deref(),
            encoding_format: "base64",
            dimensions: self.dimensions,
            user: settings.user.as_deref(),
            input_type: self.input_type,
        };
        let body = request.to_bytes();
        let tokens: usize = self.tokens[part.clone()].iter().sum();
        let endpoint = &self.model.endpoint;
        let answer = match endpoint.call_until(body, tokens as u64, self.deadline).await {
            Ok(body) => self.read(body, part.len()).await.map_err(Failure::last),
            Err(failure) => Err(failure),
        };
        (part, answer)
    }

    async fn read(&self, body: bytes::Bytes, inputs: usize) -> Result<Reply, ProviderError> {
        let known = self.model.shared.known.map(|known| known.dimensions);
        let wanted = self.dimensions.or(known);
        let kept = body.clone();
        Reply::read(body, inputs, wanted).await.map_err(|fault| {
            let endpoint = &self.model.endpoint;
            // Gateways that answer HTTP 200 and an error.
            endpoint
                .error_in(&kept)
                .unwrap_or_else(|| bad_reply(endpoint.place(), &fault.what, fault.source))
        })
    }
}
