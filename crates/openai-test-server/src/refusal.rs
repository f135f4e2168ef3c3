//! Refused requests, in each API's words.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::{Api, Operation};
use crate::fault::RetryAfter;
use crate::limiter::Excess;

/// Why a request gets no normal answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    code: Option<&'static str>,
    kind: &'static str,
    param: Option<&'static str>,
    message: String,
    headers: Vec<(String, String)>,
    /// Without an `error` around it.
    unwrapped: bool,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        let message = message.into();
        let kind = "invalid_request_error";
        let headers = Vec::new();
        Self { status, code: None, kind, param: None, message, headers, unwrapped: false }
    }

    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) fn param(mut self, param: &'static str) -> Self {
        self.param = Some(param);
        self
    }

    /// Adds headers to the answer.
    pub(crate) fn headers(mut self, headers: Vec<(String, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// The answer. Azure's code is the status where there is no better one; OpenAI's is null.
    pub(crate) fn into_answer(self, api: Api) -> Answer {
        let mut answer = Answer::json(self.status, &self.body(api));
        answer.headers.extend(self.headers);
        answer
    }

    fn body(&self, api: Api) -> Value {
        if self.unwrapped {
            return unwrapped(self.status, &self.message);
        }
        if !api.is_azure() {
            let (kind, param, code) = (self.kind, self.param, self.code);
            let error =
                json!({"message": self.message, "type": kind, "param": param, "code": code});
            return json!({"error": error});
        }
        let code = self.code.map_or_else(|| self.status.to_string(), str::to_owned);
        let mut error = json!({"code": code, "message": self.message});
        if let Some(param) = self.param {
            error["param"] = param.into();
        }
        json!({"error": error})
    }
}

/// The refusals that need more than a line.
impl Refusal {
    /// Nothing is at this path.
    pub(crate) fn no_such_path(api: Api, method: &str, path: &str) -> Self {
        if api.is_azure() {
            Self::new(404, "Resource not found")
        } else {
            Self::new(404, format!("Invalid URL ({method} {path})"))
        }
    }

    /// No model is deployed under this name.
    pub(crate) fn no_such_deployment(api: Api, name: &str) -> Self {
        if api.is_azure() {
            Self::new(
                404,
                "The API deployment for this resource does not exist. If you created the deployment \
                 within the last 5 minutes, please wait a moment and try again.",
            )
            .code("DeploymentNotFound")
        } else {
            let message =
                format!("The model `{name}` does not exist or you do not have access to it.");
            Self::new(404, message).code("model_not_found")
        }
    }

    /// The model does something else.
    pub(crate) fn wrong_operation(operation: Operation, model: &str) -> Self {
        let operation = match operation {
            Operation::Embeddings => "embeddings",
            Operation::Chat => "chatCompletion",
        };
        let message = format!(
            "The {operation} operation does not work with the specified model, {model}. Please \
             choose different model and try again. You can learn more about which models can be \
             used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993."
        );
        Self::new(400, message).code("OperationNotSupported")
    }

    /// A value that cannot be.
    pub(crate) fn invalid(param: &'static str, problem: &str) -> Self {
        Self::new(400, format!("Invalid '{param}': {problem}")).param(param)
    }

    /// More inputs in one request than are taken.
    pub(crate) fn too_many_inputs(most: usize) -> Self {
        Self::new(
            400,
            format!(
                "Too many inputs. The max number of inputs is {most}.  We hope to increase the \
                 number of inputs per request soon."
            ),
        )
    }

    /// An input longer than the model takes.
    pub(crate) fn context_length(most: usize, tokens: usize) -> Self {
        let message = format!(
            "This model's maximum context length is {most} tokens, however you requested {tokens} \
             tokens ({tokens} in your prompt; 0 for the completion). Please reduce your prompt; or \
             completion length."
        );
        Self::new(400, message)
    }

    /// More tokens in one request than are taken.
    pub(crate) fn request_tokens(most: usize, tokens: usize) -> Self {
        let code = "max_tokens_per_request";
        Self::new(400, format!("Requested {tokens} tokens, max {most} tokens per request"))
            .kind(code)
            .code(code)
    }

    /// More requests or tokens per time than are granted.
    pub(crate) fn over_rate(api: Api, operation: Operation, model: &str, excess: &Excess) -> Self {
        let millis = u64::try_from(excess.wait.as_millis()).unwrap_or(u64::MAX).max(1);
        let seconds = millis.div_ceil(1000);
        let refusal = if api.is_azure() {
            let name = match operation {
                Operation::Embeddings => "Embeddings_Create",
                Operation::Chat => "ChatCompletions_Create",
            };
            let limit = if excess.of == "tokens" { "token" } else { "call" };
            Self::new(
                429,
                format!(
                    "Requests to the {name} Operation under Azure OpenAI API have exceeded {limit} \
                     rate limit of your current OpenAI S0 pricing tier. Please retry after \
                     {seconds} seconds."
                ),
            )
        } else {
            let message = format!(
                "Rate limit reached for {model} on {} per min. Please try again in {seconds}s.",
                excess.of
            );
            Self::new(429, message).kind(excess.of).code("rate_limit_exceeded")
        };
        refusal.headers(RetryAfter::Millis(millis).headers())
    }

    /// A wrong key or token. Azure's gateway answers a wrong token unwrapped.
    pub(crate) fn unauthorized(api: Api, by_token: bool) -> Self {
        match (api.is_azure(), by_token) {
            (true, true) => Self { unwrapped: true, ..Self::new(401, BAD_TOKEN) },
            (true, false) => Self::new(
                401,
                "Access denied due to invalid subscription key or wrong API endpoint. Make sure to \
                 provide a valid key for an active subscription and use a correct regional API \
                 endpoint for your resource.",
            ),
            (false, _) => Self::new(
                401,
                "Incorrect API key provided. You can find your API key at \
                 https://platform.openai.com/account/api-keys.",
            )
            .code("invalid_api_key"),
        }
    }
}

const BAD_TOKEN: &str = "Unauthorized. Access token is missing, invalid, audience is incorrect \
                         (https://cognitiveservices.azure.com), or have expired.";

/// What Azure's gateway says of a token, without an `error` around it.
pub(crate) fn unwrapped_unauthorized() -> Value {
    unwrapped(401, BAD_TOKEN)
}

fn unwrapped(status: u16, message: &str) -> Value {
    json!({"statusCode": status, "message": message})
}
