//! A text is embedded twice through the cache.

use std::time::{Duration, Instant};

use caching_with_redis::core::{Embedding, EmbeddingProviderExt, TokenUsage};
use caching_with_redis::embedding::{Lookup, Source};
use serde::Serialize;

use super::{Asked, lookups};
use crate::context::{Context, Opened};
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;
use crate::verbs::provider::{Cost, Provider};
use crate::verbs::why;

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) backend: &'static str,
    why: &'static str,
    location: String,
    #[serde(flatten)]
    provider: Provider,
    first: Asked,
    second: Asked,
    tokens: u64,
    cost: Option<Cost>,
    codec: Option<&'static str>,
    stored_bytes: usize,
    raw_bytes: usize,
    /// Whether the stored vector is the computed one; `None` where comparing them would cost money.
    exact: Option<bool>,
    cosine: Option<f64>,
    key: Option<String>,
}

pub(super) async fn embed(
    context: &Context,
    opened: &Opened,
    text: &str,
) -> Result<Answer, Failure> {
    let (first, first_time) = timed(opened, text).await?;
    let tokens = tokens_of_the_first(opened);
    let (second, second_time) = timed(opened, text).await?;
    let computed = computed(opened, &first, text).await?;
    opened.cache.flush().await?;

    let info = opened.cache.backend().info();
    let dimensions = second.embedding.dimensions();
    let mut provider = Provider::of(opened).await?;
    provider.dimensions = u32::try_from(dimensions).ok();
    Ok(Answer {
        backend: info.kind,
        why: why(&opened.store.why, context.language()).0,
        location: info.location,
        tokens,
        cost: cost(context, opened, tokens, &provider.model)?,
        provider,
        first: asked(&first, first_time),
        second: asked(&second, second_time),
        codec: second.codec.map(|codec| codec.name()),
        stored_bytes: second.stored_bytes,
        raw_bytes: 4 * dimensions,
        exact: computed.as_ref().map(|computed| same_bits(computed, &second.embedding)),
        cosine: computed.and_then(|computed| computed.cosine_similarity(&second.embedding)),
        key: opened.key(text).await?,
    })
}

async fn timed(opened: &Opened, text: &str) -> Result<(Lookup, Duration), Failure> {
    let started = Instant::now();
    let lookup = opened.model.look_up(text).await?;
    Ok((lookup, started.elapsed()))
}

/// The tokens of the text: billed, or saved by a hit.
fn tokens_of_the_first(opened: &Opened) -> u64 {
    let statistics = opened.cache.statistics();
    statistics.provider_tokens + statistics.tokens_saved
}

/// What they cost, or would have.
fn cost(
    context: &Context,
    opened: &Opened,
    tokens: u64,
    model: &str,
) -> Result<Option<Cost>, Failure> {
    let mut usage = TokenUsage::default();
    usage.prompt = tokens;
    Ok(Cost::of(usage, &context.prices()?, opened.model.identity(), Some(model)))
}

/// What the provider gives for the text, to compare with. Where the first lookup did not compute it,
/// a provider of this process is asked once more, which costs nothing; a service is not.
async fn computed(
    opened: &Opened,
    first: &Lookup,
    text: &str,
) -> Result<Option<Embedding>, Failure> {
    match first.source {
        Source::Computed => Ok(Some(first.embedding.clone())),
        _ if opened.provider.choice.is_remote() => Ok(None),
        _ => Ok(Some(opened.provider.provider.embed_one(text).await?)),
    }
}

fn same_bits(a: &Embedding, b: &Embedding) -> bool {
    a.dimensions() == b.dimensions()
        && a.iter().zip(b.iter()).all(|(a, b)| a.to_bits() == b.to_bits())
}

fn asked(lookup: &Lookup, time: Duration) -> Asked {
    let source = match lookup.source {
        Source::Hit => "hit",
        Source::Stale => "stale",
        Source::Computed => "computed",
        Source::Coalesced => "coalesced",
        _ => "other",
    };
    Asked::new(lookup.is_hit(), source, time)
}

impl Answer {
    /// What people are shown of it.
    pub(super) fn rows(&self, context: &Context, opened: &Opened) -> Vec<(String, String)> {
        let language = context.language();
        let mut rows = vec![
            (language.label_backend(), self.backend.to_owned()),
            (language.label_reason(), why(&opened.store.why, language).1),
        ];
        if !self.location.is_empty() {
            rows.push((language.label_location(), self.location.clone()));
        }
        let [first, second] = lookups(context, &self.first, &self.second);
        rows.extend(self.provider.rows(language));
        rows.extend([
            (language.label_first(), first),
            (language.label_second(), second),
            (language.label_tokens(), figures::count(self.tokens)),
        ]);
        if opened.provider.choice.is_remote() {
            let cost = self.cost.as_ref();
            let cost = cost.map_or_else(|| language.no_price(), |cost| cost.shown(language));
            rows.push((language.label_cost(), cost));
        }
        rows.extend([
            (language.label_stored(), stored(self, language)),
            (language.label_fidelity(), fidelity(self, language)),
        ]);
        rows.extend(self.key.iter().map(|key| (language.label_key(), key.clone())));
        rows
    }
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn stored(answer: &Answer, language: Language) -> String {
    let Some(codec) = answer.codec else {
        return language.not_stored();
    };
    let part = answer.stored_bytes as f64 / answer.raw_bytes as f64;
    let (stored, raw) = (answer.stored_bytes as u64, answer.raw_bytes as u64);
    let (stored, raw) = (figures::bytes(stored), figures::bytes(raw));
    language.stored_of_raw(&stored, &raw, &figures::percent(part), codec)
}

fn fidelity(answer: &Answer, language: Language) -> String {
    match (answer.exact, answer.cosine) {
        (Some(true), _) => language.exact(),
        (_, Some(cosine)) => language.cosine(&format!("{cosine:.9}")),
        (Some(false), None) => language.not_stored(),
        (None, None) => language.not_compared(),
    }
}
