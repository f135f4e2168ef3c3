//! Calls to the servers, each to the right one, with its time and its answer.

mod call;
mod commands;
mod replica;
mod request;
mod routing;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cache_core::CacheError;
use redis::{Cmd, Value};

pub(crate) use commands::{Commands, MAX_KEYS, MAX_KEYS_PER_COMMAND};
pub(crate) use request::{Access, Repeat, Request, Weight};

use crate::address::Endpoint;
use crate::connection::Connector;
use crate::error;
use crate::key_writer::KeyWriter;
use crate::topology::{Topology, slot_of};
use crate::{ReadFrom, RedisConfig};
use call::{Lost, call, call_replica};
use replica::Turn;

/// The way to the servers that all calls share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Link(Arc<Shared>);

/// One of the primaries.
pub(crate) struct Server {
    /// Its address: as long as this is the same, it is the same server.
    pub(crate) name: String,
    pub(crate) connector: Arc<Connector>,
}

struct Shared {
    topology: Arc<Topology>,
    response_timeout: Duration,
    turn: Turn,
    /// The one server keeps its keys apart as a cluster does.
    keeps_apart: AtomicBool,
    redirections: AtomicU64,
}

impl Link {
    /// Checks the configuration; connects on the first call.
    pub(crate) fn open(config: &RedisConfig) -> Result<Self, CacheError> {
        Ok(Self(Arc::new(Shared {
            topology: Topology::new(config)?,
            response_timeout: config.response_timeout,
            turn: Turn::default(),
            keeps_apart: AtomicBool::new(false),
            redirections: AtomicU64::new(0),
        })))
    }

    /// An answer made no sense.
    pub(crate) fn distrust(&self) {
        self.0.topology.distrust();
    }

    /// The URL without the password.
    pub(crate) fn location(&self) -> &str {
        self.0.topology.location()
    }

    /// The servers behind it.
    pub(crate) fn topology(&self) -> &Arc<Topology> {
        &self.0.topology
    }

    /// How often calls were sent on to other nodes than those that serve the slot as far as is
    /// known. As long as it stays the same, replies are theirs.
    pub(crate) fn redirections(&self) -> u64 {
        self.0.redirections.load(Ordering::Acquire)
    }

    /// Whether a command may not have keys of several slots.
    pub(crate) fn keeps_apart(&self) -> bool {
        self.0.topology.cluster().is_some() || self.0.keeps_apart.load(Ordering::Relaxed)
    }

    /// Whether a command was refused because its keys lie in several slots: from now on they are
    /// kept apart. A cluster behind one address is noticed by that.
    pub(crate) fn must_keep_apart(&self, replies: &[Value]) -> bool {
        let crossed = |reply: &Value| matches!(reply, Value::ServerError(error) if error.code() == "CROSSSLOT");
        let crossed = replies.iter().any(crossed);
        if crossed {
            self.0.keeps_apart.store(true, Ordering::Relaxed);
        }
        crossed
    }

    /// Sends one command about a key; an error that the server answers with is an error.
    pub(crate) async fn command(
        &self,
        key: &[u8],
        command: &Cmd,
        access: Access,
        repeat: Repeat,
    ) -> Result<Value, CacheError> {
        match self.one(key, command, Weight::default(), access, repeat).await? {
            Value::ServerError(error) => Err(error::of_reply(&error, self.location())),
            reply => Ok(reply),
        }
    }

    /// Sends one command, of which this is a key. An error that the server answers with is a
    /// reply.
    pub(crate) async fn one(
        &self,
        key: &[u8],
        command: &Cmd,
        weight: Weight,
        access: Access,
        repeat: Repeat,
    ) -> Result<Value, CacheError> {
        if self.0.topology.cluster().is_none() {
            let request = Request::Command(command);
            if let Some(replies) = self.single(&request, weight, access, repeat).await? {
                return Ok(replies.into_iter().next().unwrap_or(Value::Nil));
            }
        }
        let commands = Commands {
            count: 1,
            partial: false,
            slot: &|_| slot_of(key),
            weight: &|_| weight,
            make: &|_, _| command.clone(),
        };
        let replies = self.routed(&commands, 0..1, access, repeat).await?;
        Ok(replies.into_iter().next().unwrap_or(Value::Nil))
    }

    /// Sends commands: in one round trip, or one to each node at the same time, unless there are
    /// too many for that. Errors that servers answer with are among the replies, one reply per
    /// command, in order.
    pub(crate) async fn each(
        &self,
        commands: &Commands<'_>,
        access: Access,
        repeat: Repeat,
    ) -> Result<Vec<Value>, CacheError> {
        if commands.count == 1 {
            return self.trip(commands, 0..1, (commands.weight)(0), access, repeat).await;
        }
        let mut replies = Vec::new();
        for (range, weight) in commands.trips() {
            let more = self.trip(commands, range, weight, access, repeat).await?;
            if replies.is_empty() {
                replies = more;
            } else {
                replies.extend(more);
            }
        }
        if replies.len() == commands.count {
            Ok(replies)
        } else {
            Err(error::unexpected(self.location(), "a batch"))
        }
    }

    async fn trip(
        &self,
        commands: &Commands<'_>,
        range: Range<usize>,
        weight: Weight,
        access: Access,
        repeat: Repeat,
    ) -> Result<Vec<Value>, CacheError> {
        if self.0.topology.cluster().is_none() {
            let start = range.start;
            // One that goes alone, such as a reading of many keys, is not worth a volley.
            if range.len() == 1 {
                let command = (commands.make)(start, &mut KeyWriter::default());
                let request = Request::Command(&command);
                if let Some(replies) = self.single(&request, weight, access, repeat).await? {
                    return Ok(replies);
                }
                return self.routed(commands, range, access, repeat).await;
            }
            let volleys = commands.volleys(range.len(), |position| start + position);
            let volley = |number: usize| {
                let run = volleys.get(number)?;
                Some(commands.pipeline(start + run.start..start + run.end, false))
            };
            let request = Request::Volleys(&volley);
            if let Some(replies) = self.single(&request, weight, access, repeat).await? {
                return Ok(replies);
            }
        }
        self.routed(commands, range, access, repeat).await
    }

    /// Sends to the one server, or one of its replicas; nothing if it turns out to be a node of a
    /// cluster.
    async fn single(
        &self,
        request: &Request<'_>,
        weight: Weight,
        access: Access,
        repeat: Repeat,
    ) -> Result<Option<Vec<Value>>, CacheError> {
        let shared = &*self.0;
        let limit = self.limit(weight);
        if access == Access::Read && shared.topology.read_from() != ReadFrom::Primary {
            let replicas = shared.topology.replicas();
            if let Some((replica, live)) = shared.turn.next(shared.topology.read_from(), &replicas)
                && let Some(replies) = call_replica(replica, &live, request, limit).await
            {
                return Ok(Some(replies));
            }
        }
        let primary = shared.topology.primary();
        let mut again = repeat == Repeat::Once;
        loop {
            let live = primary.live().await?;
            if live.is_cluster() {
                shared.topology.make_cluster();
                return Ok(None);
            }
            match call(primary, &live, request, limit).await {
                Ok(answer) if answer.redirects => {
                    shared.topology.make_cluster();
                    return Ok(None);
                }
                Ok(answer) => return Ok(Some(answer.replies)),
                // Often it is a connection that was closed while nobody used it.
                Err(Lost::Broken(_)) if std::mem::take(&mut again) => {}
                Err(lost) => return Err(lost.error()),
            }
        }
    }

    /// All primaries.
    pub(crate) async fn primaries(&self) -> Result<Vec<Server>, CacheError> {
        let nodes = self.topology().discover().await?;
        let server = |(connector, endpoint): (&Arc<Connector>, &Endpoint)| Server {
            name: endpoint.to_string(),
            connector: Arc::clone(connector),
        };
        match self.topology().cluster() {
            None => {
                let primary = std::iter::once(self.topology().primary());
                Ok(primary.zip(nodes.primaries()).map(server).collect())
            }
            Some(cluster) => {
                let layout = cluster.layout().await?;
                let primaries = layout.groups().iter().map(|group| &group.primary);
                let known = primaries.filter_map(|node| Some((node, node.endpoint()?)));
                Ok(known.map(server).collect())
            }
        }
    }

    /// Sends one command to this server; done twice, it must be as good as once. An error that the
    /// server answers with is an error.
    pub(crate) async fn at(
        &self,
        server: &Arc<Connector>,
        command: &Cmd,
    ) -> Result<Value, CacheError> {
        let limit = self.limit(Weight::default());
        let mut again = true;
        loop {
            let live = server.live().await?;
            match call(server, &live, &Request::Command(command), limit).await {
                Ok(answer) => match answer.replies.into_iter().next() {
                    Some(Value::ServerError(error)) => {
                        return Err(error::of_reply(&error, server.location()));
                    }
                    reply => return Ok(reply.unwrap_or(Value::Nil)),
                },
                Err(Lost::Broken(_)) if std::mem::take(&mut again) => {}
                Err(lost) => return Err(lost.error()),
            }
        }
    }

    /// As [`RedisConfig::with_response_timeout`] promises.
    pub(crate) fn limit(&self, weight: Weight) -> Duration {
        let parts = weight.keys.div_ceil(1_000).max(weight.bytes.div_ceil(4 << 20)).max(1);
        self.0.response_timeout.saturating_mul(u32::try_from(parts).unwrap_or(u32::MAX))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("location", &self.location()).finish_non_exhaustive()
    }
}
