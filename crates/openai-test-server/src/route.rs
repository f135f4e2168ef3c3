//! Which operation of which API a path names.

use percent_encoding::percent_decode_str;

use crate::api::{Api, Operation};

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) api: Api,
    /// None where the API has nothing at this path.
    pub(crate) operation: Option<Operation>,
    /// The deployment that a classic path names, decoded.
    pub(crate) deployment: Option<String>,
}

impl Route {
    /// Reads a path as it was sent. Everything outside `/openai/` is taken for OpenAI's.
    pub(crate) fn of(path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let (api, deployment, rest) = match segments.as_slice() {
            ["openai", "deployments", name, rest @ ..] => {
                let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
                (Api::AzureClassic, Some(name), rest)
            }
            ["openai", "v1", rest @ ..] => (Api::AzureV1, None, rest),
            ["openai", ..] => (Api::AzureClassic, None, [].as_slice()),
            ["v1", rest @ ..] => (Api::OpenAi, None, rest),
            _ => (Api::OpenAi, None, [].as_slice()),
        };
        let operation = match rest {
            ["embeddings"] => Some(Operation::Embeddings),
            ["chat", "completions"] => Some(Operation::Chat),
            _ => None,
        };
        Self { api, operation, deployment }
    }
}

/// The decoded value of a parameter of a query; none where it is missing or empty.
pub(crate) fn query_value(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(n, value)| *n == name && !value.is_empty())?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_are_decoded_after_the_path_was_taken_apart() {
        let route = Route::of("/openai/deployments/a%2Fb%20%C3%A9/chat/completions");
        assert_eq!(route.deployment.as_deref(), Some("a/b é"));
        assert_eq!((route.api, route.operation), (Api::AzureClassic, Some(Operation::Chat)));
    }

    #[test]
    fn each_api_has_its_paths() {
        let route = |path| (Route::of(path).api, Route::of(path).operation);
        assert_eq!(route("/openai/v1/embeddings"), (Api::AzureV1, Some(Operation::Embeddings)));
        assert_eq!(route("/v1/chat/completions"), (Api::OpenAi, Some(Operation::Chat)));
        assert_eq!(route("/openai/embeddings"), (Api::AzureClassic, None));
        assert_eq!(route("/v1/embeddings/"), (Api::OpenAi, None));
        assert_eq!(route("/"), (Api::OpenAi, None));
    }

    #[test]
    fn a_query_is_read_by_name() {
        assert_eq!(query_value("a=1&api-version=2024%2D10", "api-version").unwrap(), "2024-10");
        assert_eq!(query_value("api-version=", "api-version"), None);
        assert_eq!(query_value("xapi-version=1", "api-version"), None);
    }
}
