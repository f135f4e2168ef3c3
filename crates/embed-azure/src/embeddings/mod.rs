//! Embedding models.

mod batch;
mod part;
mod plan;
mod reply;
mod request;
mod tokens;
mod vector;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cache_core::{
    EmbedOptions, EmbedResponse, EmbeddingProvider, InputKind, ModelIdentity, ProviderError,
    ProviderLimits,
};

use crate::http::{Endpoint, RateLimit};
use crate::models::{self, KnownModel};
use batch::Batch;
use plan::Plan;

/// Most inputs in one request.
const MAX_INPUTS: usize = 2048;
/// Most tokens in one request.
const MAX_TOKENS: usize = 300_000;

/// An embedding model of Azure OpenAI or OpenAI. Cheap to clone.
///
/// * `embed` takes any number of inputs: it splits them by the service's limits, asks for several
///   parts at once, and puts the vectors in the inputs' order. A part that fails fails only its own
///   inputs.
/// * When the service refuses a part because of one of its inputs (too long, content filter,
///   invalid), the part is halved until the culprit is alone; the others get their vectors.
/// * A reply is checked before it is believed: one vector per input, placed by `index`, all of one
///   size and of the size asked for, all numbers finite.
/// * OpenAI's models embed questions and documents alike, and
///   [`EmbedOptions::input_kind`](cache_core::EmbedOptions) is not sent, unless
///   [`with_input_types`](Self::with_input_types) says how.
/// * Dropping the future of a call ends its requests.
#[derive(Clone)]
pub struct EmbeddingModel {
    endpoint: Endpoint,
    shared: Arc<Settings>,
}

#[derive(Clone)]
struct Settings {
    identity: ModelIdentity,
    model_field: Option<String>,
    known: Option<KnownModel>,
    dimensions: Option<u32>,
    user: Option<String>,
    input_types: Option<InputTypes>,
    limits: ProviderLimits,
}

#[derive(Clone)]
struct InputTypes {
    query: String,
    document: String,
}

impl EmbeddingModel {
    pub(crate) fn new(
        endpoint: Endpoint,
        identity: ModelIdentity,
        model_field: Option<String>,
    ) -> Self {
        let settings = Settings {
            identity,
            model_field,
            known: None,
            dimensions: None,
            user: None,
            input_types: None,
            limits: ProviderLimits::default()
                .with_max_inputs(MAX_INPUTS)
                .with_max_tokens(MAX_TOKENS),
        };
        Self { endpoint, shared: Arc::new(settings) }
    }

    /// Says which model is behind the deployment, for keys: `text-embedding-3-small`, … The
    /// deployment's name stands for it otherwise. Of a model that is known, dimensions and longest
    /// input are then known as well. It must be true, and is not sent.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        let settings = self.settings();
        settings.identity.model = model.into();
        settings.known = models::known(&settings.identity.model);
        self
    }

    /// Says which version of the model is behind the deployment, for keys.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.settings().identity.version = Some(version.into());
        self
    }

    /// Asks for vectors of this many dimensions, unless a call's options say otherwise. The
    /// text-embedding-3 models can; others refuse.
    #[must_use]
    pub fn with_dimensions(mut self, dimensions: u32) -> Self {
        self.settings().dimensions = Some(dimensions);
        self
    }

    /// Sends `user`, by which the service tells end users apart. It does not change the vectors and
    /// is in no key.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.settings().user = Some(user.into());
        self
    }

    /// Sends a call's input kind as `input_type`, in these words, to models that know the difference:
    /// `with_input_types("query", "passage")`.
    #[must_use]
    pub fn with_input_types(
        mut self,
        query: impl Into<String>,
        document: impl Into<String>,
    ) -> Self {
        let types = InputTypes { query: query.into(), document: document.into() };
        self.settings().input_types = Some(types);
        self
    }

    /// How a batch is split, and how many requests of it are under way at once. By default 2,048
    /// inputs, 300,000 tokens, four requests.
    #[must_use]
    pub fn with_limits(mut self, limits: ProviderLimits) -> Self {
        self.settings().limits = limits;
        self
    }

    /// Keeps to this rate. It holds for the deployment: for every model of it that comes from the
    /// same client.
    #[must_use]
    pub fn with_rate(self, rate: RateLimit) -> Self {
        self.endpoint.set_rate(rate);
        self
    }

    fn settings(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.shared)
    }

    fn input_type(&self, kind: Option<InputKind>) -> Option<&str> {
        let types = self.shared.input_types.as_ref()?;
        Some(match kind? {
            InputKind::Query => &types.query,
            _ => &types.document,
        })
    }
}

#[async_trait]
impl EmbeddingProvider for EmbeddingModel {
    fn identity(&self) -> ModelIdentity {
        let Settings { identity, known, dimensions, .. } = &*self.shared;
        ModelIdentity {
            dimensions: dimensions.or(known.map(|known| known.dimensions)),
            normalized: known.map(|_| true),
            ..identity.clone()
        }
    }

    fn limits(&self) -> ProviderLimits {
        let limits = self.shared.limits;
        limits.with_max_inputs(limits.max_inputs.min(self.endpoint.deployment().max_inputs()))
    }

    /// Exact (`cl100k_base`) with the feature `tokenizer`, whose vocabulary is loaded by the first
    /// call; an upper guess otherwise.
    fn count_tokens(&self, text: &str) -> usize {
        tokens::count(text)
    }

    fn names_model(&self) -> bool {
        true
    }

    async fn embed(
        &self,
        inputs: &[&str],
        options: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        let (plan, refusals) = Plan::new(self, inputs, options).await?;
        Batch::new(&plan, refusals).run().await
    }
}

impl fmt::Debug for EmbeddingModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingModel")
            .field("identity", &self.identity())
            .field("limits", &self.limits())
            .finish_non_exhaustive()
    }
}
