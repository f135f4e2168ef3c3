//! The vector indexes of a Redis.

use std::sync::Arc;

use cache_redis::{RedisBackend, RedisVectors, VectorEngine, VectorOptions};

use super::{OpenedVectors, SearchEngine, WhyEngine};
use crate::settings::EngineChoice;
use crate::{Error, Settings};

pub(super) async fn open(
    settings: &Settings,
    redis: &RedisBackend,
) -> Result<OpenedVectors, Error> {
    let wanted = match settings.index_engine {
        EngineChoice::Auto => VectorEngine::Auto,
        EngineChoice::Search => VectorEngine::Search,
        EngineChoice::Sets => VectorEngine::Sets,
        EngineChoice::Plain => VectorEngine::Plain,
    };
    let usual = VectorOptions::new();
    let options = usual
        .with_engine(wanted)
        .with_parts(settings.index_parts)
        .with_max_stored_bytes(settings.index_size.map_or(usual.max_stored_bytes, |size| size.0))
        .with_max_local_bytes(settings.index_memory.map_or(usual.max_local_bytes, |size| size.0));
    let vectors = RedisVectors::on(redis, options).await?;
    let (engine, found) = match vectors.engine() {
        VectorEngine::Sets => (SearchEngine::Sets, WhyEngine::HasSets),
        VectorEngine::Plain => (SearchEngine::Plain, WhyEngine::HasNeither),
        _ => (SearchEngine::Search, WhyEngine::HasSearch),
    };
    let why = if wanted == VectorEngine::Auto { found } else { WhyEngine::Chosen };
    Ok(OpenedVectors { store: Arc::new(vectors.clone()), engine, why, redis: Some(vectors) })
}
