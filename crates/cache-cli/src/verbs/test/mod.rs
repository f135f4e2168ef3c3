//! `test`: the demonstration. A text is embedded twice through the cache, and where a chat model is
//! set up it is asked a question.

mod chat;

use std::time::{Duration, Instant};

use caching_with_redis::core::{Embedding, EmbeddingProviderExt, TokenUsage};
use caching_with_redis::embedding::{Lookup, Source};
use caching_with_redis::{ChatProvider, open_chat};
use serde::Serialize;

use super::provider::{Cost, Provider};
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
    chat: Option<chat::Answer>,
}

/// One lookup.
#[derive(Debug, Serialize)]
struct Asked {
    hit: bool,
    source: &'static str,
    micros: u64,
}

pub(super) async fn run(context: &Context, test: &args::Test) -> Result<(), Failure> {
    let chat = open_chat(&context.settings)?;
    if chat.is_none() && test.question.is_some() {
        return Err(Failure::Usage(context.language().no_chat_model()));
    }
    let opened = context.open().await?;
    let (first, first_time) = timed(&opened, &test.text).await?;
    let tokens = tokens_of_the_first(&opened);
    let (second, second_time) = timed(&opened, &test.text).await?;
    let computed = computed(&opened, &first, &test.text).await?;
    opened.cache.flush().await?;

    let info = opened.cache.backend().info();
    let dimensions = second.embedding.dimensions();
    let mut provider = Provider::of(&opened).await?;
    provider.dimensions = u32::try_from(dimensions).ok();
    let answer = Answer {
        backend: info.kind,
        why: why(&opened.why, context.language()).0,
        location: info.location,
        tokens,
        cost: cost(context, &opened, tokens, &provider.model)?,
        provider,
        first: asked(&first, first_time),
        second: asked(&second, second_time),
        codec: second.codec.map(|codec| codec.name()),
        stored_bytes: second.stored_bytes,
        raw_bytes: 4 * dimensions,
        exact: computed.as_ref().map(|computed| same_bits(computed, &second.embedding)),
        cosine: computed.and_then(|computed| computed.cosine_similarity(&second.embedding)),
        key: opened.key(&test.text).await?,
        chat: None,
    };
    tell(context, &opened, answer, [first_time, second_time], chat.as_deref(), test).await
}

/// Gives the answer, the chat model's with it. Where that one fails, the rest is given all the same.
async fn tell(
    context: &Context,
    opened: &Opened,
    mut answer: Answer,
    times: [Duration; 2],
    chat: Option<&dyn ChatProvider>,
    test: &args::Test,
) -> Result<(), Failure> {
    if !context.output.json {
        show(context, opened, &answer, times)?;
    }
    let asked = match chat {
        Some(chat) => chat::ask(context, chat, test.question.as_deref()).await.map(Some),
        None => Ok(None),
    };
    if context.output.json {
        let (given, failed) = asked.map_or_else(|error| (None, Err(error)), |chat| (chat, Ok(())));
        answer.chat = given;
        context.output.object(&answer)?;
        return failed;
    }
    match asked? {
        Some(chat) => context.output.rows(&chat.rows(context.language())),
        None => Ok(()),
    }
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
    let mut rows = vec![
        (language.label_backend(), answer.backend.to_owned()),
        (language.label_reason(), why(&opened.why, language).1),
    ];
    if !answer.location.is_empty() {
        rows.push((language.label_location(), answer.location.clone()));
    }
    rows.extend(answer.provider.rows(language));
    rows.extend([
        (language.label_first(), asked(&answer.first, times[0])),
        (language.label_second(), second),
        (language.label_tokens(), figures::count(answer.tokens)),
    ]);
    if opened.provider.choice.is_remote() {
        let cost = answer.cost.as_ref();
        let cost = cost.map_or_else(|| language.no_price(), |cost| cost.shown(language));
        rows.push((language.label_cost(), cost));
    }
    rows.extend([
        (language.label_stored(), stored(answer, language)),
        (language.label_fidelity(), fidelity(answer, language)),
    ]);
    rows.extend(answer.key.iter().map(|key| (language.label_key(), key.clone())));
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
    match (answer.exact, answer.cosine) {
        (Some(true), _) => language.exact(),
        (_, Some(cosine)) => language.cosine(&format!("{cosine:.9}")),
        (Some(false), None) => language.not_stored(),
        (None, None) => language.not_compared(),
    }
}
