//! A connection that was made.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Value, cmd};

use super::Opened;
use crate::Protocol;

/// After so many calls in a row without an answer, a connection is taken for dead: a host that
/// vanished closes nothing, and the system would go on trying for a quarter of an hour.
const TIMEOUTS_OF_A_DEAD_CONNECTION: u32 = 3;

/// In place of a younger connection another would not help: a lasting misconfiguration must not
/// mean a connection for every call.
const YOUNG: Duration = Duration::from_secs(1);

/// A connection, and what is known of the server at its other end.
pub(crate) struct Live {
    opened: Opened,
    greeting: Greeting,
    since: Instant,
    timeouts: AtomicU32,
}

/// What a server says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Greeting {
    /// It is a node of a cluster.
    pub(crate) cluster: bool,
    /// Whether it is a primary, if it told.
    pub(crate) primary: Option<bool>,
}

/// What an answer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Another connection in place of this one.
    Reconnection,
    /// Another node of a cluster.
    Redirection,
}

impl Live {
    pub(crate) fn new(opened: Opened, greeting: Greeting) -> Self {
        Self { opened, greeting, since: Instant::now(), timeouts: AtomicU32::new(0) }
    }

    /// A handle to send with. Whoever uses it keeps the `Live` meanwhile.
    pub(crate) fn connection(&self) -> MultiplexedConnection {
        self.opened.connection()
    }

    /// What is spoken over it.
    pub(crate) fn protocol(&self) -> Protocol {
        self.opened.protocol()
    }

    /// Replies as everything here reads them.
    pub(crate) fn plain(&self, replies: Vec<Value>) -> Vec<Value> {
        match self.protocol() {
            Protocol::Resp2 => replies,
            protocol => replies.into_iter().map(|reply| protocol.plain(reply)).collect(),
        }
    }

    /// Whether the server is a node of a cluster.
    pub(crate) fn is_cluster(&self) -> bool {
        self.greeting.cluster
    }

    /// In place of one that was made just now, another would not help: a lasting misconfiguration
    /// must not mean a connection for every call.
    pub(super) fn is_young(&self) -> bool {
        self.since.elapsed() < YOUNG
    }

    /// Takes note of an answer; says what it asks for. After a failover the address may lead to
    /// another server, and after a change of passwords only a new connection authenticates.
    pub(crate) fn answered(&self, replies: &[Value]) -> Option<Asks> {
        self.timeouts.store(0, Ordering::Relaxed);
        replies.iter().find_map(|reply| match reply {
            Value::ServerError(error) => match error.code() {
                "READONLY" | "NOAUTH" | "WRONGPASS" if !self.is_young() => Some(Asks::Reconnection),
                "MOVED" | "ASK" => Some(Asks::Redirection),
                _ => None,
            },
            _ => None,
        })
    }

    /// Takes note of a call without an answer; says whether the connection is to be given up.
    pub(crate) fn timed_out(&self) -> bool {
        self.timeouts.fetch_add(1, Ordering::Relaxed) + 1 >= TIMEOUTS_OF_A_DEAD_CONNECTION
    }
}

impl Greeting {
    /// Asks. Every user may; a server that does not know the question is none of a cluster.
    pub(crate) async fn of(opened: &Opened) -> Self {
        let mut greeting = Self::default();
        // The version that is spoken already leaves the connection as it is.
        let protocol = opened.protocol();
        let mut hello = cmd("HELLO");
        let hello = hello.arg(protocol.number());
        let reply = opened.connection().send_packed_command(hello).await;
        let Ok(Value::Array(parts)) = reply.map(|reply| protocol.plain(reply)) else {
            return greeting;
        };
        for pair in parts.chunks_exact(2) {
            if let [Value::BulkString(name), Value::BulkString(value)] = pair {
                match (&name[..], &value[..]) {
                    (b"mode", value) => greeting.cluster = value == b"cluster",
                    (b"role", value) => greeting.primary = Some(value == b"master"),
                    _ => {}
                }
            }
        }
        greeting
    }

    /// The same, and by `ROLE` from a server that knows no `HELLO`.
    pub(crate) async fn with_role(opened: &Opened) -> Self {
        let mut greeting = Self::of(opened).await;
        let mut connection = opened.connection();
        if greeting.primary.is_none()
            && let Ok(Value::Array(parts)) = connection.send_packed_command(&cmd("ROLE")).await
            && let Some(Value::BulkString(role)) = parts.first()
        {
            greeting.primary = Some(role == b"master");
        }
        greeting
    }
}
