//! Vector search on real servers. Those with a search module and those with vector sets are started
//! where the environment names them; where it does not, the output says so.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod choosing;
mod conformance;
mod failovers;
mod graphs;
mod losses;
mod plain;
mod plain_bounds;
mod plain_graph;
mod plain_losses;
mod plain_model;
mod plain_news;
mod precision;

use std::ops::Range;
use std::sync::Arc;

use cache_core::Namespace;
use cache_core::vector::{
    AttributeKind, AttributeName, IndexName, IndexSchema, VectorEntry, VectorId, VectorIndex,
    VectorQuery,
};
use cache_core::{Embedding, Ttl};
use cache_redis::{LocalIndex, RedisVectors, VectorEngine, VectorOptions};
use redis_test_server::{Builder, OptionalServer, TestServer};
use support::patient;

pub(crate) const ENGINES: [VectorEngine; 3] =
    [VectorEngine::Search, VectorEngine::Sets, VectorEngine::Plain];

/// Options of the server for an engine, where it is there.
pub(crate) fn builder(engine: VectorEngine) -> Option<Builder> {
    let kind = match engine {
        VectorEngine::Plain => return Some(TestServer::builder()),
        VectorEngine::Search => OptionalServer::Search,
        _ => OptionalServer::Redis8,
    };
    kind.builder()
}

/// That server.
pub(crate) fn server(engine: VectorEngine) -> Option<TestServer> {
    builder(engine).map(Builder::start)
}

pub(crate) async fn store(url: &str, options: VectorOptions) -> Arc<RedisVectors> {
    Arc::new(RedisVectors::connect(&patient(url), options).await.unwrap())
}

/// A store whose process searches itself.
pub(crate) async fn plain(url: &str) -> Arc<RedisVectors> {
    store(url, VectorOptions::new().with_engine(VectorEngine::Plain)).await
}

pub(crate) fn name(name: &str) -> IndexName {
    IndexName::new(Namespace::new("app").unwrap(), name).unwrap()
}

/// Three dimensions and an attribute of tags, `tag`.
pub(crate) fn schema() -> IndexSchema {
    let tag = AttributeName::new("tag").unwrap();
    IndexSchema::new(3).unwrap().with_attribute(tag, AttributeKind::Tags)
}

pub(crate) fn entry(id: &str, vector: [f32; 3]) -> VectorEntry {
    let vector = Embedding::new(vector.to_vec()).unwrap();
    VectorEntry::new(VectorId::new(id).unwrap(), vector, Ttl::seconds(3_600).unwrap())
}

/// The ids of the nearest to the first axis.
pub(crate) async fn nearest(index: &dyn VectorIndex) -> Vec<String> {
    let query = VectorQuery::nearest(Embedding::new(vec![1.0, 0.0, 0.0]).unwrap(), 10);
    let found = index.search_many(&[query]).await.unwrap().remove(0);
    found.iter().map(|found| found.id.as_str().to_owned()).collect()
}

/// What the only index of a store comes to in this process.
pub(crate) fn local(store: &RedisVectors) -> LocalIndex {
    store.local_indexes().remove(0)
}

/// Entries `00000`, `00001`, …, all of one direction.
pub(crate) fn numbered(numbers: Range<usize>) -> Vec<VectorEntry> {
    numbers.map(|i| entry(&format!("{i:05}"), [1.0, 0.0, 0.0])).collect()
}
