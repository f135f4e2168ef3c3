//! One operation of one deployment, asked with patience.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cache_core::ProviderError;
use reqwest::header::HeaderMap;
use reqwest::{Response, Url};
use tokio::time::Instant;

use super::connection::{Connection, Deployment};
use super::failure::Failure;
use super::limiter::{Permit, RateLimit};
use super::service_error::ServiceError;
use super::{attempt, delay};

/// A larger body is no error's.
const MOST_OF_AN_ERROR: usize = 64 << 10;

/// One operation of one deployment: its URL, and what its client shares. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(super) connection: Arc<Connection>,
    pub(super) deployment: Arc<Deployment>,
    pub(super) url: Arc<Url>,
    /// For messages: `deployment "x" at host`.
    place: Arc<str>,
}

/// An answer whose status is a success and whose body is still to be read. Holds its place in the
/// deployment's limiter until it is dropped.
pub(crate) struct Opened {
    pub(crate) response: Response,
    pub(super) _permit: Permit,
}

impl Endpoint {
    pub(crate) fn new(connection: Arc<Connection>, name: &str, url: Url, place: &str) -> Self {
        let deployment = connection.deployment(name);
        Self { connection, deployment, url: Arc::new(url), place: place.into() }
    }

    /// Sends until there is a success status or no more sense in trying; the body is not read. The
    /// options' deadline bounds it. `tokens` is an estimate for the limiter.
    pub(crate) async fn open(&self, body: Bytes, tokens: u64) -> Result<Opened, ProviderError> {
        let deadline = self.deadline();
        let opened = self.persist(deadline, || attempt::open(self, body.clone(), tokens, deadline));
        opened.await.map_err(Failure::into_error)
    }

    /// The same with the whole body read within the deadline; one that breaks off is asked for again.
    pub(crate) async fn call(&self, body: Bytes, tokens: u64) -> Result<Bytes, ProviderError> {
        self.call_until(body, tokens, self.deadline()).await.map_err(Failure::into_error)
    }

    /// [`call`](Self::call) with a deadline that several calls share.
    pub(crate) async fn call_until(
        &self,
        body: Bytes,
        tokens: u64,
        deadline: Instant,
    ) -> Result<Bytes, Failure> {
        self.persist(deadline, || attempt::call(self, body.clone(), tokens, deadline)).await
    }

    /// Reads a failed reply, or an `error` event within a stream (without a status).
    pub(crate) fn error_of(
        &self,
        status: Option<u16>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> ProviderError {
        ServiceError::read(status, headers, body).into_failure(&self.place).into_error()
    }

    /// The error that a reply with the status of a success holds, if it does.
    pub(crate) fn error_in(&self, body: &[u8]) -> Option<ProviderError> {
        let holds = body.len() < MOST_OF_AN_ERROR
            && serde_json::from_slice::<serde_json::Value>(body)
                .is_ok_and(|body| body.get("error").is_some_and(|error| !error.is_null()));
        holds.then(|| self.error_of(None, &HeaderMap::new(), body))
    }

    /// When a call that begins now must be over.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.connection.options.deadline
    }

    /// The longest silence within a stream.
    pub(crate) fn idle_timeout(&self) -> Duration {
        self.connection.options.idle_timeout
    }

    /// How messages name it: `deployment "x" at host`.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// What is known of the deployment.
    pub(crate) fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// Sets the deployment's own limits, for everybody who uses it through this client.
    pub(crate) fn set_rate(&self, rate: RateLimit) {
        self.deployment.limiter.set_rate(rate);
    }

    /// Repeats attempts while there is sense in it.
    async fn persist<T, F>(
        &self,
        deadline: Instant,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let options = &self.connection.options;
        let (mut failures, mut renewed) = (0u32, false);
        loop {
            let failure = match attempt().await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            if let (Some(token), false) = (failure.refused_token, renewed)
                && self.connection.auth.renew(token)
            {
                renewed = true;
                continue;
            }
            if !failure.again {
                return Err(failure);
            }
            let named = failure.error.retry_after();
            if named.is_some_and(|named| named > options.max_delay) {
                return Err(failure);
            }
            // After a rate limit the attempts are not counted, and the limiter does the waiting: the
            // deployment's other callers have to be held back as well.
            failures += u32::from(!failure.throttled);
            if failures >= options.max_attempts {
                return Err(failure);
            }
            let wait = match (named, failure.throttled) {
                (Some(named), _) => named,
                (None, true) => Duration::ZERO,
                (None, false) => delay::backoff(failures),
            };
            if Instant::now() + wait >= deadline {
                return Err(failure);
            }
            tracing::debug!(
                place = %self.place,
                kind = failure.error.kind().as_str(),
                failures,
                wait_ms = wait.as_millis(),
                "asking again"
            );
            if !failure.throttled {
                tokio::time::sleep(wait).await;
            }
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.place).finish()
    }
}
