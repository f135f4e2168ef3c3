//! The least rights with which everything works.

use cache_core::Namespace;

use crate::VectorEngine;

const COMMON: &[&str] = &["ping", "info", "select", "eval", "evalsha", "unlink", "persist"];

const CACHE: &[&str] = &[
    "get",
    "mget",
    "set",
    "type",
    "exists",
    "pexpire",
    "pttl",
    "scan",
    "memory|usage",
    "hincrby",
    "hgetall",
];

/// Being told of changes: by waiters for leases, and by the near cache.
const TRACKING: &[&str] = &["client|tracking"];

const LOGS: &[&str] = &[
    "time",
    "hset",
    "hmget",
    "hlen",
    "hdel",
    "llen",
    "lindex",
    "lrange",
    "lset",
    "lrem",
    "linsert",
    "lpush",
    "rpush",
    "ltrim",
    "zadd",
    "zcard",
    "zcount",
    "zrange",
    "zrem",
    "zremrangebyscore",
    "zscore",
    "pexpireat",
];

const CLUSTER: &[&str] = &["cluster|slots", "asking", "readonly"];

/// Vector search, whatever the engine.
const VECTORS: &[&str] =
    &["command|info", "time", "get", "set", "scan", "memory|usage", "hset", "hget", "hdel", "del"];

const SEARCH: &[&str] = &["pexpireat", "ft.create", "ft.search", "ft.info", "ft.dropindex"];

const SETS: &[&str] = &["vadd", "vsim", "vrem", "vcard", "zadd", "zrem", "zrange", "zscore"];

const PLAIN: &[&str] = &[
    "hmget",
    "hlen",
    "hstrlen",
    "zadd",
    "zrem",
    "zcard",
    "zcount",
    "zscore",
    "zrange",
    "zrangebyscore",
    "zremrangebyrank",
];

/// What a user is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AclFor {
    /// Entries, leases and counters.
    pub cache: bool,
    /// Logs.
    pub logs: bool,
    /// Vector search by this engine, which the server must have: it refuses rules about commands that
    /// it does not know. For [`Auto`](VectorEngine::Auto) it must have all of them: better give what
    /// [`RedisVectors::engine`](crate::RedisVectors::engine) says.
    pub vectors: Option<VectorEngine>,
    /// Any of these in a cluster.
    pub cluster: bool,
    /// Being told what changes, for the near cache and for waiting without asking over and over.
    /// Where it is lacking, both do without.
    pub tracking: bool,
}

impl AclFor {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets [`cache`](Self::cache).
    #[must_use]
    pub fn with_cache(mut self, cache: bool) -> Self {
        self.cache = cache;
        self
    }

    /// Sets [`logs`](Self::logs).
    #[must_use]
    pub fn with_logs(mut self, logs: bool) -> Self {
        self.logs = logs;
        self
    }

    /// Sets [`vectors`](Self::vectors).
    #[must_use]
    pub fn with_vectors(mut self, engine: VectorEngine) -> Self {
        self.vectors = Some(engine);
        self
    }

    /// Sets [`cluster`](Self::cluster).
    #[must_use]
    pub fn with_cluster(mut self, cluster: bool) -> Self {
        self.cluster = cluster;
        self
    }

    /// Sets [`tracking`](Self::tracking).
    #[must_use]
    pub fn with_tracking(mut self, tracking: bool) -> Self {
        self.tracking = tracking;
        self
    }
}

/// The rules of `ACL SETUSER`, behind `on` and the password, for a user who may do this in these
/// namespaces and nothing else. In a cluster every node needs the user.
///
/// ```
/// use cache_core::Namespace;
/// use cache_redis::acl::{AclFor, rules};
///
/// let rules = rules(&[Namespace::new("app")?], AclFor::new().with_cache(true));
/// assert!(rules.join(" ").starts_with("~app:* +ping +info"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn rules(namespaces: &[Namespace], what: AclFor) -> Vec<String> {
    let mut rules = Vec::new();
    // A namespace holds no character that means something in a pattern.
    for namespace in namespaces {
        if what.cache {
            rules.push(format!("~{namespace}:*"));
        }
        if what.logs {
            rules.push(format!("~{namespace}~log:*"));
        }
        if what.vectors.is_some() && !what.cache {
            rules.push(format!("~{namespace}:vec:*"));
        }
    }
    let searches_by =
        |engine| what.vectors == Some(engine) || what.vectors == Some(VectorEngine::Auto);
    let parts = [
        (what.cache || what.logs || what.vectors.is_some(), COMMON),
        (what.cache, CACHE),
        (what.tracking, TRACKING),
        (what.logs, LOGS),
        (what.vectors.is_some(), VECTORS),
        (searches_by(VectorEngine::Search), SEARCH),
        (searches_by(VectorEngine::Sets), SETS),
        (searches_by(VectorEngine::Plain), PLAIN),
        (what.cluster, CLUSTER),
    ];
    let commands = parts.into_iter().filter(|(wanted, _)| *wanted).flat_map(|(_, part)| part);
    rules.extend(commands.map(|command| format!("+{command}")));
    rules
}

/// The same for a user of the Sentinels.
///
/// ```
/// assert!(cache_redis::acl::sentinel_rules().contains(&"+subscribe".to_owned()));
/// ```
#[must_use]
pub fn sentinel_rules() -> Vec<String> {
    let channels = crate::topology::EVENTS.map(|event| format!("&{event}"));
    let commands = ["+sentinel|get-master-addr-by-name", "+sentinel|replicas", "+subscribe"];
    channels.into_iter().chain(commands.map(str::to_owned)).collect()
}
