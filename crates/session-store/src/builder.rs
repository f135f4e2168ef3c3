//! How a store of sessions is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cache_core::{KeySecret, LogBackend, LogLimits, Namespace, Scope, Ttl};

use crate::{ChatMessage, SessionStore, estimate_message_tokens};

/// A month: who comes back after a holiday finds his conversations.
const DEFAULT_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// What no conversation between people and models has, but a loop gone wild soon.
const DEFAULT_LIMITS: (u64, u64) = (100_000, 256 << 20);

pub(crate) type TokenCounter = dyn Fn(&ChatMessage) -> u32 + Send + Sync;

/// Settings of a [`SessionStore`].
#[must_use]
pub struct Builder {
    pub(crate) backend: Arc<dyn LogBackend>,
    pub(crate) namespace: Namespace,
    pub(crate) scope: Scope,
    pub(crate) secret: Option<KeySecret>,
    pub(crate) ttl: Ttl,
    pub(crate) limits: LogLimits,
    pub(crate) counter: Arc<TokenCounter>,
}

impl Builder {
    pub(crate) fn new(backend: Arc<dyn LogBackend>) -> Self {
        let (records, bytes) = DEFAULT_LIMITS;
        let limits = LogLimits {
            max_records: Some(records),
            max_bytes: Some(bytes),
            ..LogLimits::default()
        };
        Self {
            backend,
            namespace: Namespace::default(),
            scope: Scope::shared(),
            secret: None,
            ttl: Ttl::new(DEFAULT_LIFE).unwrap_or(Ttl::FOREVER),
            limits,
            counter: Arc::new(estimate_message_tokens),
        }
    }

    /// The application's part of the store. `cache` by default.
    pub fn namespace(mut self, namespace: Namespace) -> Self {
        self.namespace = namespace;
        self
    }

    /// Whose sessions these are: a tenant's, say. Shared by default; another one for some calls
    /// comes with [`SessionStore::with_scope`].
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Makes names in the store depend on a secret: who reads the names cannot test for owners and
    /// ids that he guesses. Sessions written with another secret, or none, are not found.
    pub fn key_secret(mut self, secret: KeySecret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// How long a session lives after the last append. 30 days by default.
    pub fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = ttl;
        self
    }

    /// What a session may hold: messages (`max_records`), their stored bytes and their tokens
    /// (`max_weight`), and whether a full one refuses or drops its oldest messages. By default
    /// 100,000 messages and 256 MiB, beyond which it refuses.
    pub fn limits(mut self, limits: LogLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Counts a message's tokens, once, when it is appended. By default
    /// [`estimate_message_tokens`].
    pub fn token_counter(
        mut self,
        count: impl Fn(&ChatMessage) -> u32 + Send + Sync + 'static,
    ) -> Self {
        self.counter = Arc::new(count);
        self
    }

    /// The store. Nothing is connected or written yet.
    #[must_use]
    pub fn build(self) -> SessionStore {
        SessionStore::new(self)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("backend", &self.backend)
            .field("namespace", &self.namespace)
            .field("ttl", &self.ttl)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
