//! `get`: what is cached of a text.

use caching_with_redis::embedding::{Lookup, Source};
use serde::Serialize;

use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;
use crate::output::Mood;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    backend: &'static str,
    key: Option<String>,
    hit: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<Entry<'a>>,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    stale: bool,
    dimensions: usize,
    codec: Option<&'static str>,
    stored_bytes: usize,
    age_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<&'a [f32]>,
}

pub(super) async fn run(context: &Context, get: &args::Get) -> Result<(), Failure> {
    let opened = context.open().await?;
    let found = opened.model.get(&get.text).await?;
    let key = opened.key(&get.text).await?;
    opened.cache.flush().await?;
    if context.output.json {
        let entry = found.as_ref().map(|lookup| entry(lookup, get.vector));
        let backend = opened.cache.backend().info().kind;
        context.output.object(&Answer { backend, key, hit: entry.is_some(), entry })?;
    } else {
        show(context, key, get, found.as_ref())?;
    }
    if found.is_some() { Ok(()) } else { Err(Failure::Negative) }
}

fn entry(lookup: &Lookup, with_vector: bool) -> Entry<'_> {
    Entry {
        stale: lookup.source == Source::Stale,
        dimensions: lookup.embedding.dimensions(),
        codec: lookup.codec.map(|codec| codec.name()),
        stored_bytes: lookup.stored_bytes,
        age_seconds: lookup.age().as_secs_f64(),
        vector: with_vector.then(|| lookup.embedding.as_slice()),
    }
}

fn show(
    context: &Context,
    key: Option<String>,
    get: &args::Get,
    found: Option<&Lookup>,
) -> Result<(), Failure> {
    let (language, output) = (context.language(), &context.output);
    let Some(lookup) = found else {
        return output.line(&output.painted(&language.not_cached(), Mood::Doubtful));
    };
    let mut age = figures::span(lookup.age());
    if lookup.source == Source::Stale {
        age = format!("{age} ({})", output.painted(&language.stale(), Mood::Doubtful));
    }
    output.rows(&[
        (language.label_key(), key.unwrap_or_default()),
        (language.label_dimensions(), lookup.embedding.dimensions().to_string()),
        (language.label_codec(), lookup.codec.map_or("-", |codec| codec.name()).to_owned()),
        (language.label_stored(), figures::bytes(lookup.stored_bytes as u64)),
        (language.label_age(), age),
    ])?;
    if get.vector { output.object(&lookup.embedding.as_slice()) } else { Ok(()) }
}
