//! What a call sends to one server.

use std::task::Poll;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisError, Value};

/// What a call sends.
pub(crate) enum Request<'a> {
    Command(&'a Cmd),
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

/// Whether a replica may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Weight {
    pub(crate) fn add(&mut self, other: Self) {
        self.keys += other.keys;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl Request<'_> {
    pub(super) async fn send(
        &self,
        mut to: MultiplexedConnection,
    ) -> Result<Vec<Value>, RedisError> {
        match self {
            Request::Command(command) => {
                to.send_packed_command(command).await.map(|reply| vec![reply])
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
