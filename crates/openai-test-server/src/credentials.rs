//! Who may ask.

use std::fmt;

use crate::api::Api;
use crate::refusal::Refusal;
use crate::request::Request;

/// The key and the token that are accepted.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) api_key: String,
    pub(crate) bearer_token: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { api_key: "test-key".to_owned(), bearer_token: "test-token".to_owned() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Credentials {
    /// Lets a request pass or turns it away.
    pub(crate) fn check(&self, api: Api, request: &Request) -> Result<(), Refusal> {
        let key = request.header("api-key");
        let bearer =
            request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let is_key = |sent: Option<&str>| sent == Some(self.api_key.as_str());
        let is_token = bearer == Some(self.bearer_token.as_str());
        let passes = match api {
            Api::AzureClassic => is_key(key) || is_token,
            // OpenAI's own clients send a key of the v1 API as a bearer.
            Api::AzureV1 => is_key(key) || is_key(bearer) || is_token,
            Api::OpenAi => is_key(bearer),
        };
        if passes { Ok(()) } else { Err(Refusal::unauthorized(api, bearer.is_some())) }
    }
}
