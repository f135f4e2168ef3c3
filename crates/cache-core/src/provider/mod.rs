//! The contract of whatever turns texts into vectors.

mod limits;
mod model_change;

use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

use async_trait::async_trait;

pub use limits::{Part, ProviderLimits, estimate_tokens, split_by_limits};
pub use model_change::ModelChange;

use crate::{Embedding, ProviderError};

/// Turns texts into embedding vectors.
///
/// # Contract
/// * **Order.** `embed` returns exactly one result per input, in input order. A remote service's
///   order is the implementer's business: place by index, never by arrival.
/// * **Same vector for the same key.** Whatever changes the vector (model, version, dimensions,
///   input kind) is in [`identity`](Self::identity) or in the options; the cache makes its keys of
///   them.
/// * **Limits.** The caller splits its inputs by [`limits`](Self::limits). An implementer may
///   refuse more with [`ProviderErrorKind::InvalidInput`](crate::ProviderErrorKind::InvalidInput).
/// * **Errors.** An `Err` of the call means that no input got a vector. One bad input among good
///   ones is an `Err` in its place in [`EmbedResponse::embeddings`]. Empty input is refused, by its
///   index. Errors carry no input text.
/// * **Cancellation.** Dropping the future stops the work as soon as it can be stopped and leaves
///   the provider usable.
/// * **Cost.** Nothing is called and nothing is billed outside `embed`.
#[async_trait]
pub trait EmbeddingProvider: Debug + Send + Sync + 'static {
    /// What the vectors depend on, apart from the text and the options.
    fn identity(&self) -> ModelIdentity;

    /// How much one call of `embed` may be given. No limit by default.
    fn limits(&self) -> ProviderLimits {
        ProviderLimits::default()
    }

    /// A text's tokens, as [`limits`](Self::limits) count them. An upper guess by default.
    fn count_tokens(&self, text: &str) -> usize {
        estimate_tokens(text)
    }

    /// Whether replies say which model gave them ([`EmbedResponse::model`]). A cache can then tell
    /// a redeployed model from the one before. False by default.
    fn names_model(&self) -> bool {
        false
    }

    /// Embeds the inputs, in order.
    async fn embed(
        &self,
        inputs: &[&str],
        options: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError>;
}

/// What a provider answered to a [check](EmbeddingProviderExt::check).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderCheck {
    /// The model that answered, when the service says.
    pub model: Option<String>,
    /// Dimensions of its vectors; `None` for a chat model.
    pub dimensions: Option<u32>,
    /// Tokens billed for the check, when the service says.
    pub tokens: Option<u64>,
    /// How long the answer took, retries included.
    pub time: Duration,
}

impl ProviderCheck {
    pub(crate) fn new(model: Option<String>, tokens: Option<u64>, start: Instant) -> Self {
        Self { model, dimensions: None, tokens, time: start.elapsed() }
    }
}

/// Sugar over [`EmbeddingProvider`], for every implementer.
pub trait EmbeddingProviderExt: EmbeddingProvider {
    /// Asks the provider for the vector of one word, to see whether address, credentials and model
    /// are right. Bills a token or two.
    fn check(&self) -> impl Future<Output = Result<ProviderCheck, ProviderError>> + Send {
        async move {
            let start = Instant::now();
            let response = self.embed(&["check"], &EmbedOptions::default()).await?;
            let (model, tokens) = (response.model.clone(), response.tokens);
            let embedding = only(response)?;
            let dimensions = u32::try_from(embedding.dimensions()).ok();
            Ok(ProviderCheck { dimensions, ..ProviderCheck::new(model, tokens, start) })
        }
    }

    /// Embeds one text with default options.
    fn embed_one(
        &self,
        input: &str,
    ) -> impl Future<Output = Result<Embedding, ProviderError>> + Send {
        async move { only(self.embed(&[input], &EmbedOptions::default()).await?) }
    }
}

impl<T: EmbeddingProvider + ?Sized> EmbeddingProviderExt for T {}

fn only(response: EmbedResponse) -> Result<Embedding, ProviderError> {
    let count = response.embeddings.len();
    match response.embeddings.into_iter().next() {
        Some(result) if count == 1 => result,
        _ => Err(ProviderError::new(
            crate::ProviderErrorKind::BadReply,
            format!("the provider gave {count} vectors for 1 input"),
        )),
    }
}

/// What makes two models' vectors different. Every field goes into the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelIdentity {
    /// Kind of provider: `azure-openai`, `openai`, `local`, `lexical`, …
    pub provider: String,
    /// Where it is served, without credentials.
    pub endpoint: Option<String>,
    /// The deployment's name, where that is not the model's.
    pub deployment: Option<String>,
    /// The model.
    pub model: String,
    /// The model's version, when known.
    pub version: Option<String>,
    /// Dimensions of the vectors, when fixed or chosen at construction. The cache refuses vectors
    /// of any other size.
    pub dimensions: Option<u32>,
    /// Whether the vectors are scaled to unit length, when known.
    pub normalized: Option<bool>,
}

impl ModelIdentity {
    /// An identity of which only provider and model are known.
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            endpoint: None,
            deployment: None,
            model: model.into(),
            version: None,
            dimensions: None,
            normalized: None,
        }
    }

    /// Sets the dimensions of the vectors.
    #[must_use]
    pub fn with_dimensions(mut self, dimensions: u32) -> Self {
        self.dimensions = Some(dimensions);
        self
    }

    /// Sets the model's version.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }
}

/// What a text is for. Some models embed questions and documents differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputKind {
    /// A question to search with.
    Query,
    /// A text to be found.
    Document,
}

impl InputKind {
    /// How it is written in keys and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Document => "document",
        }
    }
}

/// Options of one call of [`EmbeddingProvider::embed`]. All of them are part of the key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EmbedOptions {
    /// What the texts are for; the model's default when absent.
    pub input_kind: Option<InputKind>,
    /// Dimensions to ask for, of a model that offers a choice.
    pub dimensions: Option<u32>,
}

impl EmbedOptions {
    /// Says what the texts are for.
    #[must_use]
    pub fn with_input_kind(mut self, kind: InputKind) -> Self {
        self.input_kind = Some(kind);
        self
    }

    /// Asks for vectors of this many dimensions.
    #[must_use]
    pub fn with_dimensions(mut self, dimensions: u32) -> Self {
        self.dimensions = Some(dimensions);
        self
    }
}

/// What a provider gave.
#[derive(Debug)]
#[non_exhaustive]
pub struct EmbedResponse {
    /// One result per input, in input order.
    pub embeddings: Vec<Result<Embedding, ProviderError>>,
    /// Tokens billed, when the service says.
    pub tokens: Option<u64>,
    /// The model and version that answered, when the service says.
    pub model: Option<String>,
}

impl EmbedResponse {
    /// Every input got its vector.
    #[must_use]
    pub fn new(embeddings: Vec<Embedding>) -> Self {
        Self::partial(embeddings.into_iter().map(Ok).collect())
    }

    /// Some inputs failed.
    #[must_use]
    pub fn partial(embeddings: Vec<Result<Embedding, ProviderError>>) -> Self {
        Self { embeddings, tokens: None, model: None }
    }

    /// Says how many tokens were billed.
    #[must_use]
    pub fn with_tokens(mut self, tokens: u64) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Says which model answered.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }
}

const _: Option<&dyn EmbeddingProvider> = None;
