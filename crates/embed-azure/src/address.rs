//! Where a service is asked: endpoints, operations, and how they are shown.

use reqwest::Url;

use crate::build_error::BuildError;

/// The dialect of Azure OpenAI's URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AzureApi {
    /// `{endpoint}/openai/deployments/{deployment}/…?api-version={version}`.
    Classic {
        /// The dated version, for example `2024-10-21`.
        version: String,
    },
    /// `{endpoint}/openai/v1/…`, the deployment's name in the request's `model`.
    V1 {
        /// Sent as `api-version` when given (`preview`); the service does not need one.
        version: Option<String>,
    },
}

impl AzureApi {
    /// Classic URLs of the latest dated version that is generally available, 2024-10-21.
    #[must_use]
    pub fn classic() -> Self {
        Self::Classic { version: "2024-10-21".to_owned() }
    }

    /// The v1 URLs, without a version.
    #[must_use]
    pub fn v1() -> Self {
        Self::V1 { version: None }
    }
}

/// What a service is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Embeddings,
    Chat,
}

impl Operation {
    fn segments(self) -> &'static [&'static str] {
        match self {
            Self::Embeddings => &["embeddings"],
            Self::Chat => &["chat", "completions"],
        }
    }
}

/// The root of a service's URLs: http or https, no user, no query, no slash at the end.
#[derive(Debug, Clone)]
pub(crate) struct Base(Url);

impl Base {
    /// Reads an endpoint that a user wrote.
    pub(crate) fn parse(text: &str) -> Result<Self, BuildError> {
        let bad = |why: &str| Err(BuildError::Endpoint(why.to_owned()));
        let Ok(mut url) = Url::parse(text.trim()) else {
            return bad("give a URL such as https://name.openai.azure.com");
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return bad("it must begin with https:// (or http://) and name a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return bad("it must not hold a user name or password: give the key as a credential");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return bad(
                "it must not have a query: the API version is a setting of its own, and the \
                 endpoint ends before /deployments",
            );
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// An Azure endpoint without its API's part, and whether that part says v1.
    pub(crate) fn parse_azure(text: &str) -> Result<(Self, bool), BuildError> {
        let Self(mut url) = Self::parse(text)?;
        let path = url.path().trim_end_matches('/').to_owned();
        if path.contains("/openai/deployments") {
            return Err(BuildError::Endpoint(
                "it must end before /openai/deployments: the deployment is named when a model is \
                 made"
                    .to_owned(),
            ));
        }
        let v1 = path.strip_suffix("/openai/v1");
        let rest = v1.or_else(|| path.strip_suffix("/openai")).unwrap_or(&path);
        url.set_path(rest);
        Ok((Self(url), v1.is_some()))
    }

    /// How it is shown, and known in keys: `scheme://host[:port][/path]`.
    pub(crate) fn shown(&self) -> String {
        self.0.as_str().trim_end_matches('/').to_owned()
    }

    /// `host[:port]`, for messages.
    pub(crate) fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The URL of an operation on a deployment of Azure OpenAI.
    pub(crate) fn azure_url(&self, api: &AzureApi, deployment: &str, operation: Operation) -> Url {
        match api {
            AzureApi::Classic { version } => {
                let path = ["openai", "deployments", deployment];
                let mut url = self.join(path.iter().chain(operation.segments()));
                url.query_pairs_mut().append_pair("api-version", version);
                url
            }
            AzureApi::V1 { version } => {
                let mut url = self.join(["openai", "v1"].iter().chain(operation.segments()));
                if let Some(version) = version {
                    url.query_pairs_mut().append_pair("api-version", version);
                }
                url
            }
        }
    }

    /// The URL of an operation of OpenAI's own API.
    pub(crate) fn openai_url(&self, operation: Operation) -> Url {
        self.join(operation.segments())
    }

    /// Adds path segments, percent-encoded.
    fn join<'a>(&self, segments: impl IntoIterator<Item = &'a &'a str>) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(endpoint: &str, api: &AzureApi, deployment: &str) -> String {
        let (base, _) = Base::parse_azure(endpoint).unwrap();
        base.azure_url(api, deployment, Operation::Embeddings).to_string()
    }

    #[test]
    fn every_form_of_an_endpoint_leads_to_the_same_place() {
        for endpoint in [
            "https://name.openai.azure.com",
            "https://name.openai.azure.com/",
            " https://name.openai.azure.com/openai/ ",
            "https://name.openai.azure.com/openai/v1/",
        ] {
            assert_eq!(
                url(endpoint, &AzureApi::classic(), "d"),
                "https://name.openai.azure.com/openai/deployments/d/embeddings?api-version=2024-10-21"
            );
            assert_eq!(
                url(endpoint, &AzureApi::v1(), "d"),
                "https://name.openai.azure.com/openai/v1/embeddings"
            );
        }
        let preview = AzureApi::V1 { version: Some("preview".to_owned()) };
        assert_eq!(
            url("http://gateway:8080/team/openai", &preview, "d"),
            "http://gateway:8080/team/openai/v1/embeddings?api-version=preview"
        );
        assert!(Base::parse_azure("https://n.openai.azure.com/openai/v1").unwrap().1);
        assert!(!Base::parse_azure("https://n.openai.azure.com/openai").unwrap().1);
    }

    #[test]
    fn deployment_names_are_percent_encoded() {
        let shown = url("https://n.example", &AzureApi::classic(), "a/b é?#%");
        assert!(shown.contains("/deployments/a%2Fb%20%C3%A9%3F%23%25/embeddings?"), "{shown}");
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for text in [
            "",
            "name.openai.azure.com",
            "ftp://name",
            "https://user:secret@name",
            "https://user@name",
            "https://name/?api-version=1",
            "https://name/openai/deployments/d/embeddings",
        ] {
            let error = Base::parse_azure(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn shown_without_the_api_s_part() {
        let (base, _) = Base::parse_azure("https://Name.OpenAI.azure.com:443/openai/v1").unwrap();
        assert_eq!(base.shown(), "https://name.openai.azure.com");
        assert_eq!(Base::parse("http://localhost:11434/v1/").unwrap().host(), "localhost:11434");
    }
}
