//! Calls to the server, each with its time and its answer.

use std::fmt;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use cache_core::CacheError;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisError, Value};

use crate::RedisConfig;
use crate::connector::Connector;
use crate::error::{self, Phase};

/// What a call sends.
pub(crate) enum Request<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline),
    /// Pipelines that are made by their number, until there is none, each while the server already
    /// works on those before it. Nothing waits for an answer in between.
    Volleys(&'a (dyn Fn(usize) -> Option<Pipeline> + Sync)),
}

/// How big a call is, for the time it may take.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weight {
    pub(crate) keys: usize,
    pub(crate) bytes: usize,
}

/// How often a call is sent again when its connection breaks. `Once` is for what is the same, done
/// once or twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    Once,
    Never,
}

/// The way to the server that all calls share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Link {
    connector: Arc<Connector>,
    response_timeout: Duration,
}

enum Failure {
    /// No answer will come; whether the call was carried out is unknown.
    Broken(CacheError),
    Other(CacheError),
}

impl Link {
    /// Checks the configuration; connects on the first call.
    pub(crate) fn open(config: &RedisConfig) -> Result<Self, CacheError> {
        let connector = Arc::new(Connector::new(config)?);
        Ok(Self { connector, response_timeout: config.response_timeout })
    }

    /// The URL without the password.
    pub(crate) fn location(&self) -> &str {
        self.connector.location()
    }

    /// An answer made no sense.
    pub(crate) fn distrust(&self) {
        self.connector.distrust();
    }

    /// Sends one command; an error that the server answers with is an error.
    pub(crate) async fn command(&self, command: &Cmd, repeat: Repeat) -> Result<Value, CacheError> {
        let replies = self.send(Request::Command(command), Weight::default(), repeat).await?;
        match replies.into_iter().next() {
            Some(Value::ServerError(error)) => Err(error::of_reply(&error, self.location())),
            reply => Ok(reply.unwrap_or(Value::Nil)),
        }
    }

    /// Sends a request in one round trip. Errors that the server answers with are among the
    /// replies, one reply per command.
    pub(crate) async fn send(
        &self,
        request: Request<'_>,
        weight: Weight,
        repeat: Repeat,
    ) -> Result<Vec<Value>, CacheError> {
        let mut outcome = self.attempt(&request, weight).await;
        // Often it is a connection that was closed while nobody used it.
        if matches!(outcome, Err(Failure::Broken(_))) && repeat == Repeat::Once {
            outcome = self.attempt(&request, weight).await;
        }
        outcome.map_err(|failure| match failure {
            Failure::Broken(error) | Failure::Other(error) => error,
        })
    }

    async fn attempt(&self, request: &Request<'_>, weight: Weight) -> Result<Vec<Value>, Failure> {
        let live = self.connector.live().await.map_err(Failure::Other)?;
        let limit = self.limit(weight);
        match tokio::time::timeout(limit, request.send(live.connection())).await {
            Ok(Ok(replies)) => {
                if live.answered(&replies) {
                    self.connector.discard(&live);
                }
                Ok(replies)
            }
            Ok(Err(error)) => {
                self.connector.discard(&live);
                let error = error::of_connection(&error, self.location(), Phase::Connected);
                Err(Failure::Broken(error))
            }
            Err(_) => {
                if live.timed_out() {
                    self.connector.discard(&live);
                }
                Err(Failure::Other(error::timeout(self.location(), limit)))
            }
        }
    }

    /// As [`RedisConfig::with_response_timeout`] promises.
    fn limit(&self, weight: Weight) -> Duration {
        let parts = weight.keys.div_ceil(1_000).max(weight.bytes.div_ceil(4 << 20)).max(1);
        self.response_timeout.saturating_mul(u32::try_from(parts).unwrap_or(u32::MAX))
    }
}

impl Request<'_> {
    async fn send(&self, mut to: MultiplexedConnection) -> Result<Vec<Value>, RedisError> {
        match self {
            Request::Command(command) => {
                to.send_packed_command(command).await.map(|reply| vec![reply])
            }
            Request::Pipeline(pipeline) => {
                to.send_packed_commands(pipeline, 0, pipeline.len()).await
            }
            Request::Volleys(volley) => send_volleys(&to, *volley).await,
        }
    }
}

async fn send_volleys(
    to: &MultiplexedConnection,
    volley: &(dyn Fn(usize) -> Option<Pipeline> + Sync),
) -> Result<Vec<Value>, RedisError> {
    let mut in_flight = FuturesOrdered::new();
    let mut replies = Vec::new();
    for pipeline in (0..).map_while(volley) {
        let mut to = to.clone();
        in_flight
            .push_back(async move { to.send_packed_commands(&pipeline, 0, pipeline.len()).await });
        // Hands it to the connection, and takes what has been answered.
        while let Poll::Ready(Some(answered)) = futures_util::poll!(in_flight.next()) {
            replies.extend(answered?);
        }
        tokio::task::yield_now().await;
    }
    while let Some(answered) = in_flight.next().await {
        replies.extend(answered?);
    }
    Ok(replies)
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("location", &self.location()).finish_non_exhaustive()
    }
}
