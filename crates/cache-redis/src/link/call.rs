//! One call to one server: its time, its answer, and what becomes of the connection.

use std::sync::Arc;
use std::time::Duration;

use cache_core::CacheError;
use redis::Value;

use super::Request;
use crate::connection::{Asks, Connector, Failure, Live};
use crate::error::{self, Phase};

/// Why there are no replies.
pub(super) enum Lost {
    /// There is no connection: nothing was sent.
    Unsent(CacheError),
    /// No answer will come; whether the call was carried out is unknown.
    Broken(CacheError),
    /// No answer came in time.
    Silent(CacheError),
}

impl Lost {
    pub(super) fn error(self) -> CacheError {
        match self {
            Self::Unsent(error) | Self::Broken(error) | Self::Silent(error) => error,
        }
    }
}

/// What a server answered, and whether it turned out to be a node of a cluster.
pub(super) struct Answer {
    pub(super) replies: Vec<Value>,
    pub(super) redirects: bool,
}

/// Sends over this connection and waits for the answer.
pub(super) async fn call(
    connector: &Arc<Connector>,
    live: &Arc<Live>,
    request: &Request<'_>,
    limit: Duration,
) -> Result<Answer, Lost> {
    match tokio::time::timeout(limit, request.send(live.connection())).await {
        Ok(Ok(replies)) => {
            let replies = live.plain(replies);
            let asks = live.answered(&replies);
            if asks == Some(Asks::Reconnection) {
                connector.discard(live);
            }
            Ok(Answer { replies, redirects: asks == Some(Asks::Redirection) })
        }
        Ok(Err(error)) => {
            connector.discard(live);
            let error = error::of_connection(&error, connector.location(), Phase::Connected);
            Err(Lost::Broken(error))
        }
        Err(_) => {
            if live.timed_out() {
                connector.discard(live);
            }
            Err(Lost::Silent(error::timeout(connector.location(), limit)))
        }
    }
}

/// The same at a replica: nothing but its replies counts, and one that fails is left alone for a
/// moment. Whatever it refuses, the primary may grant.
pub(super) async fn call_replica(
    connector: &Arc<Connector>,
    live: &Arc<Live>,
    request: &Request<'_>,
    limit: Duration,
) -> Option<Vec<Value>> {
    let refused =
        |reply: &Value| matches!(reply, Value::ServerError(error) if error.code() != "WRONGTYPE");
    let error = match tokio::time::timeout(limit, request.send(live.connection())).await {
        Ok(Ok(replies)) => {
            let replies = live.plain(replies);
            let refusal = replies.iter().find(|reply| refused(reply));
            match refusal {
                Some(Value::ServerError(error)) => error::of_reply(error, connector.location()),
                _ => return Some(replies),
            }
        }
        Ok(Err(error)) => error::of_connection(&error, connector.location(), Phase::Connected),
        Err(_) => error::timeout(connector.location(), limit),
    };
    tracing::debug!(server = %connector.location(), %error, "a replica was passed over");
    connector.rest(live, Failure::from(error));
    None
}
