//! Who answers chats: the model of the settings, or a server that echoes.

use std::sync::Arc;

use async_trait::async_trait;
use caching_with_redis::azure::{HttpOptions, OpenAi};
use caching_with_redis::core::{ChatStream, ModelIdentity, ProviderError};
use caching_with_redis::{ChatProvider, ChatRequest, ChatResponse, open_chat};
use openai_test_server::TestServer;

use crate::context::Context;
use crate::failure::Failure;

/// The model that the bundled server has under its own name.
const MODEL: &str = "gpt-4o-mini";
const KEY: &str = "test-key";

/// Who answers chats.
#[derive(Debug, Clone)]
pub(crate) enum ChatModel {
    /// The model that the settings name.
    OfSettings(Arc<dyn ChatProvider>),
    /// The server that comes with this program.
    Bundled(Arc<Bundled>),
}

impl ChatModel {
    /// The model of the settings, if they name one. Nothing is called.
    pub(crate) fn of_settings(context: &Context) -> Result<Option<Self>, Failure> {
        Ok(open_chat(&context.settings)?.map(Self::OfSettings))
    }

    /// A server of this program, on a free port of this machine, that speaks the services' API and
    /// echoes what it is asked.
    pub(crate) async fn bundled(context: &Context) -> Result<Self, Failure> {
        let server = TestServer::builder().api_key(KEY).start().await;
        let url = format!("{}/v1", server.url());
        // It is on this machine, whatever the proxy is.
        let http = HttpOptions::default().without_proxy();
        let client = OpenAi::builder().base_url(&url).api_key(KEY).http(http).build();
        let client = client.map_err(|error| {
            Failure::Machine(context.language().no_test_server(&error.to_string()))
        })?;
        let model = Arc::new(client.chat(MODEL));
        Ok(Self::Bundled(Arc::new(Bundled { model, _server: server })))
    }

    pub(crate) fn provider(&self) -> Arc<dyn ChatProvider> {
        match self {
            Self::OfSettings(model) => Arc::clone(model),
            Self::Bundled(model) => model.clone(),
        }
    }

    pub(crate) fn is_bundled(&self) -> bool {
        matches!(self, Self::Bundled(_))
    }
}

/// A client of the bundled server, with the server.
#[derive(Debug)]
pub(crate) struct Bundled {
    model: Arc<dyn ChatProvider>,
    _server: TestServer,
}

#[async_trait]
impl ChatProvider for Bundled {
    /// Without the port, which is another one each time: what was answered once stays cached.
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("bundled", MODEL)
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        self.model.complete(request).await
    }

    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        self.model.stream(request).await
    }
}
