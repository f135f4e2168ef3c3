//! From settings to a response cache that answers questions which mean the same.

use std::sync::Arc;

use cache_core::vector::{GraphOptions, IndexMethod, IndexName};
use cache_core::{CacheError, ChatProvider, EmbeddingProvider, EmbeddingProviderExt, Namespace};
use response_cache::semantic::{Semantic, index_schema};

use crate::settings::{SemanticChoice, SettingsError};
use crate::{
    Error, OpenedBackend, OpenedVectors, Settings, builder, open_provider, open_vectors,
    response_builder,
};

/// A cache of this chat model's answers in this store, with the semantic stage where the settings ask
/// for one (`CACHE_SEMANTIC`), to be set up further. Where they do not, it is what
/// [`response_builder`] makes.
///
/// # Errors
/// As [`response_builder`] and [`open_semantic`].
pub async fn open_responses(
    settings: &Settings,
    store: &OpenedBackend,
    chat: Arc<dyn ChatProvider>,
) -> Result<response_cache::Builder, Error> {
    let builder = response_builder(settings, Arc::clone(&store.backend), chat)?;
    Ok(match open_semantic(settings, store).await? {
        Some(stage) => builder.semantic(stage),
        None => builder,
    })
}

/// The semantic stage of the settings, to be set up further: over the vector indexes of this store, with
/// the settings' provider behind a cache of its embeddings in the same store. `None` where the settings
/// ask for none.
///
/// # Errors
/// As [`open_vectors`], [`open_provider`] and [`semantic_stage`].
pub async fn open_semantic(
    settings: &Settings,
    store: &OpenedBackend,
) -> Result<Option<Semantic>, Error> {
    if settings.semantic == SemanticChoice::Off {
        return Ok(None);
    }
    let provider = open_provider(settings).await?.provider;
    let cache = builder(settings, Arc::clone(&store.backend))?.provider(provider).build()?;
    let embedder = Arc::new(cache.provider()?.clone());
    semantic_stage(settings, &open_vectors(settings, store).await?, embedder).await
}

/// The same over vectors that are open already, with what embeds the questions: usually the
/// [`ModelCache`](crate::embedding::ModelCache) of a cache of embeddings.
///
/// Every request takes part that the cache stores at all. The index is `CACHE_SEMANTIC_INDEX` with the
/// number of dimensions behind it, such as `questions-384`, so that a model of another size begins
/// another one; where the store has graphs, it is searched by one, for what that misses costs a call
/// and nothing else. A provider that does not know how many dimensions its vectors have (a deployment
/// under a name of its own, without `CACHE_DIMENSIONS`) is asked for one vector.
///
/// # Errors
/// When the settings have no threshold for their namespace, or that one vector cannot be had.
pub async fn semantic_stage(
    settings: &Settings,
    vectors: &OpenedVectors,
    embedder: Arc<dyn EmbeddingProvider>,
) -> Result<Option<Semantic>, Error> {
    if settings.semantic == SemanticChoice::Off {
        return Ok(None);
    }
    let threshold = settings.semantic_threshold.of(&settings.namespace);
    let threshold = threshold
        .ok_or_else(|| SettingsError::of("semantic_threshold", "the namespace has none"))?;
    let dimensions = dimensions(&*embedder).await?;
    let schema = index_schema(dimensions).map_err(CacheError::from)?;
    let schema = schema.with_method(IndexMethod::Approximate(GraphOptions::new()));
    let name = format!("{}-{dimensions}", settings.semantic_index);
    let name = IndexName::new(Namespace::new(&settings.namespace)?, &name)
        .map_err(|error| SettingsError::of("semantic_index", error))?;
    let mut stage = Semantic::new(vectors.store.open(&name, &schema), embedder, threshold)
        .when(|_| true)
        .guards(settings.semantic_guards.0)
        .candidates(settings.semantic_candidates)
        .shadow(settings.semantic == SemanticChoice::Shadow);
    if let Some(budget) = settings.semantic_budget {
        stage = stage.budget(budget.0);
    }
    Ok(Some(stage))
}

async fn dimensions(embedder: &dyn EmbeddingProvider) -> Result<usize, Error> {
    match embedder.identity().dimensions {
        Some(dimensions) => Ok(dimensions as usize),
        None => Ok(embedder.embed_one("dimensions").await?.dimensions()),
    }
}
