//! What is spoken.

/// A dialect of the service, told by the path of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Api {
    /// `/openai/deployments/{deployment}/…?api-version=V`.
    AzureClassic,
    /// `/openai/v1/…`, with the deployment in `model`.
    AzureV1,
    /// `/v1/…`, with the model in `model`.
    OpenAi,
}

impl Api {
    /// Whether it is one of Azure's.
    #[must_use]
    pub fn is_azure(self) -> bool {
        self != Self::OpenAi
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `…/embeddings`.
    Embeddings,
    /// `…/chat/completions`.
    Chat,
}
