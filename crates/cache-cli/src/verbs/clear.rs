//! `clear`: removes the namespace's entries, step by step.

use caching_with_redis::OpenedBackend;
use caching_with_redis::core::{ClearOptions, ClearProgress, Namespace};
use caching_with_redis::embedding::EmbeddingCache;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Answer {
    backend: &'static str,
    location: String,
    namespace: String,
    removed: u64,
    /// Vector indexes, which stay; null where the store does not tell.
    indexes: Option<Vec<String>>,
}

pub(super) async fn run(context: &Context, clear: &args::Clear) -> Result<(), Failure> {
    let store = context.open_store().await?;
    let cache = context.embeddings(&store)?;
    if !clear.yes {
        confirm(context, &cache).await?;
    }
    let removed = remove_all(context, &cache).await?;
    let info = cache.backend().info();
    let namespace = cache.namespace().to_string();
    let indexes = indexes(context, &store, cache.namespace()).await;
    if context.output.json {
        let (backend, location) = (info.kind, info.location);
        let answer = Answer { backend, location, namespace, removed, indexes };
        return context.output.object(&answer);
    }
    let place = if info.location.is_empty() { info.kind } else { &info.location };
    let removed = figures::count(removed);
    let language = context.language();
    context.output.line(&language.cleared(&removed, &namespace, place))?;
    if let Some(indexes) = indexes.filter(|indexes| !indexes.is_empty()) {
        context.output.note(&language.indexes_stay(&indexes.join(", ")));
    }
    Ok(())
}

/// The namespace's vector indexes. The entries are gone by now: who may not look for indexes, or has none
/// beside what is encrypted, is told nothing more.
async fn indexes(
    context: &Context,
    store: &OpenedBackend,
    namespace: &Namespace,
) -> Option<Vec<String>> {
    let vectors = context.vectors(store).await.ok()?;
    let names = vectors.store.indexes(namespace).await.ok()?;
    Some(names.iter().map(|name| name.as_str().to_owned()).collect())
}

async fn confirm(context: &Context, cache: &EmbeddingCache) -> Result<(), Failure> {
    let language = context.language();
    let info = cache.backend().info();
    let place = if info.location.is_empty() { info.kind } else { &info.location };
    let entries = figures::count(cache.usage().await?.entries);
    let question = language.confirm_clear(&entries, cache.namespace().as_str(), place);
    match context.output.confirm(&question) {
        None => Err(Failure::Usage(language.clear_needs_yes())),
        Some(true) => Ok(()),
        Some(false) => {
            context.output.note(&language.nothing_cleared());
            Err(Failure::Negative)
        }
    }
}

async fn remove_all(context: &Context, cache: &EmbeddingCache) -> Result<u64, Failure> {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    let mut progress = ClearProgress::default();
    while !progress.is_done() {
        let step = ClearOptions::default();
        progress = cache.backend().clear(cache.namespace(), progress, &step).await?;
        bar.set_message(context.language().clearing(&figures::count(progress.removed)));
        bar.tick();
    }
    bar.finish_and_clear();
    Ok(progress.removed)
}
