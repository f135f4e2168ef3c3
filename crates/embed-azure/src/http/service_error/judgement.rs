//! What a refusal means, and what the user can do about it.

use cache_core::ProviderErrorKind;

use super::body::ErrorBody;
use crate::http::failure::Hint;

/// The meaning of a refusal.
pub(super) struct Judgement {
    pub(super) kind: ProviderErrorKind,
    /// Goes on after the name of the place.
    pub(super) text: String,
    pub(super) hint: Option<Hint>,
    /// Whether the same request may succeed later.
    pub(super) passing: bool,
}

impl Judgement {
    /// The status decides; the body refines. Without either it is the service's failure.
    pub(super) fn of(status: Option<u16>, body: &ErrorBody) -> Self {
        let code = body.code.as_deref().unwrap_or_default();
        match status {
            None => Self::by_code(code, body),
            Some(400 | 422) => Self::of_bad_request(code, body),
            Some(401) => Self::last(
                ProviderErrorKind::Unauthorized,
                "refused the credential: check that the key belongs to this resource and was not \
                 regenerated, or that the token is for the right scope and has not expired",
            ),
            Some(403) => Self::last(
                ProviderErrorKind::Forbidden,
                "does not allow this to the credential: check the identity's role (Cognitive \
                 Services OpenAI User) and the resource's network rules",
            ),
            Some(404) => Self::of_not_found(code, body),
            Some(408) => {
                Self::passing(ProviderErrorKind::Timeout, "waited too long for the request")
            }
            Some(409) => Self::passing(ProviderErrorKind::Unavailable, "is busy with a change"),
            Some(413) => Self {
                hint: Some(Hint::RequestTooLarge),
                ..Self::last(ProviderErrorKind::InputTooLong, "takes no request of this size")
            },
            Some(429) if code == "insufficient_quota" => Self::last(
                ProviderErrorKind::Forbidden,
                "has no credit left for this account: check plan and billing",
            ),
            Some(429) => Self::passing(
                ProviderErrorKind::RateLimited,
                "was asked too much: lower the load, or raise the deployment's quota",
            ),
            Some(300..400) => Self::last(
                ProviderErrorKind::NotFound,
                "redirects to where a request cannot follow: check the endpoint",
            ),
            Some(500..) => Self::passing(ProviderErrorKind::Unavailable, "failed or is overloaded"),
            Some(_) => Self::last(ProviderErrorKind::InvalidInput, "refused the request"),
        }
    }

    fn of_bad_request(code: &str, body: &ErrorBody) -> Self {
        if body.content_filtered {
            let which = match body.categories.as_slice() {
                [] => String::new(),
                categories => format!(" for {}", categories.join(", ")),
            };
            let text = format!("refused the input by its content filter{which}");
            return Self {
                hint: Some(body.hint.unwrap_or(Hint::Input(None))),
                ..Self::last(ProviderErrorKind::ContentFiltered, text)
            };
        }
        if body.too_long {
            let text = match body.context_limit {
                Some((limit, Some(asked))) => {
                    format!("takes at most {limit} tokens per input and was given {asked}")
                }
                Some((limit, None)) => format!("takes at most {limit} tokens per input"),
                None => "was given a longer input than it takes".to_owned(),
            };
            return Self {
                hint: Some(body.hint.unwrap_or(Hint::Input(None))),
                ..Self::last(ProviderErrorKind::InputTooLong, text)
            };
        }
        if body.no_dimensions {
            let text =
                "offers no choice of dimensions: ask for none, or use a text-embedding-3 model";
            return Self::last(ProviderErrorKind::WrongModel, text);
        }
        if code == "OperationNotSupported" {
            let text = "serves a model of another kind: embeddings need an embedding model, chat a \
                        chat model";
            return Self::last(ProviderErrorKind::WrongModel, text);
        }
        let (text, hint) = match body.hint {
            Some(Hint::MaxInputs(most)) => {
                (format!("takes at most {most} inputs per request"), body.hint)
            }
            Some(Hint::RequestTooLarge) => ("takes fewer tokens per request".to_owned(), body.hint),
            Some(hint) => ("refused the input as invalid".to_owned(), Some(hint)),
            None => {
                let whole = body.param.as_deref().is_some_and(|param| !param.contains("input"));
                let hint = (!whole).then_some(Hint::MaybeInput);
                ("refused the request as invalid".to_owned(), hint)
            }
        };
        Self { hint, ..Self::last(ProviderErrorKind::InvalidInput, text) }
    }

    fn of_not_found(code: &str, body: &ErrorBody) -> Self {
        let text = match code {
            "DeploymentNotFound" => {
                "does not exist there: check the deployment's name (a new one takes some minutes)"
            }
            "model_not_found" => {
                "does not exist there, or not for this account: check the model's name"
            }
            _ if body.no_such_resource => {
                "is not at this address: check the endpoint, and that it knows the api-version"
            }
            _ => "was not found: check the endpoint, the name and the api-version",
        };
        Self::last(ProviderErrorKind::NotFound, text)
    }

    /// An error without a status: an event within a stream, or in the body of a success.
    fn by_code(code: &str, body: &ErrorBody) -> Self {
        if body.content_filtered || body.too_long || code == "invalid_request_error" {
            return Self::of_bad_request(code, body);
        }
        let status = match code {
            "rate_limit_exceeded"
            | "insufficient_quota"
            | "tokens"
            | "requests"
            | "too_many_requests" => 429,
            "invalid_api_key" | "authentication_error" => 401,
            "DeploymentNotFound" | "model_not_found" => 404,
            "OperationNotSupported" => 400,
            _ => 500,
        };
        Self::of(Some(status), body)
    }

    fn last(kind: ProviderErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), hint: None, passing: false }
    }

    fn passing(kind: ProviderErrorKind, text: impl Into<String>) -> Self {
        Self { passing: true, ..Self::last(kind, text) }
    }
}
