//! What is asked for.

use serde_json::Value;

use crate::api::Api;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::route::query_value;
use crate::service::given;
use crate::state::Limits;
use crate::tokens;

/// A request that the service takes.
#[derive(Debug)]
pub(crate) struct EmbeddingRequest {
    pub(crate) inputs: Vec<Input>,
    pub(crate) dimensions: usize,
    /// Whether base64 was asked for.
    pub(crate) base64: bool,
}

/// One text or one list of tokens.
#[derive(Debug)]
pub(crate) struct Input {
    /// What its vector depends on.
    pub(crate) identity: Vec<u8>,
    tokens: usize,
}

impl EmbeddingRequest {
    /// Reads a request to a model of so many dimensions, or refuses it as the service does.
    pub(crate) fn parse(
        request: &Request,
        api: Api,
        full_dimensions: usize,
        shortens: bool,
    ) -> Result<Self, Refusal> {
        let body = &request.body;
        if api == Api::AzureClassic {
            check_version(request)?;
        }
        let dimensions = match given(body, "dimensions") {
            None => full_dimensions,
            Some(_) if !shortens => {
                return Err(Refusal::new(
                    400,
                    "This model does not support specifying dimensions.",
                ));
            }
            Some(wanted) => dimensions(wanted, full_dimensions)?,
        };
        let base64 = match given(body, "encoding_format").map(Value::as_str) {
            None | Some(Some("float")) => false,
            Some(Some("base64")) => true,
            Some(_) => {
                let problem = "supported values are: 'float' and 'base64'.";
                return Err(Refusal::invalid("encoding_format", problem));
            }
        };
        Ok(Self { inputs: inputs(&body["input"])?, dimensions, base64 })
    }

    /// The estimated tokens of all inputs.
    pub(crate) fn tokens(&self) -> usize {
        self.inputs.iter().map(|input| input.tokens).sum()
    }

    /// Refuses what is too much.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), Refusal> {
        if self.inputs.len() > limits.inputs {
            return Err(Refusal::too_many_inputs(limits.inputs));
        }
        let most = limits.input_tokens;
        if let Some(input) = self.inputs.iter().find(|input| input.tokens > most) {
            return Err(Refusal::context_length(most, input.tokens));
        }
        let tokens = self.tokens();
        if tokens > limits.request_tokens {
            return Err(Refusal::request_tokens(limits.request_tokens, tokens));
        }
        Ok(())
    }
}

/// Versions before 2024-06-01 know neither shorter vectors nor base64.
fn check_version(request: &Request) -> Result<(), Refusal> {
    let version = query_value(&request.query, "api-version").unwrap_or_default();
    let newer = ["dimensions", "encoding_format"];
    match newer.into_iter().find(|name| given(&request.body, name).is_some()) {
        Some(name) if version.as_str() < "2024-06-01" => {
            Err(Refusal::new(400, format!("Unrecognized request argument supplied: {name}")))
        }
        _ => Ok(()),
    }
}

fn dimensions(wanted: &Value, full: usize) -> Result<usize, Refusal> {
    let number = wanted.as_u64().and_then(|n| usize::try_from(n).ok());
    number.filter(|n| (1..=full).contains(n)).ok_or_else(|| {
        Refusal::invalid("dimensions", &format!("an integer from 1 to {full} is expected."))
    })
}

fn inputs(input: &Value) -> Result<Vec<Input>, Refusal> {
    match input {
        Value::String(text) => Ok(vec![text_input(text)?]),
        Value::Array(items) if items.is_empty() => {
            Err(Refusal::invalid("input", "an array of at least one is expected."))
        }
        Value::Array(items) if items[0].is_number() => Ok(vec![token_input(items)?]),
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => text_input(text),
                Value::Array(tokens) => token_input(tokens),
                _ => Err(invalid_input()),
            })
            .collect(),
        _ => Err(invalid_input()),
    }
}

fn text_input(text: &str) -> Result<Input, Refusal> {
    if text.is_empty() {
        return Err(Refusal::invalid("input", "input cannot be an empty string."));
    }
    Ok(Input { identity: [b"text:", text.as_bytes()].concat(), tokens: tokens::of_text(text) })
}

fn token_input(tokens: &[Value]) -> Result<Input, Refusal> {
    let mut identity = b"tokens:".to_vec();
    for token in tokens {
        identity.extend(token.as_u64().ok_or_else(invalid_input)?.to_le_bytes());
    }
    if tokens.is_empty() {
        return Err(invalid_input());
    }
    Ok(Input { identity, tokens: tokens.len() })
}

fn invalid_input() -> Refusal {
    let message = "'$.input' is invalid. Please check the API reference: \
                   https://platform.openai.com/docs/api-reference.";
    Refusal::new(400, message)
}
