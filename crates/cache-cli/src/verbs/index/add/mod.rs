//! `index add`: the lines of a file become entries of an index.
//!
//! Texts are embedded through the cache. Batches are written one after the other, so that of two lines
//! with one id the last one stays, and in an order in which a run that was interrupted can be done again:
//! what is there is written over by the same.

mod entries;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use caching_with_redis::core::vector::{
    AttributeKind, AttributeName, AttributeValue, IndexSchema, VectorEntry, VectorIndex,
    VectorRefusal,
};
use caching_with_redis::core::{EmbedOptions, Embedding, InputKind, Ttl};
use caching_with_redis::embedding::{Error, ModelCache, Source};
use serde::Serialize;

use super::{GIVEN, MODEL, attribute, existing, model_tag, refuse_dimensions};
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;
use crate::verbs::feed::{self, Batch, Ended, Input, Limits, Numbered, Refused, Report, Tally};
use entries::{Content, Entries, Entry};

#[derive(Debug, Serialize)]
struct Answer<'a> {
    index: &'a str,
    lines: u64,
    written: u64,
    hits: u64,
    computed: u64,
    given: u64,
    failed: u64,
    tokens: u64,
    spent_usd: f64,
    seconds: f64,
}

pub(super) async fn run(context: &Context, add: &args::AddToIndex) -> Result<(), Failure> {
    let ttl = match add.expires_in {
        Some(span) => Ttl::new(span.0).map_err(caching_with_redis::Error::from)?,
        None => Ttl::FOREVER,
    };
    let input = Input::open(context, &add.feed.source)?;
    let opened = context.open().await?;
    let vectors = context.vectors(&opened.store).await?;
    let (index, info) = existing(context, &vectors, &add.name).await?;
    let started = Instant::now();
    let mut report = Report::new(context.output, &input, &opened.cache);
    let language = context.language();
    let documents = EmbedOptions::default().with_input_kind(InputKind::Document);
    let adding = Adding {
        model: opened.model.clone().with_options(documents),
        of_model: attribute(&info.schema, MODEL, &[AttributeKind::Tags]),
        schema: Arc::new(info.schema),
        index,
        ttl,
        language,
    };
    let entries = Entries::new(add.feed.format, &add.feed.source, &adding.schema, language);
    let limits = Limits { lines: add.feed.batch.size, batches: 1 };
    let begin = |batch| adding.clone().add(batch);
    let ended = match input.work(context, entries, limits, &mut report, begin).await {
        Err(Ended::AtOnce(failure)) => return Err(failure),
        Err(Ended::Early(failure)) => Err(failure),
        Ok(()) => Ok(()),
    };
    // Whatever happened, what was written is counted and said.
    let shared = opened.cache.flush().await;
    answer(context, &add.name, &report, started.elapsed())?;
    ended?;
    shared?;
    if report.failed() > 0 { Err(Failure::Negative) } else { Ok(()) }
}

fn answer(
    context: &Context,
    index: &str,
    report: &Report,
    elapsed: Duration,
) -> Result<(), Failure> {
    report.finish();
    let spent = report.spent();
    let written = report.lines() - report.failed();
    if context.output.json {
        return context.output.object(&Answer {
            index,
            lines: report.lines(),
            written,
            hits: report.hits,
            computed: report.computed,
            given: report.given,
            failed: report.failed(),
            tokens: spent.provider_tokens,
            spent_usd: spent.money_spent(),
            seconds: elapsed.as_secs_f64(),
        });
    }
    let [written, hits, computed, given, failed] =
        [written, report.hits, report.computed, report.given, report.failed()].map(figures::count);
    let vectors = context.language().vectors_of(&hits, &computed, &given);
    let time = figures::span(elapsed);
    let done = context.language().index_added(&written, &vectors, &failed, &time);
    context.output.line(&report.with_expense(done))
}

/// What every batch needs.
#[derive(Debug, Clone)]
struct Adding {
    model: ModelCache,
    index: Arc<dyn VectorIndex>,
    schema: Arc<IndexSchema>,
    /// The attribute that names the model, where the index has it.
    of_model: Option<AttributeName>,
    ttl: Ttl,
    language: Language,
}

/// A batch that is over.
#[derive(Debug)]
struct Added {
    tally: Tally,
    refused: Vec<(u64, Refused)>,
    failure: Option<Failure>,
}

impl feed::Done for Added {
    type Account = Report;

    fn tell(mut self, report: &mut Report) -> Option<Failure> {
        self.refused.sort_by_key(|(line, _)| *line);
        report.add(self.tally, &self.refused);
        self.failure
    }
}

impl Adding {
    async fn add(self, batch: Batch<Entry>) -> Added {
        let tally = Tally { bytes: batch.bytes, ..Tally::default() };
        let mut added = Added { tally, refused: batch.refused, failure: None };
        added.failure = self.add_items(batch.items, &mut added).await.err();
        added
    }

    /// Embeds, checks and writes. What cannot be embedded for a reason that all others share ends the
    /// work, and the rest of the batch is written all the same.
    async fn add_items(
        &self,
        items: Vec<Numbered<Entry>>,
        added: &mut Added,
    ) -> Result<(), Failure> {
        let vectors = self.embed(&items).await?;
        let model = self.model_tag(&items).await?;
        let (mut tally, mut fatal) = (added.tally, None);
        let mut entries = Vec::with_capacity(items.len());
        for (Numbered { line, item }, vector) in items.into_iter().zip(vectors) {
            match vector {
                Err(error) if feed::is_fatal(&error) => fatal = Some(error),
                Err(error) => added.refused.push((line, Refused::Because(error.to_string()))),
                Ok((vector, origin)) => match self.entry(item, vector, origin, &model) {
                    Err(refusal) => {
                        let reason = self.language.vector_refusal(&refusal);
                        added.refused.push((line, Refused::Because(reason)));
                    }
                    Ok(entry) => {
                        *origin.counted_in(&mut tally) += 1;
                        entries.push(entry);
                    }
                },
            }
        }
        self.index.upsert_many(&entries).await?;
        added.tally = tally;
        fatal.map_or(Ok(()), |error| Err(error.into()))
    }

    /// The vector of every entry, and where it came from.
    async fn embed(
        &self,
        items: &[Numbered<Entry>],
    ) -> Result<Vec<Result<(Embedding, Origin), Error>>, Failure> {
        let texts: Vec<&str> = items.iter().filter_map(|numbered| numbered.item.text()).collect();
        let known = self.model.identity().dimensions;
        if let (Some(dimensions), false) = (known, texts.is_empty()) {
            refuse_dimensions(self.language, &self.schema, dimensions as usize)?;
        }
        let lookups = match texts.is_empty() {
            true => Vec::new(),
            false => self.model.embed_each(&texts).await?,
        };
        for lookup in lookups.iter().flatten() {
            refuse_dimensions(self.language, &self.schema, lookup.embedding.dimensions())?;
        }
        let mut lookups = lookups.into_iter();
        let mut seen = HashSet::new();
        let mut vectors = Vec::with_capacity(items.len());
        for Numbered { item, .. } in items {
            vectors.push(match &item.content {
                Content::Vector(vector) => Ok((vector.clone(), Origin::Given)),
                Content::Text(text) => {
                    let first = seen.insert(text.as_str());
                    let lookup = lookups.next().unwrap_or(Err(Error::Aborted));
                    lookup.map(|lookup| (lookup.embedding, Origin::of(lookup.source, first)))
                }
            });
        }
        Ok(vectors)
    }

    /// What the entries of these texts are tagged with.
    async fn model_tag(&self, items: &[Numbered<Entry>]) -> Result<String, Failure> {
        let has_texts = items.iter().any(|numbered| numbered.item.text().is_some());
        match has_texts && self.of_model.is_some() {
            true => model_tag(&self.model).await,
            false => Ok(String::new()),
        }
    }

    fn entry(
        &self,
        item: Entry,
        vector: Embedding,
        origin: Origin,
        model: &str,
    ) -> Result<VectorEntry, VectorRefusal> {
        let mut attributes = item.attributes;
        if let Some(name) = &self.of_model {
            let tag = if origin == Origin::Given { GIVEN } else { model };
            attributes.entry(name.clone()).or_insert_with(|| AttributeValue::tag(tag));
        }
        let entry = VectorEntry::new(item.id, vector, self.ttl).with_attributes(attributes);
        self.schema.check_entries(std::slice::from_ref(&entry))?;
        Ok(entry)
    }
}

/// Where a vector came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Given,
    Hit,
    Computed,
}

impl Origin {
    /// Of a text that occurs twice only the first is computed.
    fn of(source: Source, first: bool) -> Self {
        match source {
            Source::Computed if first => Self::Computed,
            _ => Self::Hit,
        }
    }

    fn counted_in(self, tally: &mut Tally) -> &mut u64 {
        match self {
            Self::Given => &mut tally.given,
            Self::Hit => &mut tally.hits,
            Self::Computed => &mut tally.computed,
        }
    }
}
