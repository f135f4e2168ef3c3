//! `test`: the demonstration. A text is embedded twice through the cache.

use std::time::{Duration, Instant};

use caching_with_redis::core::{Embedding, EmbeddingProviderExt};
use caching_with_redis::embedding::{Lookup, Source};
use serde::Serialize;

use super::why;
use crate::args;
use crate::context::{Context, Opened};
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;
use crate::output::Mood;

#[derive(Debug, Serialize)]
struct Answer {
    backend: &'static str,
    why: &'static str,
    location: String,
    provider: String,
    model: String,
    dimensions: usize,
    first: Asked,
    second: Asked,
    codec: Option<&'static str>,
    stored_bytes: usize,
    raw_bytes: usize,
    exact: bool,
    cosine: Option<f64>,
    key: String,
}

/// One lookup.
#[derive(Debug, Serialize)]
struct Asked {
    hit: bool,
    source: &'static str,
    micros: u64,
}

pub(super) async fn run(context: &Context, test: &args::Test) -> Result<(), Failure> {
    let opened = context.open().await?;
    let (first, first_time) = timed(&opened, &test.text).await?;
    let (second, second_time) = timed(&opened, &test.text).await?;
    let computed = computed(&opened, &first, &test.text).await?;
    opened.cache.flush().await?;

    let info = opened.cache.backend().info();
    let identity = opened.model.identity();
    let answer = Answer {
        backend: info.kind,
        why: why(&opened.why, context.language()).0,
        location: info.location,
        provider: identity.provider.clone(),
        model: identity.model.clone(),
        dimensions: second.embedding.dimensions(),
        first: asked(&first, first_time),
        second: asked(&second, second_time),
        codec: second.codec.map(|codec| codec.name()),
        stored_bytes: second.stored_bytes,
        raw_bytes: 4 * second.embedding.dimensions(),
        exact: same_bits(&computed, &second.embedding),
        cosine: computed.cosine_similarity(&second.embedding),
        key: opened.model.key(&test.text).to_string(),
    };
    if context.output.json {
        context.output.object(&answer)
    } else {
        show(context, &opened, &answer, [first_time, second_time])
    }
}

async fn timed(opened: &Opened, text: &str) -> Result<(Lookup, Duration), Failure> {
    let started = Instant::now();
    let lookup = opened.model.look_up(text).await?;
    Ok((lookup, started.elapsed()))
}

/// What the provider gives for the text, to compare with. Where the first lookup did not compute
/// it, the provider is asked once more: it is the one of this process, which costs nothing.
async fn computed(opened: &Opened, first: &Lookup, text: &str) -> Result<Embedding, Failure> {
    match first.source {
        Source::Computed => Ok(first.embedding.clone()),
        _ => Ok(opened.provider.embed_one(text).await?),
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
    Asked { hit: lookup.is_hit(), source, micros: figures::micros(time) }
}

fn show(
    context: &Context,
    opened: &Opened,
    answer: &Answer,
    times: [Duration; 2],
) -> Result<(), Failure> {
    let (language, output) = (context.language(), &context.output);
    let asked = |asked: &Asked, time| match asked.hit {
        true => output.painted(&language.hit_in(&figures::span(time)), Mood::Good),
        false => output.painted(&language.miss_in(&figures::span(time)), Mood::Doubtful),
    };
    let mut second = asked(&answer.second, times[1]);
    if !answer.first.hit && answer.second.hit {
        let factor = times[0].as_secs_f64() / times[1].as_secs_f64().max(1e-9);
        second = format!("{second} ({})", language.faster(&format!("{factor:.1}")));
    }
    let dimensions = u32::try_from(answer.dimensions).unwrap_or(u32::MAX);
    let mut rows = vec![
        (language.label_backend(), answer.backend.to_owned()),
        (language.label_reason(), why(&opened.why, language).1),
    ];
    if !answer.location.is_empty() {
        rows.push((language.label_location(), answer.location.clone()));
    }
    rows.extend([
        (language.label_provider(), language.provider(&answer.provider, &answer.model, dimensions)),
        (language.label_first(), asked(&answer.first, times[0])),
        (language.label_second(), second),
        (language.label_stored(), stored(answer, language)),
        (language.label_fidelity(), fidelity(answer, language)),
        (language.label_key(), answer.key.clone()),
    ]);
    output.rows(&rows)?;
    if answer.backend == "memory" {
        output.warning(&language.gone_with_the_program());
    }
    Ok(())
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
    match answer.cosine {
        _ if answer.exact => language.exact(),
        Some(cosine) => language.cosine(&format!("{cosine:.9}")),
        None => language.not_stored(),
    }
}
