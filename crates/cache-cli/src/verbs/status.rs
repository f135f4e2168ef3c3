//! `status`: which store, why, and how it is.

use std::time::Duration;

use caching_with_redis::core::{BackendStatus, Usage};
use caching_with_redis::embedding::EmbeddingCache;
use serde::Serialize;

use super::why;
use crate::context::{Context, Opened};
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;
use crate::output::Mood;

/// How often the round trip is measured.
const SAMPLES: usize = 7;

#[derive(Debug, Serialize)]
struct Answer {
    backend: &'static str,
    why: &'static str,
    location: String,
    server: String,
    version: String,
    used_bytes: Option<u64>,
    max_bytes: Option<u64>,
    eviction_policy: Option<String>,
    latency_micros: Latency,
    namespace: String,
    entries: u64,
    bytes: u64,
    bytes_estimated: bool,
    ttl_seconds: f64,
    vectors: &'static str,
    provider: String,
    model: String,
    dimensions: u32,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Latency {
    min: u64,
    median: u64,
    samples: usize,
}

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    // Its warnings are a part of the answer: nothing is said of them beforehand.
    let opened = context.open_quietly().await?;
    let (status, trips) = measure(&opened.cache).await?;
    let usage = opened.cache.usage().await?;
    let answer = answer(context, &opened, status, &trips, usage);
    if context.output.json {
        return context.output.object(&answer);
    }
    show(context, &opened, &answer, &trips)
}

/// The store's last answer, and all round trips, the shortest first.
async fn measure(cache: &EmbeddingCache) -> Result<(BackendStatus, Vec<Duration>), Failure> {
    let mut status = cache.status().await?;
    let mut trips = vec![status.round_trip];
    while trips.len() < SAMPLES {
        status = cache.status().await?;
        trips.push(status.round_trip);
    }
    trips.sort_unstable();
    Ok((status, trips))
}

fn answer(
    context: &Context,
    opened: &Opened,
    status: BackendStatus,
    trips: &[Duration],
    usage: Usage,
) -> Answer {
    let info = opened.cache.backend().info();
    let identity = opened.model.identity();
    let language = context.language();
    let mut warnings: Vec<_> =
        status.warnings.iter().map(|warning| translated(warning, language)).collect();
    warnings.extend(context.settings_warnings());
    if context.ignores_a_provider() {
        warnings.push(language.azure_not_used());
    }
    Answer {
        backend: info.kind,
        why: why(&opened.why, language).0,
        location: info.location,
        server: status.server,
        version: status.version,
        used_bytes: status.used_bytes,
        max_bytes: status.max_bytes,
        eviction_policy: status.eviction_policy,
        latency_micros: Latency {
            min: figures::micros(trips[0]),
            median: figures::micros(trips[trips.len() / 2]),
            samples: trips.len(),
        },
        namespace: opened.cache.namespace().to_string(),
        entries: usage.entries,
        bytes: usage.bytes,
        bytes_estimated: usage.estimated,
        ttl_seconds: context.settings.ttl.0.as_secs_f64(),
        vectors: context.settings.vectors.name(),
        provider: identity.provider.clone(),
        model: identity.model.clone(),
        dimensions: context.settings.dimensions,
        warnings,
    }
}

/// A store's warning in the user's language, where it is a known one.
fn translated(warning: &str, language: Language) -> String {
    if warning.contains("unbounded") {
        language.unbounded_server()
    } else if warning.contains("noeviction") {
        language.server_does_not_evict()
    } else {
        warning.to_owned()
    }
}

fn show(
    context: &Context,
    opened: &Opened,
    answer: &Answer,
    trips: &[Duration],
) -> Result<(), Failure> {
    let (language, output) = (context.language(), &context.output);
    let entries = figures::count(answer.entries);
    let bytes = figures::bytes(answer.bytes);
    let entries = match answer.bytes_estimated {
        true => language.entries_and_about(&entries, &bytes),
        false => language.entries_and_bytes(&entries, &bytes),
    };
    let (least, median) = (figures::span(trips[0]), figures::span(trips[trips.len() / 2]));
    let mut rows = vec![
        (language.label_backend(), output.painted(answer.backend, Mood::Good)),
        (language.label_reason(), why(&opened.why, language).1),
    ];
    if !answer.location.is_empty() {
        rows.push((language.label_location(), answer.location.clone()));
    }
    rows.push((language.label_server(), format!("{} {}", answer.server, answer.version)));
    rows.push((language.label_memory(), memory(answer, language)));
    if let Some(policy) = &answer.eviction_policy {
        rows.push((language.label_eviction(), policy.clone()));
    }
    rows.extend([
        (language.label_latency(), language.latency(&least, &median, trips.len())),
        (language.label_namespace(), answer.namespace.clone()),
        (language.label_entries(), entries),
        (language.label_life(), figures::span(context.settings.ttl.0)),
        (language.label_vectors(), answer.vectors.to_owned()),
        (
            language.label_provider(),
            language.provider(&answer.provider, &answer.model, answer.dimensions),
        ),
    ]);
    for warning in &answer.warnings {
        let label = language.warning_label();
        rows.push((label, output.painted(warning, Mood::Doubtful)));
    }
    output.rows(&rows)
}

fn memory(answer: &Answer, language: Language) -> String {
    match (answer.used_bytes.map(figures::bytes), answer.max_bytes.map(figures::bytes)) {
        (Some(used), Some(limit)) => language.memory_bounded(&used, &limit),
        (Some(used), None) => language.memory_unbounded(&used),
        (None, _) => language.memory_unknown(),
    }
}
