//! The same figures for Prometheus.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use cache_metrics::Publisher;
use caching_with_redis::redis::{ServerFigures, ServerReport};
use metrics::Unit;
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_util::MetricKindMask;
use serde::Serialize;

use super::look::{Look, Watched};
use super::{tell, ticks};
use crate::context::Context;
use crate::failure::Failure;

/// After so many looks without a node its gauges are gone. Its counters stay, as they would begin anew
/// if it came back.
const FORGOTTEN_AFTER: u32 = 10;

type Counter = (&'static str, Unit, &'static str, fn(&ServerFigures) -> u64);
type Gauge = (&'static str, Unit, &'static str, fn(&ServerFigures) -> Option<f64>);

const COUNTERS: &[Counter] = &[
    ("commands", Unit::Count, "Commands carried out", |it| it.commands_processed),
    ("keyspace_hits", Unit::Count, "Lookups of keys that were there", |it| it.keyspace_hits),
    ("keyspace_misses", Unit::Count, "Lookups of keys that were not", |it| it.keyspace_misses),
    ("evicted_keys", Unit::Count, "Keys dropped for want of memory", |it| it.evicted_keys),
    ("expired_keys", Unit::Count, "Keys whose time was over", |it| it.expired_keys),
    ("received_bytes", Unit::Bytes, "Bytes that came in", |it| it.received_bytes),
    ("sent_bytes", Unit::Bytes, "Bytes that went out", |it| it.sent_bytes),
];

const GAUGES: &[Gauge] = &[
    ("uptime_seconds", Unit::Seconds, "Time since the start", |it| Some(it.uptime.as_secs_f64())),
    ("used_bytes", Unit::Bytes, "Memory in use", |it| Some(number(it.used_bytes))),
    ("max_bytes", Unit::Bytes, "Bound of the memory, where there is one", |it| {
        it.max_bytes.map(number)
    }),
    ("peak_bytes", Unit::Bytes, "The most memory ever in use", |it| Some(number(it.peak_bytes))),
    ("fragmentation_ratio", Unit::Count, "Memory taken over memory in use", |it| {
        it.fragmentation_ratio
    }),
    ("clients", Unit::Count, "Connected clients", |it| Some(number(it.clients))),
    ("blocked_clients", Unit::Count, "Clients in a blocking command", |it| {
        Some(number(it.blocked_clients))
    }),
    ("max_clients", Unit::Count, "The most clients it takes", |it| it.max_clients.map(number)),
    ("replicas", Unit::Count, "Connected replicas", |it| Some(number(it.replicas))),
    ("replica_link_up", Unit::Count, "Whether a replica is connected to its primary", |it| {
        it.replica.map(|replica| f64::from(u8::from(replica.link_up)))
    }),
    ("replica_behind_bytes", Unit::Bytes, "Changes that a replica lacks", |it| {
        it.replica?.behind_bytes.map(number)
    }),
];

/// Gauges and counters that are not in the tables, by their whole names.
const OTHERS: &[(&str, Unit, &str)] = &[
    ("cache_redis_up", Unit::Count, "Whether the node answers"),
    ("cache_monitor_up", Unit::Count, "Whether the last look at the store succeeded"),
    ("cache_store_used_bytes", Unit::Bytes, "Room in use in a store that is no Redis"),
    ("cache_store_max_bytes", Unit::Bytes, "Bound of that room"),
];

#[derive(Debug, Serialize)]
struct Listening {
    listening: String,
}

/// Serves the figures until something ends it.
pub(super) async fn run(
    context: &Context,
    watched: &Watched,
    address: SocketAddr,
    every: Duration,
) -> Result<(), Failure> {
    let language = context.language();
    let cannot =
        |reason: String| Failure::Machine(language.cannot_listen(&address.to_string(), &reason));
    let first = watched.look().await?;
    let builder = PrometheusBuilder::new()
        .with_http_listener(address)
        .idle_timeout(MetricKindMask::GAUGE, Some(every.saturating_mul(FORGOTTEN_AFTER)));
    let (recorder, server) = builder.build().map_err(|error| cannot(error.to_string()))?;
    metrics::set_global_recorder(recorder).map_err(|error| cannot(error.to_string()))?;
    describe();
    let mut published = Published::new(watched);
    published.publish(&first);
    let listening = format!("http://{address}/metrics");
    match context.output.json {
        true => context.output.object(&Listening { listening })?,
        false => context.output.line(&language.listening(&listening))?,
    }
    tokio::select! {
        ended = server => ended.map_err(|error| cannot(format!("{error:?}"))),
        () = keep_publishing(context, watched, published, every) => Ok(()),
    }
}

async fn keep_publishing(
    context: &Context,
    watched: &Watched,
    mut published: Published,
    every: Duration,
) {
    let mut ticks = ticks(every);
    ticks.tick().await; // the first is at once, and has been
    loop {
        ticks.tick().await;
        match watched.look().await {
            Ok(look) => published.publish(&look),
            Err(failure) => {
                published.monitor.gauges(&[("up", 0.0)]);
                tell(context, &failure);
            }
        }
    }
}

fn describe() {
    for (name, unit, what, _) in COUNTERS {
        metrics::describe_counter!(format!("cache_redis_{name}_total"), *unit, *what);
    }
    for (name, unit, what, _) in GAUGES {
        metrics::describe_gauge!(format!("cache_redis_{name}"), *unit, *what);
    }
    for (name, unit, what) in OTHERS {
        metrics::describe_gauge!(*name, *unit, *what);
    }
}

/// What has been published so far.
struct Published {
    monitor: Publisher,
    store: Publisher,
    embeddings: Publisher,
    responses: Publisher,
    nodes: HashMap<(String, &'static str), Publisher>,
    commands: HashMap<(String, String), Publisher>,
}

impl Published {
    fn new(watched: &Watched) -> Self {
        let service =
            |name: &str| Publisher::new(name).with_label("namespace", watched.namespace());
        Self {
            monitor: Publisher::new("monitor"),
            store: Publisher::new("store").with_label("store", watched.backend.info().kind),
            embeddings: service("embedding"),
            responses: service("response"),
            nodes: HashMap::new(),
            commands: HashMap::new(),
        }
    }

    fn publish(&mut self, look: &Look) {
        self.monitor.gauges(&[("up", 1.0)]);
        self.embeddings.statistics(&look.embeddings.to_pairs());
        self.responses.statistics(&look.responses.to_pairs());
        if let Some(store) = &look.store {
            let gauges = [("used_bytes", store.used_bytes), ("max_bytes", store.max_bytes)];
            let known = gauges.into_iter().filter_map(|(name, value)| Some((name, number(value?))));
            self.store.gauges(&known.collect::<Vec<_>>());
        }
        for node in &look.nodes {
            self.publish_node(node);
        }
    }

    fn publish_node(&mut self, node: &ServerReport) {
        let up = f64::from(u8::from(node.figures.is_ok()));
        Publisher::new("redis").with_label("node", node.name.as_str()).gauges(&[("up", up)]);
        let Ok(figures) = &node.figures else { return };
        let role = figures.role.as_str();
        let publisher = self.nodes.entry((node.name.clone(), role)).or_insert_with(|| {
            let publisher = Publisher::new("redis").with_label("node", node.name.as_str());
            publisher.with_label("role", role)
        });
        let counts = COUNTERS.iter().map(|(name, _, _, read)| (*name, read(figures)));
        publisher.counters(&counts.collect::<Vec<_>>());
        let gauges = GAUGES.iter().filter_map(|(name, _, _, read)| Some((*name, read(figures)?)));
        publisher.gauges(&gauges.collect::<Vec<_>>());
        self.publish_commands(&node.name, figures);
    }

    fn publish_commands(&mut self, node: &str, figures: &ServerFigures) {
        for command in &figures.commands {
            let names = (node.to_owned(), command.name.clone());
            let publisher = self.commands.entry(names).or_insert_with(|| {
                let publisher = Publisher::new("redis_command").with_label("node", node);
                publisher.with_label("command", command.name.as_str())
            });
            publisher.counters(&[
                ("calls", command.calls),
                ("microseconds", crate::figures::micros(command.time)),
                ("failures", command.failed_calls.saturating_add(command.rejected_calls)),
            ]);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "exporters take floating-point numbers")]
fn number(count: u64) -> f64 {
    count as f64
}
