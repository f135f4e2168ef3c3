//! This cache, as it takes in what another one kept.

use std::future::Future;
use std::time::Duration;

use caching_with_redis::Span;
use caching_with_redis::core::{EmbedOptions, Embedding, Ttl};
use caching_with_redis::embedding::{EmbeddingCache, Error, ModelCache};
use caching_with_redis::redis::ForeignLife;

use super::counts::{Counts, Unfit};
use crate::args::TakeOver;
use crate::context::Context;
use crate::failure::Failure;

/// Pauses before the store is asked again: a moment in which it is overloaded does not end hours of work.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2)];

/// A text of the old cache with its vector.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) vector: Result<Embedding, Unfit>,
    pub(super) life: ForeignLife,
}

/// Whose vectors they become, and how they are stored.
#[derive(Debug, Clone)]
pub(super) struct Target {
    cache: EmbeddingCache,
    model: ModelCache,
    /// What an old cache may call the model.
    names: Vec<String>,
    /// `None` only when nothing is written.
    dimensions: Option<usize>,
    /// In place of the time that entries have left.
    ttl: Option<Ttl>,
    overwrite: bool,
    dry_run: bool,
}

impl Target {
    pub(super) async fn open(
        context: &Context,
        take_over: &TakeOver,
        ttl: Option<Span>,
    ) -> Result<Self, Failure> {
        let ttl = ttl.map(|span| Ttl::new(span.0)).transpose();
        let ttl = ttl.map_err(caching_with_redis::Error::from)?;
        let (cache, model, names) = match &take_over.as_model {
            Some(name) => {
                let cache = context.embeddings(&context.open_store().await?)?;
                let model = cache.model(name);
                (cache, model, vec![name.clone()])
            }
            None => of_provider(context, take_over.dry_run).await?,
        };
        if cache.backend().info().kind == "memory" {
            context.output.warning(&context.language().gone_with_the_program());
        }
        let dimensions = dimensions(context, take_over, &model)?;
        let model = match take_over.input {
            Some(input) => {
                model.with_options(EmbedOptions::default().with_input_kind(input.kind()))
            }
            None => model,
        };
        let (overwrite, dry_run) = (take_over.overwrite, take_over.dry_run);
        Ok(Self { cache, model, names, dimensions, ttl, overwrite, dry_run })
    }

    pub(super) fn cache(&self) -> &EmbeddingCache {
        &self.cache
    }

    /// What an old cache may call the model.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Which of these texts are to be taken over; the others are cached already.
    pub(super) async fn wanted(&self, texts: &[&str]) -> Result<Vec<bool>, Failure> {
        if self.overwrite {
            return Ok(vec![true; texts.len()]);
        }
        let cached = patiently(|| self.model.contains_batch(texts)).await?;
        Ok(cached.into_iter().map(|cached| !cached).collect())
    }

    /// Stores what is sound, in one round trip, and counts everything.
    pub(super) async fn take(&self, found: Vec<Found>, counts: &mut Counts) -> Result<(), Failure> {
        let mut entries = Vec::with_capacity(found.len());
        for Found { text, vector, life } in found {
            match (vector, self.ttl_for(life)) {
                (_, None) => counts.absent += 1,
                (Err(why), _) => counts.leave_out(why, 1),
                (Ok(vector), Some(ttl)) => {
                    counts.of_dimensions(vector.dimensions());
                    match self.dimensions {
                        Some(dimensions) if dimensions != vector.dimensions() => {
                            counts.leave_out(Unfit::WrongDimensions, 1);
                        }
                        _ => entries.push((text, vector, ttl)),
                    }
                }
            }
        }
        let count = entries.len() as u64;
        if !self.dry_run && count > 0 {
            let again = || entries.iter().map(|(text, vector, ttl)| (text, vector.clone(), *ttl));
            patiently(|| self.model.put_batch_with_ttls(again())).await?;
        }
        counts.imported += count;
        Ok(())
    }

    /// `None` for what is not there any more.
    fn ttl_for(&self, life: ForeignLife) -> Option<Ttl> {
        let kept = match life {
            ForeignLife::Gone => return None,
            ForeignLife::For(left) => Ttl::new(left).ok()?,
            ForeignLife::Forever => Ttl::FOREVER,
        };
        Some(self.ttl.unwrap_or(kept))
    }
}

/// Calls until the answer is no passing failure, so many times at most.
async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    for pause in PAUSES {
        match call().await {
            Err(error) if error.is_retryable() => {
                tracing::info!(%error, "the store is asked again");
                tokio::time::sleep(pause).await;
            }
            outcome => return outcome,
        }
    }
    call().await
}

/// The cache as the settings' provider sees it, with the names of its model.
async fn of_provider(
    context: &Context,
    dry_run: bool,
) -> Result<(EmbeddingCache, ModelCache, Vec<String>), Failure> {
    let opened = context.open().await?;
    if !dry_run && opened.model_is_unknown().await? {
        return Err(Failure::Usage(context.language().import_model_unknown()));
    }
    let identity = opened.model.identity();
    let names = [Some(identity.model.clone()), identity.deployment.clone()];
    let answering = opened.model.answering_model().await?;
    let mut names: Vec<String> = names.into_iter().chain([answering]).flatten().collect();
    names.retain(|name| !name.is_empty());
    Ok((opened.cache, opened.model, names))
}

/// How many dimensions vectors must have.
fn dimensions(
    context: &Context,
    take_over: &TakeOver,
    model: &ModelCache,
) -> Result<Option<usize>, Failure> {
    let language = context.language();
    match (model.identity().dimensions, take_over.dimensions) {
        (Some(own), Some(given)) if own != given => {
            let message = language.import_other_dimensions(&own.to_string(), &given.to_string());
            Err(Failure::Usage(message))
        }
        (None, None) if !take_over.dry_run => {
            Err(Failure::Usage(language.import_needs_dimensions()))
        }
        (own, given) => Ok(own.or(given).map(|dimensions| dimensions as usize)),
    }
}
