//! Azure OpenAI.

use std::fmt;
use std::sync::Arc;

use cache_core::ModelIdentity;
use reqwest::header::HeaderMap;

use crate::address::{AzureApi, Base, Operation};
use crate::build_error::BuildError;
use crate::chat::ChatModel;
use crate::credential::{Auth, Credential, Scheme};
use crate::embeddings::EmbeddingModel;
use crate::http::{Connection, Endpoint, HttpOptions};

/// A resource of Azure OpenAI. Makes the models; cheap to clone.
///
/// Models of one deployment made from one client (or its clones) share one limiter: when the service
/// tells one of them to slow down, all do.
#[derive(Clone)]
pub struct AzureOpenAi {
    connection: Arc<Connection>,
    base: Base,
    api: AzureApi,
}

/// Builds an [`AzureOpenAi`].
#[derive(Debug, Clone)]
#[must_use]
pub struct AzureOpenAiBuilder {
    endpoint: String,
    credential: Option<Credential>,
    api: Option<AzureApi>,
    http: HttpOptions,
}

impl AzureOpenAi {
    /// Begins with the resource's endpoint, for example `https://name.openai.azure.com`. One that
    /// ends in `/openai/v1` means the v1 API.
    pub fn builder(endpoint: impl Into<String>) -> AzureOpenAiBuilder {
        AzureOpenAiBuilder {
            endpoint: endpoint.into(),
            credential: None,
            api: None,
            http: HttpOptions::default(),
        }
    }

    /// The embedding model behind a deployment. Nothing is called.
    #[must_use]
    pub fn embeddings(&self, deployment: &str) -> EmbeddingModel {
        let endpoint = self.endpoint(deployment, Operation::Embeddings);
        EmbeddingModel::new(endpoint, self.identity(deployment), self.model_field(deployment))
    }

    /// The chat model behind a deployment. Nothing is called.
    #[must_use]
    pub fn chat(&self, deployment: &str) -> ChatModel {
        let endpoint = self.endpoint(deployment, Operation::Chat);
        ChatModel::new(endpoint, self.identity(deployment), self.model_field(deployment))
    }

    fn endpoint(&self, deployment: &str, operation: Operation) -> Endpoint {
        let url = self.base.azure_url(&self.api, deployment, operation);
        let place = format!("deployment {deployment:?} at {}", self.base.host());
        Endpoint::new(Arc::clone(&self.connection), deployment, url, &place)
    }

    fn identity(&self, deployment: &str) -> ModelIdentity {
        let mut identity = ModelIdentity::new("azure-openai", deployment);
        identity.endpoint = Some(self.base.shown());
        identity.deployment = Some(deployment.to_owned());
        identity
    }

    fn model_field(&self, deployment: &str) -> Option<String> {
        matches!(self.api, AzureApi::V1 { .. }).then(|| deployment.to_owned())
    }
}

impl AzureOpenAiBuilder {
    /// What the client proves itself with. Required.
    pub fn credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// The dialect of the URLs. By default that of the endpoint, [`AzureApi::classic`] unless it ends
    /// in `/openai/v1`.
    pub fn api(mut self, api: AzureApi) -> Self {
        self.api = Some(api);
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
    pub fn build(self) -> Result<AzureOpenAi, BuildError> {
        let (base, v1) = Base::parse_azure(&self.endpoint)?;
        let api = match self.api {
            Some(AzureApi::Classic { .. }) if v1 => {
                return Err(BuildError::Endpoint(
                    "it ends in /openai/v1, and the classic API was asked for: leave one of them \
                     out"
                    .to_owned(),
                ));
            }
            Some(AzureApi::Classic { version }) if version.trim().is_empty() => {
                return Err(BuildError::Endpoint(
                    "the classic API needs an api-version such as 2024-10-21".to_owned(),
                ));
            }
            Some(api) => api,
            None if v1 => AzureApi::v1(),
            None => AzureApi::classic(),
        };
        let credential = self.credential.ok_or(BuildError::NoCredential)?;
        let auth = Auth::new(Some(credential), Scheme::ApiKeyHeader)?;
        let connection = Connection::new(auth, self.http, HeaderMap::new())?;
        Ok(AzureOpenAi { connection: Arc::new(connection), base, api })
    }
}

impl fmt::Debug for AzureOpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureOpenAi")
            .field("endpoint", &self.base.shown())
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}
