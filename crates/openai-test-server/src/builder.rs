//! What a server is to be like.

use std::collections::HashMap;
use std::time::Duration;

use crate::TestServer;
use crate::credentials::Credentials;
use crate::limiter::Rate;
use crate::model::Model;
use crate::state::{Settings, State};

/// Options of a [`TestServer`]. Without any it takes the documented limits' worth and answers at
/// once.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started until start is called"]
pub struct Builder {
    settings: Settings,
    credentials: Credentials,
    deployments: HashMap<String, Model>,
    tls: bool,
}

impl Builder {
    /// The key that is accepted: `api-key: K` on Azure's paths, `Authorization: Bearer K` on
    /// OpenAI's and on Azure's v1. By default `test-key`.
    pub fn api_key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.credentials.api_key);
        self
    }

    /// The token that is accepted on Azure's paths: `Authorization: Bearer T`. By default
    /// `test-token`.
    pub fn bearer_token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.credentials.bearer_token);
        self
    }

    /// Deploys a model under a name. Models are always deployed under their own names too.
    ///
    /// # Panics
    /// When there is no such model.
    pub fn deployment(mut self, name: &str, model: &str) -> Self {
        self.deployments.insert(name.to_owned(), Model::expect(model));
        self
    }

    /// The most inputs of one embeddings request. By default 2048.
    pub fn max_inputs(mut self, inputs: usize) -> Self {
        self.settings.limits.inputs = inputs;
        self
    }

    /// The most tokens of one input, by the server's estimate. By default 8192.
    pub fn max_input_tokens(mut self, tokens: usize) -> Self {
        self.settings.limits.input_tokens = tokens;
        self
    }

    /// The most tokens of one embeddings request. By default 300,000.
    pub fn max_request_tokens(mut self, tokens: usize) -> Self {
        self.settings.limits.request_tokens = tokens;
        self
    }

    /// Admits this many requests per second to each deployment, after a burst of one second's worth
    /// (at least one).
    ///
    /// # Panics
    /// When it is not above zero.
    pub fn requests_per_second(mut self, requests: f64) -> Self {
        self.settings.rates.requests = Some(Rate::new(requests));
        self
    }

    /// The burst of requests.
    ///
    /// # Panics
    /// When there is no [`requests_per_second`](Self::requests_per_second) yet.
    pub fn request_burst(mut self, requests: f64) -> Self {
        let rate = self.settings.rates.requests.as_mut().expect("requests_per_second comes first");
        rate.burst = requests;
        self
    }

    /// Admits this many tokens per second to each deployment, after a burst of one second's worth.
    /// A request of more than a burst is admitted when the whole burst is there.
    ///
    /// # Panics
    /// When it is not above zero.
    pub fn tokens_per_second(mut self, tokens: f64) -> Self {
        self.settings.rates.tokens = Some(Rate::new(tokens));
        self
    }

    /// The burst of tokens.
    ///
    /// # Panics
    /// When there is no [`tokens_per_second`](Self::tokens_per_second) yet.
    pub fn token_burst(mut self, tokens: f64) -> Self {
        let rate = self.settings.rates.tokens.as_mut().expect("tokens_per_second comes first");
        rate.burst = tokens;
        self
    }

    /// Counts rejected requests as requests, as the service does: who does not wait, waits longer.
    /// The debt is at most a burst.
    pub fn charges_rejected(mut self) -> Self {
        self.settings.rates.charges_rejected = true;
        self
    }

    /// Answers arrays where base64 was asked for.
    pub fn ignores_base64(mut self) -> Self {
        self.settings.ignores_base64 = true;
        self
    }

    /// Answers vectors in another order than that of the inputs; their indices are right.
    pub fn shuffles(mut self) -> Self {
        self.settings.shuffles = true;
        self
    }

    /// Answers as Azure's asynchronous content filter does: streams have chunks with
    /// `content_filter_offsets` and no `delta`.
    pub fn async_filter(mut self) -> Self {
        self.settings.async_filter = true;
        self
    }

    /// Waits this long before each answer. Faults wait as well.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// Waits this long before each event of a stream.
    pub fn chunk_delay(mut self, delay: Duration) -> Self {
        self.settings.chunk_delay = delay;
        self
    }

    /// Speaks TLS, with a certificate for `localhost` and 127.0.0.1 from a fresh CA.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts the server on a free port of 127.0.0.1. It listens when this returns.
    ///
    /// # Panics
    /// When the system gives no port or no thread.
    #[expect(clippy::unused_async, reason = "other ways of starting may have to wait")]
    pub async fn start(self) -> TestServer {
        self.start_blocking()
    }

    /// As [`start`](Self::start), for tests without a runtime.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use = "the server stops when it is dropped"]
    pub fn start_blocking(self) -> TestServer {
        TestServer::run(State::new(self.settings, self.credentials, self.deployments), self.tls)
    }
}
