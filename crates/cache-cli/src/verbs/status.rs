//! `status`: which store, why, and how it is.

use std::time::Duration;

use caching_with_redis::core::{BackendStatus, EmbeddingProviderExt, ProviderCheck, Usage};
use caching_with_redis::embedding::EmbeddingCache;
use serde::Serialize;

use super::finding::Found;
use super::near::Near;
use super::provider::Provider;
use super::semantic::Stage;
use super::why;
use crate::args;
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
    near: Option<Near>,
    latency_micros: Latency,
    namespace: String,
    entries: u64,
    bytes: u64,
    bytes_estimated: bool,
    ttl_seconds: f64,
    vectors: &'static str,
    /// Null where questions share no answers.
    semantic: Option<Stage>,
    #[serde(flatten)]
    provider: Provider,
    provider_check: Option<Check>,
    findings: Vec<Found>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Latency {
    min: u64,
    median: u64,
    samples: usize,
}

/// What the provider answered.
#[derive(Debug, Serialize)]
struct Check {
    model: Option<String>,
    dimensions: Option<u32>,
    tokens: Option<u64>,
    micros: u64,
    #[serde(skip)]
    time: Duration,
}

/// What was found out.
struct Seen {
    status: BackendStatus,
    usage: Usage,
    near: Option<Near>,
    provider: Provider,
    check: Option<Check>,
}

pub(super) async fn run(context: &Context, wanted: &args::Status) -> Result<(), Failure> {
    // Its warnings are a part of the answer: nothing is said of them beforehand.
    let opened = context.open_quietly().await?;
    let near = Near::of(context, &opened).await;
    let (status, trips) = measure(&opened.cache).await?;
    let usage = opened.cache.usage().await?;
    let provider = Provider::of(&opened).await?;
    // A provider that fails is told after everything else.
    let (check, failed) = match wanted.provider_check {
        true => match opened.provider.provider.check().await {
            Ok(check) => (Some(Check::from(check)), Ok(())),
            Err(error) => (None, Err(error.into())),
        },
        false => (None, Ok(())),
    };
    let answer = answer(context, &opened, &trips, Seen { status, usage, near, provider, check });
    if context.output.json {
        context.output.object(&answer)?;
    } else {
        show(context, &opened, &answer, &trips)?;
    }
    failed
}

impl From<ProviderCheck> for Check {
    fn from(check: ProviderCheck) -> Self {
        Self {
            model: check.model,
            dimensions: check.dimensions,
            tokens: check.tokens,
            micros: figures::micros(check.time),
            time: check.time,
        }
    }
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

fn answer(context: &Context, opened: &Opened, trips: &[Duration], seen: Seen) -> Answer {
    let Seen { status, usage, near, provider, check: provider_check } = seen;
    let info = opened.cache.backend().info();
    let language = context.language();
    let mut warnings: Vec<_> =
        status.findings.iter().map(|finding| language.finding(finding)).collect();
    warnings.extend(context.settings_warnings());
    let findings = status.findings.iter().map(|it| Found::of(it, language)).collect();
    Answer {
        backend: info.kind,
        why: why(&opened.store.why, language).0,
        location: info.location,
        server: status.server,
        version: status.version,
        used_bytes: status.used_bytes,
        max_bytes: status.max_bytes,
        eviction_policy: status.eviction_policy,
        near,
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
        semantic: Stage::of(context),
        provider,
        provider_check,
        findings,
        warnings,
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
        (language.label_reason(), why(&opened.store.why, language).1),
    ];
    if !answer.location.is_empty() {
        rows.push((language.label_location(), answer.location.clone()));
    }
    rows.push((language.label_server(), format!("{} {}", answer.server, answer.version)));
    rows.push((language.label_memory(), memory(answer, language)));
    if let Some(policy) = &answer.eviction_policy {
        rows.push((language.label_eviction(), policy.clone()));
    }
    if let Some(near) = &answer.near {
        rows.push((language.label_near(), near.shown(language)));
    }
    rows.extend([
        (language.label_latency(), language.latency(&least, &median, trips.len())),
        (language.label_namespace(), answer.namespace.clone()),
        (language.label_entries(), entries),
        (language.label_life(), figures::span(context.settings.ttl.0)),
        (language.label_vectors(), answer.vectors.to_owned()),
    ]);
    rows.extend(answer.semantic.as_ref().map(|stage| stage.row(language)));
    rows.extend(answer.provider.rows(language));
    if let Some(check) = &answer.provider_check {
        let text = output.painted(&checked(check, language), Mood::Good);
        rows.push((language.label_check(), text));
    }
    for warning in &answer.warnings {
        let label = language.warning_label();
        rows.push((label, output.painted(warning, Mood::Doubtful)));
    }
    output.rows(&rows)
}

/// What the provider answered, and how fast.
fn checked(check: &Check, language: Language) -> String {
    let model = check.model.as_deref().filter(|model| !model.is_empty()).unwrap_or("-");
    let dimensions = check.dimensions.unwrap_or_default();
    let answered =
        language.answered(&language.with_dimensions(model, dimensions), &figures::span(check.time));
    match check.tokens {
        Some(tokens) => language.with_tokens(&answered, &figures::count(tokens)),
        None => answered,
    }
}

fn memory(answer: &Answer, language: Language) -> String {
    match (answer.used_bytes.map(figures::bytes), answer.max_bytes.map(figures::bytes)) {
        (Some(used), Some(limit)) => language.memory_bounded(&used, &limit),
        (Some(used), None) => language.memory_unbounded(&used),
        (None, _) => language.memory_unknown(),
    }
}
