//! The same figures for Prometheus.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use cache_metrics::{Publisher, describe_all};
use caching_with_redis::redis::{ServerFigures, ServerReport};
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_util::MetricKindMask;
use serde::Serialize;

use super::catalogue::{COMMAND_COUNTERS, COUNTERS, GAUGES, metrics, number};
use super::look::{Look, Watched};
use super::{tell, ticks};
use crate::context::Context;
use crate::failure::Failure;

/// After so many looks without a node its gauges are gone. Its counters stay, as they would begin anew
/// if it came back.
const FORGOTTEN_AFTER: u32 = 10;

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
    ::metrics::set_global_recorder(recorder).map_err(|error| cannot(error.to_string()))?;
    describe_all(&metrics());
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
        let counts = COUNTERS.iter().map(|it| (it.name, (it.read)(figures)));
        publisher.counters(&counts.collect::<Vec<_>>());
        let gauges = GAUGES.iter().filter_map(|it| Some((it.name, (it.read)(figures)?)));
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
            let counts = COMMAND_COUNTERS.iter().map(|it| (it.name, (it.read)(command)));
            publisher.counters(&counts.collect::<Vec<_>>());
        }
    }
}
