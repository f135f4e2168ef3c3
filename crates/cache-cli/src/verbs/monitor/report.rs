//! What a look comes to, as `--json` has it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use caching_with_redis::core::{BackendStatus, CacheError};
use caching_with_redis::redis::{CommandFigures, ServerFigures, ServerReport};
use caching_with_redis::{embedding, response};
use serde::Serialize;

use super::change::{Change, commands, named, ratio};
use super::look::{Look, Watched};
use crate::figures::micros;

/// So many commands are told.
const TOP_COMMANDS: usize = 10;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) time_ms: u64,
    pub(super) backend: &'static str,
    pub(super) location: String,
    pub(super) namespace: String,
    /// Since the last look.
    pub(super) seconds: Option<f64>,
    pub(super) store: Option<Store>,
    pub(super) nodes: Vec<Node>,
    pub(super) commands: Vec<Command>,
    pub(super) embeddings: Cache,
    pub(super) responses: Cache,
}

/// A store that is no Redis.
#[derive(Debug, Serialize)]
pub(super) struct Store {
    pub(super) server: String,
    pub(super) version: String,
    pub(super) used_bytes: Option<u64>,
    pub(super) max_bytes: Option<u64>,
    pub(super) eviction_policy: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Node {
    pub(super) node: String,
    /// Why it says nothing.
    pub(super) error: Option<String>,
    #[serde(flatten)]
    pub(super) figures: Option<Figures>,
}

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) role: &'static str,
    server: String,
    version: String,
    uptime_seconds: u64,
    pub(super) used_bytes: u64,
    pub(super) max_bytes: Option<u64>,
    peak_bytes: u64,
    fragmentation_ratio: Option<f64>,
    eviction_policy: Option<String>,
    pub(super) clients: u64,
    blocked_clients: u64,
    max_clients: Option<u64>,
    pub(super) hit_ratio: Option<f64>,
    pub(super) ops_per_second: f64,
    pub(super) evicted_per_second: Option<f64>,
    pub(super) expired_per_second: Option<f64>,
    received_bytes_per_second: Option<f64>,
    sent_bytes_per_second: Option<f64>,
    evicted_keys: u64,
    expired_keys: u64,
    pub(super) link_up: Option<bool>,
    pub(super) behind_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Command {
    pub(super) name: String,
    pub(super) calls: u64,
    pub(super) micros_per_call: u64,
    /// Of the time of all commands.
    pub(super) share: f64,
    pub(super) failed: u64,
}

/// What all processes have done with one cache.
#[derive(Debug, Serialize)]
pub(super) struct Cache {
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) hit_ratio: Option<f64>,
    /// Since the last look.
    pub(super) recent_hit_ratio: Option<f64>,
    pub(super) tokens_saved: u64,
    pub(super) saved_usd: f64,
    pub(super) spent_usd: f64,
}

impl Report {
    pub(super) fn new(watched: &Watched, last: Option<&Look>, look: &Look) -> Self {
        let between = last.map(|last| look.at.duration_since(last.at));
        let changes = look.nodes.iter().filter_map(|node| change(node, last, between));
        let node = |node: &ServerReport| Node {
            node: node.name.clone(),
            error: node.figures.as_ref().err().map(CacheError::to_string),
            figures: change(node, last, between).map(Figures::new),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let info = watched.backend.info();
        Self {
            time_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            backend: info.kind,
            location: info.location,
            namespace: watched.namespace(),
            seconds: between.map(|between| between.as_secs_f64()),
            store: look.store.as_ref().map(Store::new),
            nodes: look.nodes.iter().map(node).collect(),
            commands: top(&commands(changes)),
            embeddings: Cache::of_embeddings(&look.embeddings, last.map(|it| &it.embeddings)),
            responses: Cache::of_responses(&look.responses, last.map(|it| &it.responses)),
        }
    }
}

/// What has become of a node that answers.
fn change<'a>(
    node: &'a ServerReport,
    last: Option<&'a Look>,
    between: Option<Duration>,
) -> Option<Change<'a>> {
    let now = node.figures.as_ref().ok()?;
    let before = last.and_then(|last| named(&last.nodes, &node.name));
    Some(Change::new(now, before, between))
}

impl Store {
    fn new(status: &BackendStatus) -> Self {
        Self {
            server: status.server.clone(),
            version: status.version.clone(),
            used_bytes: status.used_bytes,
            max_bytes: status.max_bytes,
            eviction_policy: status.eviction_policy.clone(),
        }
    }
}

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn new(change: Change<'_>) -> Self {
        let now: &ServerFigures = change.now;
        // At the first look there is only what the server has measured of its last moments.
        let ops = change.rate(|it| it.commands_processed);
        Self {
            role: now.role.as_str(),
            server: now.server.clone(),
            version: now.version.clone(),
            uptime_seconds: now.uptime.as_secs(),
            used_bytes: now.used_bytes,
            max_bytes: now.max_bytes,
            peak_bytes: now.peak_bytes,
            fragmentation_ratio: now.fragmentation_ratio,
            eviction_policy: now.eviction_policy.clone(),
            clients: now.clients,
            blocked_clients: now.blocked_clients,
            max_clients: now.max_clients,
            hit_ratio: change.hit_ratio(),
            ops_per_second: ops.unwrap_or(now.ops_per_second as f64),
            evicted_per_second: change.rate(|it| it.evicted_keys),
            expired_per_second: change.rate(|it| it.expired_keys),
            received_bytes_per_second: change.rate(|it| it.received_bytes),
            sent_bytes_per_second: change.rate(|it| it.sent_bytes),
            evicted_keys: now.evicted_keys,
            expired_keys: now.expired_keys,
            link_up: now.replica.map(|replica| replica.link_up),
            behind_bytes: now.replica.and_then(|replica| replica.behind_bytes),
        }
    }
}

fn top(commands: &[CommandFigures]) -> Vec<Command> {
    let whole: Duration = commands.iter().map(|command| command.time).sum();
    let command = |command: &CommandFigures| Command {
        name: command.name.clone(),
        calls: command.calls,
        micros_per_call: micros(command.time_per_call()),
        share: ratio(micros(command.time), micros(whole)).unwrap_or(0.0),
        failed: command.failed_calls + command.rejected_calls,
    };
    commands.iter().take(TOP_COMMANDS).map(command).collect()
}

impl Cache {
    fn of_embeddings(now: &embedding::Statistics, last: Option<&embedding::Statistics>) -> Self {
        let recent = last.map(|last| now.since(last));
        let hits = |it: &embedding::Statistics| it.hits + it.stale_hits;
        Self {
            hits: hits(now),
            misses: now.misses(),
            hit_ratio: ratio(hits(now), hits(now) + now.misses()),
            recent_hit_ratio: recent.and_then(|it| ratio(hits(&it), hits(&it) + it.misses())),
            tokens_saved: now.tokens_saved,
            saved_usd: now.money_saved(),
            spent_usd: now.money_spent(),
        }
    }

    fn of_responses(now: &response::Statistics, last: Option<&response::Statistics>) -> Self {
        let recent = last.map(|last| now.since(last));
        let hits = |it: &response::Statistics| it.hits + it.stale_hits;
        Self {
            hits: hits(now),
            misses: now.misses(),
            hit_ratio: ratio(hits(now), hits(now) + now.misses()),
            recent_hit_ratio: recent.and_then(|it| ratio(hits(&it), hits(&it) + it.misses())),
            tokens_saved: now.prompt_tokens_saved + now.completion_tokens_saved,
            saved_usd: now.money_saved(),
            spent_usd: now.money_spent(),
        }
    }
}
