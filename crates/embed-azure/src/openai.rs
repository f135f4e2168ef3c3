//! OpenAI, and servers that speak its API.

use std::fmt;
use std::sync::Arc;

use cache_core::ModelIdentity;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;

use crate::address::{Base, Operation};
use crate::build_error::BuildError;
use crate::chat::ChatModel;
use crate::credential::{Auth, Credential, Scheme};
use crate::embeddings::EmbeddingModel;
use crate::http::{Connection, Endpoint, HttpOptions};

/// OpenAI, or a server that speaks its API (vLLM, Ollama, LiteLLM, …). Makes the models; cheap to
/// clone.
///
/// Models of one name made from one client (or its clones) share one limiter.
#[derive(Clone)]
pub struct OpenAi {
    connection: Arc<Connection>,
    base: Base,
}

/// Builds an [`OpenAi`].
#[derive(Debug, Clone)]
#[must_use]
pub struct OpenAiBuilder {
    base_url: String,
    credential: Option<Credential>,
    organization: Option<String>,
    project: Option<String>,
    http: HttpOptions,
}

const OPENAI: &str = "https://api.openai.com/v1";

impl OpenAi {
    /// Begins with OpenAI's own address, `https://api.openai.com/v1`.
    pub fn builder() -> OpenAiBuilder {
        OpenAiBuilder {
            base_url: OPENAI.to_owned(),
            credential: None,
            organization: None,
            project: None,
            http: HttpOptions::default(),
        }
    }

    /// An embedding model. Nothing is called. At OpenAI itself a model's name says its dimensions;
    /// other servers may serve anything under it, see [`EmbeddingModel::with_model`].
    #[must_use]
    pub fn embeddings(&self, model: &str) -> EmbeddingModel {
        let endpoint = self.endpoint(model, Operation::Embeddings);
        let made = EmbeddingModel::new(endpoint, self.identity(model), Some(model.to_owned()));
        let itself = Base::parse(OPENAI).is_ok_and(|itself| itself.shown() == self.base.shown());
        if itself { made.with_model(model) } else { made }
    }

    /// A chat model. Nothing is called.
    #[must_use]
    pub fn chat(&self, model: &str) -> ChatModel {
        let endpoint = self.endpoint(model, Operation::Chat);
        ChatModel::new(endpoint, self.identity(model), Some(model.to_owned()))
    }

    fn endpoint(&self, model: &str, operation: Operation) -> Endpoint {
        let place = format!("model {model:?} at {}", self.base.host());
        let url = self.base.openai_url(operation);
        Endpoint::new(Arc::clone(&self.connection), model, url, &place)
    }

    fn identity(&self, model: &str) -> ModelIdentity {
        let mut identity = ModelIdentity::new("openai", model);
        identity.endpoint = Some(self.base.shown());
        identity
    }
}

impl OpenAiBuilder {
    /// Another server's address, up to what comes before `/embeddings`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// The key, sent as `Authorization: Bearer`. Local servers often want none.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        self.credential = Some(Credential::api_key(key));
        self
    }

    /// Another kind of credential, for gateways that take tokens.
    pub fn credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Whose account is billed, for a key that may use several.
    pub fn organization(mut self, organization: impl Into<String>) -> Self {
        self.organization = Some(organization.into());
        self
    }

    /// Which project is billed, for a key that may use several.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// How requests travel, and how long they may take.
    pub fn http(mut self, options: HttpOptions) -> Self {
        self.http = options;
        self
    }

    /// Makes the client. Nothing is connected or called.
    ///
    /// # Errors
    /// When a setting cannot work; see [`BuildError`].
    pub fn build(self) -> Result<OpenAi, BuildError> {
        let base = Base::parse(&self.base_url)?;
        let auth = Auth::new(self.credential, Scheme::Bearer)?;
        let mut headers = HeaderMap::new();
        let fixed = [("openai-organization", self.organization), ("openai-project", self.project)];
        for (name, value) in fixed {
            let Some(value) = value else { continue };
            let bad = |_| {
                let why = "its value holds characters that no HTTP header takes";
                BuildError::Header(name.to_owned(), why)
            };
            headers
                .insert(HeaderName::from_static(name), HeaderValue::from_str(&value).map_err(bad)?);
        }
        let connection = Connection::new(auth, self.http, headers)?;
        Ok(OpenAi { connection: Arc::new(connection), base })
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi").field("base_url", &self.base.shown()).finish_non_exhaustive()
    }
}
