//! Documented answers other than 200.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::Fault;
use crate::refusal::unwrapped_unauthorized;

/// How a 429 says when to come back.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// `retry-after` in whole seconds.
    Seconds(u64),
    /// `retry-after-ms`, and `retry-after` rounded up.
    Millis(u64),
    /// `retry-after` in seconds with a fraction.
    Float(f64),
    /// `retry-after` as an HTTP date, this long from the constructor's call. Dates have whole
    /// seconds.
    Date(Duration),
    /// Not at all.
    Unsaid,
}

impl RetryAfter {
    pub(crate) fn headers(self) -> Vec<(String, String)> {
        let header = |name: &str, value: String| (name.to_owned(), value);
        match self {
            Self::Seconds(seconds) => vec![header("retry-after", seconds.to_string())],
            Self::Millis(millis) => vec![
                header("retry-after-ms", millis.to_string()),
                header("retry-after", millis.div_ceil(1000).to_string()),
            ],
            Self::Float(seconds) => vec![header("retry-after", seconds.to_string())],
            Self::Date(wait) => {
                vec![header("retry-after", httpdate::fmt_http_date(SystemTime::now() + wait))]
            }
            Self::Unsaid => Vec::new(),
        }
    }
}

/// What a content filter found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentCategory {
    /// `hate`.
    Hate,
    /// `self_harm`.
    SelfHarm,
    /// `sexual`.
    Sexual,
    /// `violence`.
    Violence,
    /// `jailbreak`, which is detected and has no severity.
    Jailbreak,
}

/// How a content filter's finding is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentFilterSpelling {
    /// `innererror.content_filter_result`, as the service writes it.
    Service,
    /// `inner_error.content_filter_results`, as the specification has it.
    Specification,
}

/// Answers with a status.
impl Fault {
    /// An answer of this status with `{"error":{"code":"{status}","message":…}}`.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let message = match status {
            401 => "Access denied due to invalid subscription key or wrong API endpoint.",
            403 => "Public access is disabled. Please configure private endpoint.",
            408 => "The operation was timeout.",
            409 => "The requested operation conflicts with another one.",
            429 => "Requests have exceeded the call rate limit of your current pricing tier.",
            500 => "The server had an error while processing your request. Sorry about that!",
            502 => "Bad gateway.",
            503 => "The service is temporarily unable to process your request.",
            _ => "The request failed.",
        };
        Self::error(status, &status.to_string(), message)
    }

    /// An answer with `{"error":{"code":…,"message":…}}`.
    #[must_use]
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({"error": {"code": code, "message": message}}))
    }

    /// An answer with this JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::body(status, "application/json", body.to_string())
    }

    /// An answer with a page, as proxies and gateways give it.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let body = format!(
            "<html>\n<head><title>{status}</title></head>\n<body>{status}</body>\n</html>\n"
        );
        Self::body(status, "text/html", body)
    }

    /// 429 with the code as the string `"429"`.
    #[must_use]
    pub fn rate_limited(retry: RetryAfter) -> Self {
        Self::status(429).headers(retry.headers())
    }

    /// 429 with the code as the integer 429.
    #[must_use]
    pub fn rate_limited_integer_code(retry: RetryAfter) -> Self {
        let message = "Rate limit is exceeded. Try again in some seconds.";
        Self::json(429, &json!({"error": {"code": 429, "message": message}}))
            .headers(retry.headers())
    }

    /// An answer with `{"error":{"message":…,"type":…,"param":null,"code":null}}`.
    #[must_use]
    pub fn null_code(status: u16, message: &str) -> Self {
        let error = json!({
            "message": message,
            "type": if status < 500 { "invalid_request_error" } else { "server_error" },
            "param": null,
            "code": null,
        });
        Self::json(status, &json!({"error": error}))
    }

    /// 401 without an `error` around it: `{"statusCode":401,"message":…}`.
    #[must_use]
    pub fn unauthorized_unwrapped() -> Self {
        Self::json(401, &unwrapped_unauthorized())
    }

    /// 404 `DeploymentNotFound`.
    #[must_use]
    pub fn deployment_not_found() -> Self {
        let message = "The API deployment for this resource does not exist.";
        Self::error(404, "DeploymentNotFound", message)
    }

    /// 400 `OperationNotSupported`, of a model of another kind.
    #[must_use]
    pub fn operation_not_supported() -> Self {
        let message = "The embeddings operation does not work with the specified model, gpt-4o-mini. \
                       Please choose different model and try again.";
        Self::error(400, "OperationNotSupported", message)
    }

    /// 400 of an input of this many tokens, where 8192 are the most.
    #[must_use]
    pub fn context_length(tokens: usize) -> Self {
        let message = format!(
            "This model's maximum context length is 8192 tokens, however you requested {tokens} \
             tokens ({tokens} in your prompt; 0 for the completion). Please reduce your prompt; or \
             completion length."
        );
        Self::null_code(400, &message)
    }

    /// 400 of a model that has one number of dimensions.
    #[must_use]
    pub fn dimensions_not_supported() -> Self {
        Self::null_code(400, "This model does not support specifying dimensions.")
    }

    /// 400 of a service that takes this many inputs at once.
    #[must_use]
    pub fn too_many_inputs(most: usize) -> Self {
        Self::null_code(400, &format!("Too many inputs. The max number of inputs is {most}."))
    }

    /// 400 of a prompt that was filtered.
    #[must_use]
    pub fn content_filter(category: ContentCategory, spelling: ContentFilterSpelling) -> Self {
        let findings = findings(category);
        let mut error = json!({
            "code": "content_filter",
            "message": "The response was filtered due to the prompt triggering Azure OpenAI's \
                        content management policy. Please modify your prompt and retry.",
            "param": "prompt",
        });
        let code = "ResponsibleAIPolicyViolation";
        match spelling {
            ContentFilterSpelling::Service => {
                error["status"] = 400.into();
                error["type"] = Value::Null;
                error["innererror"] = json!({"code": code, "content_filter_result": findings});
            }
            ContentFilterSpelling::Specification => {
                error["inner_error"] = json!({"code": code, "content_filter_results": findings});
            }
        }
        Self::json(400, &json!({"error": error}))
    }

    /// A redirect to this URL: 307 and 308 keep method and body.
    #[must_use]
    pub fn redirect(to: &str, status: u16) -> Self {
        Self::body(status, "text/plain", String::new()).with_header("location", to)
    }

    /// Adds a header to an answer with a status.
    ///
    /// # Panics
    /// When it is another fault, which has no headers of its own.
    #[must_use]
    pub fn with_header(self, name: &str, value: &str) -> Self {
        self.headers(vec![(name.to_owned(), value.to_owned())])
    }

    /// Adds `x-should-retry` to an answer with a status.
    ///
    /// # Panics
    /// As [`with_header`](Self::with_header).
    #[must_use]
    pub fn with_should_retry(self, retry: bool) -> Self {
        self.with_header("x-should-retry", &retry.to_string())
    }

    fn body(status: u16, content_type: &str, body: String) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self::Status { status, headers, body }
    }

    fn headers(mut self, added: Vec<(String, String)>) -> Self {
        match &mut self {
            Self::Status { headers, .. } => headers.extend(added),
            other => panic!("{other:?} has no headers"),
        }
        self
    }
}

/// The results of a filter that this category set off.
fn findings(category: ContentCategory) -> Value {
    let severity = |of: ContentCategory| {
        let found = of == category;
        json!({"filtered": found, "severity": if found { "high" } else { "safe" }})
    };
    let jailbreak = category == ContentCategory::Jailbreak;
    json!({
        "hate": severity(ContentCategory::Hate),
        "jailbreak": {"filtered": jailbreak, "detected": jailbreak},
        "self_harm": severity(ContentCategory::SelfHarm),
        "sexual": severity(ContentCategory::Sexual),
        "violence": severity(ContentCategory::Violence),
    })
}
