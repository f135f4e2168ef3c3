//! A provider that counts what it is asked, and does what a test wants.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    EmbedOptions, EmbedResponse, Embedding, EmbeddingProvider, ModelIdentity, ProviderError,
    ProviderErrorKind, ProviderLimits,
};
use tokio::sync::Semaphore;

use super::vectors::vector;

/// What a call gets; `None` is the right vectors.
pub type Reply = Option<Result<EmbedResponse, ProviderError>>;
type Script = Arc<dyn Fn(&[&str]) -> Reply + Send + Sync>;

/// Gives the [`vector`] of each text, unless a script says otherwise.
pub struct TestProvider {
    identity: ModelIdentity,
    limits: ProviderLimits,
    delay: Duration,
    gate: Option<Semaphore>,
    script: Mutex<Script>,
    calls: Mutex<Vec<Vec<String>>>,
}

impl TestProvider {
    pub fn new() -> Self {
        Self {
            identity: ModelIdentity::new("test", "deterministic"),
            limits: ProviderLimits::default(),
            delay: Duration::ZERO,
            gate: None,
            script: Mutex::new(Arc::new(|_| None)),
            calls: Mutex::default(),
        }
    }

    pub fn with_dimensions(mut self, dimensions: u32) -> Self {
        self.identity.dimensions = Some(dimensions);
        self
    }

    pub fn with_limits(mut self, limits: ProviderLimits) -> Self {
        self.limits = limits;
        self
    }

    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Every call waits for its own [`open`](Self::open).
    pub fn with_gate(mut self) -> Self {
        self.gate = Some(Semaphore::new(0));
        self
    }

    pub fn with_script(self, script: impl Fn(&[&str]) -> Reply + Send + Sync + 'static) -> Self {
        self.follow(script);
        self
    }

    /// From now on it does this.
    pub fn follow(&self, script: impl Fn(&[&str]) -> Reply + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    /// From now on every call fails.
    pub fn fail(&self) {
        self.follow(|_| Some(Err(Self::error())));
    }

    /// From now on every call succeeds.
    pub fn recover(&self) {
        self.follow(|_| None);
    }

    pub fn error() -> ProviderError {
        ProviderError::new(ProviderErrorKind::RateLimited, "too many requests")
            .with_retry_after(Duration::from_secs(7))
    }

    /// Lets this many calls through.
    pub fn open(&self, calls: usize) {
        self.gate.as_ref().unwrap().add_permits(calls);
    }

    /// The inputs of every call that began.
    pub fn calls(&self) -> Vec<Vec<String>> {
        self.calls.lock().unwrap().clone()
    }

    pub fn call_count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    /// All inputs of all calls, in the order of the calls.
    pub fn inputs(&self) -> Vec<String> {
        self.calls().concat()
    }

    pub fn forget_calls(&self) {
        self.calls.lock().unwrap().clear();
    }
}

impl fmt::Debug for TestProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestProvider")
    }
}

#[async_trait]
impl EmbeddingProvider for TestProvider {
    fn identity(&self) -> ModelIdentity {
        self.identity.clone()
    }

    fn limits(&self) -> ProviderLimits {
        self.limits
    }

    async fn embed(
        &self,
        inputs: &[&str],
        _: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        let owned = inputs.iter().map(|input| (*input).to_owned()).collect();
        self.calls.lock().unwrap().push(owned);
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        // Out of the lock: a script may panic.
        let script = Arc::clone(&self.script.lock().unwrap());
        let reply = script(inputs);
        tokio::time::sleep(self.delay).await;
        reply.unwrap_or_else(|| {
            let vectors = inputs.iter().map(|input| Embedding::new(vector(input)).unwrap());
            Ok(EmbedResponse::new(vectors.collect()).with_tokens(10 * inputs.len() as u64))
        })
    }
}
