//! Chat completions.

mod body;
mod progress;
mod reply;
mod sse;
mod stream;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cache_core::{
    ChatProvider, ChatRequest, ChatResponse, ChatStream, ModelIdentity, ProviderError,
};

use crate::http::Endpoint;
use body::ChatBody;

/// A chat deployment of Azure OpenAI, or a chat model of OpenAI. Cheap to clone.
///
/// Requests go out as they are given, unknown parameters included. `model` may be left out; one
/// that names another model is refused. Whether the answer is streamed is said by the method, not
/// by the request's `stream`. A stream tells its usage when the request asks for it with
/// `stream_options: {"include_usage": true}`.
///
/// # Errors
/// A stream that gives no `Err` is complete: every choice had a finish reason, and `[DONE]` came.
/// Failures before the HTTP status are repeated as the client's
/// [`HttpOptions`](crate::HttpOptions) say, and the rest of them is the `Err` of the call. Nothing is
/// repeated after that: a connection that breaks off is
/// [`Unreachable`](cache_core::ProviderErrorKind::Unreachable), a stream that is silent for
/// [`with_idle_timeout`](crate::HttpOptions::with_idle_timeout) is
/// [`Timeout`](cache_core::ProviderErrorKind::Timeout), one that is not what the service promises is
/// [`BadReply`](cache_core::ProviderErrorKind::BadReply), and an error that the service puts into the
/// stream has its own kind. All of them say by
/// [`ErrorDetail::Interrupted`](cache_core::ErrorDetail::Interrupted) how much had arrived.
///
/// # Concurrency
/// A stream holds its place in the deployment's limiter until it ends or is dropped. Dropping it
/// closes its connection.
#[derive(Clone)]
pub struct ChatModel {
    endpoint: Endpoint,
    identity: Arc<ModelIdentity>,
    model_field: Option<Arc<str>>,
}

impl ChatModel {
    /// `model_field` is what the service wants to be named as `model`, where it does.
    pub(crate) fn new(
        endpoint: Endpoint,
        identity: ModelIdentity,
        model_field: Option<String>,
    ) -> Self {
        let model_field = model_field.map(Arc::from);
        Self { endpoint, identity: Arc::new(identity), model_field }
    }

    /// Says which model the deployment holds, for keys and prices: its name does not tell.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.identity).model = model.into();
        self
    }

    /// Says which version of the model the deployment holds, for keys.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.identity).version = Some(version.into());
        self
    }

    fn body<'a>(
        &'a self,
        request: &'a ChatRequest,
        stream: bool,
    ) -> Result<ChatBody<'a>, ProviderError> {
        ChatBody::new(request, &self.identity, self.model_field.as_deref(), stream)
    }
}

#[async_trait]
impl ChatProvider for ChatModel {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::clone(&self.identity)
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        let body = self.body(request, false)?.to_bytes();
        let reply = self.endpoint.call(body, body::tokens(request)).await?;
        reply::whole_answer(&self.endpoint, &reply)
    }

    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        let body = self.body(request, true)?.to_bytes();
        let opened = self.endpoint.open(body, body::tokens(request)).await?;
        stream::open(self.endpoint.clone(), opened).await
    }
}

impl fmt::Debug for ChatModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatModel").field("identity", &self.identity).finish_non_exhaustive()
    }
}
