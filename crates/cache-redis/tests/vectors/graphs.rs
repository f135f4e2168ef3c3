//! Graphs of a search module: where they lose entries, they are not used.

use cache_core::Embedding;
use cache_core::vector::{VectorQuery, VectorStore};
use cache_redis::{VectorEngine, VectorOptions};
use redis_test_server::TestServer;

use crate::conformance::graph;
use crate::{entry, name, schema, server, store};

/// More than twice the links that an entry has.
const ONE_WAY: usize = 128;

/// Entries of one direction, written twice with the module's own commands, and one of another one.
const WRITE: &str = "\
    local zero, one = string.char(0, 0, 0, 0), string.char(0, 0, 128, 63) \
    redis.call('FT.CREATE', 'raw', 'PREFIX', '1', 'raw:', 'SCHEMA', 'v', 'VECTOR', 'HNSW', '6', \
        'TYPE', 'FLOAT32', 'DISTANCE_METRIC', 'COSINE', 'DIM', '2') \
    redis.call('HSET', 'raw:other', 'v', zero .. one) \
    for time = 1, 2 do \
        for i = 1, 128 do redis.call('HSET', 'raw:' .. i, 'v', one .. zero) end \
    end \
    return 'written'";

/// How many there are, and how many a search finds that asks for more.
const FIND: &str = "\
    local other = string.char(0, 0, 0, 0, 0, 0, 128, 63) \
    local found = redis.call('FT.SEARCH', 'raw', '*=>[KNN 1000 @v $v]', 'PARAMS', '2', 'v', other, \
        'NOCONTENT', 'LIMIT', '0', '1000', 'DIALECT', '2') \
    return {redis.call('FT.SEARCH', 'raw', '*', 'LIMIT', '0', '0')[1], found[1]}";

fn graph_of_the_module_loses_entries(server: &TestServer) -> bool {
    assert_eq!(server.command(&["EVAL", WRITE, "0"]), "written");
    let answer = server.command(&["EVAL", FIND, "0"]);
    let (there, found) = answer.split_once('\n').unwrap();
    assert_eq!(there, "129", "the module knows all entries");
    found != there
}

#[tokio::test]
async fn graphs_that_lose_entries_are_not_used() {
    let Some(server) = server(VectorEngine::Search) else { return };
    let loses = graph_of_the_module_loses_entries(&server);
    let store = store(&server.url(), VectorOptions::new()).await;
    assert_eq!(store.reason().contains("searched exactly"), loses, "{}", store.reason());
    let index = store.open(&name("graph"), &schema().with_method(graph()));
    assert_eq!(index.vector_capabilities().exact, loses);
    let entries: Vec<_> = (0..ONE_WAY).map(|i| entry(&i.to_string(), [1.0, 0.0, 0.0])).collect();
    index.upsert_many(&[entry("other", [0.0, 1.0, 0.0])]).await.unwrap();
    for _ in 0..2 {
        index.upsert_many(&entries).await.unwrap();
    }
    let all = VectorQuery::nearest(Embedding::new(vec![0.0, 1.0, 0.0]).unwrap(), 1_000);
    let found = index.search_many(&[all]).await.unwrap().remove(0);
    assert_eq!(found.len(), ONE_WAY + 1);
    assert_eq!(found[0].id.as_str(), "other");
}
