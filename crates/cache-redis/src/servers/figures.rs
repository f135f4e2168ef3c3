//! What is told of a server.

use std::time::Duration;

use cache_core::CacheError;

/// One server and what it says of itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct ServerReport {
    /// Its address: `host:port`, or the path of a socket.
    pub name: String,
    /// What it says, or why it says nothing.
    pub figures: Result<ServerFigures, CacheError>,
}

/// Whether a server takes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerRole {
    /// It takes writes.
    Primary,
    /// It follows a primary.
    Replica,
}

impl ServerRole {
    /// A short, stable label for tables and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}

/// A server at one moment. Counts are since its start, of all its databases and users; what a
/// server does not tell is zero, or `None`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ServerFigures {
    /// Whether it takes writes.
    pub role: ServerRole,
    /// `redis` or `valkey`.
    pub server: String,
    /// Its version.
    pub version: String,
    /// How long it has been running.
    pub uptime: Duration,
    /// Memory in use, in bytes.
    pub used_bytes: u64,
    /// The bound of it; `None` where there is none.
    pub max_bytes: Option<u64>,
    /// The most that was ever in use.
    pub peak_bytes: u64,
    /// Memory that the system gave over memory in use. Far above 1 much is lost between
    /// allocations; below 1 a part was swapped out.
    pub fragmentation_ratio: Option<f64>,
    /// What happens when the bound is reached: `allkeys-lru`, `noeviction`, …
    pub eviction_policy: Option<String>,
    /// Connected clients.
    pub clients: u64,
    /// Those of them that wait in a blocking command.
    pub blocked_clients: u64,
    /// The most clients it takes.
    pub max_clients: Option<u64>,
    /// Commands a second, by its own measurement of the last moments.
    pub ops_per_second: u64,
    /// Commands it carried out.
    pub commands_processed: u64,
    /// Lookups of keys that were there.
    pub keyspace_hits: u64,
    /// Lookups of keys that were not.
    pub keyspace_misses: u64,
    /// Keys it dropped for want of memory.
    pub evicted_keys: u64,
    /// Keys whose time was over.
    pub expired_keys: u64,
    /// Bytes that came in over the network.
    pub received_bytes: u64,
    /// Bytes that went out over it.
    pub sent_bytes: u64,
    /// Replicas that are connected to it.
    pub replicas: u64,
    /// How a replica follows; `None` of a primary.
    pub replica: Option<ReplicaFigures>,
    /// Commands that were called, by the time they took, the longest first.
    pub commands: Vec<CommandFigures>,
}

/// How a replica follows its primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicaFigures {
    /// Whether it is connected to it.
    pub link_up: bool,
    /// How long ago it heard of it, in whole seconds.
    pub silent_for: Option<Duration>,
    /// Bytes of changes that the primary has made and this one has not. The two are not asked at
    /// the same instant, so that a busy one is always a little behind; `None` where its primary
    /// did not answer.
    pub behind_bytes: Option<u64>,
}

/// What became of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandFigures {
    /// Its name, in small letters: `get`, `config|get`.
    pub name: String,
    /// How often it was carried out.
    pub calls: u64,
    /// The time that took, the network excepted.
    pub time: Duration,
    /// How often it was refused before it began (wrong rights, no memory).
    pub rejected_calls: u64,
    /// How often it failed.
    pub failed_calls: u64,
}

impl CommandFigures {
    /// The time of one call, on average.
    #[must_use]
    pub fn time_per_call(&self) -> Duration {
        let calls = u32::try_from(self.calls).unwrap_or(u32::MAX);
        self.time.checked_div(calls).unwrap_or_default()
    }
}
