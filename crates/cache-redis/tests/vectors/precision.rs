//! How exactly a search module keeps vectors.

use cache_core::ErrorKind;
use cache_core::vector::{Filter, Precision, VectorStore};
use cache_redis::{VectorEngine, VectorOptions};
use redis_test_server::TestServer;

use crate::support::assert_says;
use crate::{entry, name, nearest, schema, server, store};

fn module_knows_halves(server: &TestServer) -> bool {
    let create = "return redis.pcall('FT.CREATE', 'raw', 'SCHEMA', 'v', 'VECTOR', 'FLAT', '6', 'TYPE', \
                  'FLOAT16', 'DISTANCE_METRIC', 'COSINE', 'DIM', '2').ok and 1 or 0";
    server.command(&["EVAL", create, "0"]) == "1"
}

/// Bytes of the vector that is stored for the entry `a`.
fn stored(server: &TestServer, index: &str) -> String {
    server.command(&["HSTRLEN", &format!("app:vec:{{{index}}}:e:a"), "v"])
}

#[tokio::test]
async fn vectors_take_half_the_space_where_the_module_knows_halves() {
    let Some(server) = server(VectorEngine::Search) else { return };
    let knows = module_knows_halves(&server);
    let store = store(&server.url(), VectorOptions::new().with_engine(VectorEngine::Search)).await;
    let small = if knows { "6" } else { "12" };
    let precisions =
        [(Precision::Float32, "12"), (Precision::Float16, small), (Precision::Int8, small)];
    for (number, (precision, bytes)) in precisions.into_iter().enumerate() {
        let label = format!("p{number}");
        let index = store.open(&name(&label), &schema().with_precision(precision));
        let entries = [entry("a", [1.0, 0.1, 0.0]), entry("b", [0.0, 1.0, 0.0])];
        index.upsert_many(&entries).await.unwrap();
        assert_eq!(stored(&server, &label), bytes, "{precision:?}");
        assert_eq!(nearest(&*index).await, ["a", "b"]);
        assert_eq!(index.info().await.unwrap().unwrap().schema, *index.schema());
    }
}

/// The schema's text as a module without halves has it, or one with them.
fn text(engine: &str) -> String {
    format!("vectors-1 {engine} 3 exact float16 tag=tags")
}

/// An index that a module of the other kind has made is told, and can be dropped.
#[tokio::test]
async fn an_index_of_other_numbers_is_a_conflict() {
    let Some(server) = server(VectorEngine::Search) else { return };
    let knows = module_knows_halves(&server);
    let other = if knows { "search" } else { "search/half" };
    let store = store(&server.url(), VectorOptions::new().with_engine(VectorEngine::Search)).await;
    let schema = schema().with_precision(Precision::Float16);
    let index = store.open(&name("other"), &schema);
    server.command(&["SET", "app:vec:{other}:schema", &text(other)]);
    let error = index.upsert_many(&[entry("a", [1.0, 0.0, 0.0])]).await.unwrap_err();
    assert_says(&error, ErrorKind::Conflict, &["other"]);
    let error = index.count(&Filter::All).await.unwrap_err();
    assert_says(&error, ErrorKind::Conflict, &["other"]);
    // A module that does not know halves cannot look for entries that have them.
    assert_eq!(index.drop_index().await.is_ok(), knows);
    index.upsert_many(&[entry("a", [1.0, 0.0, 0.0])]).await.unwrap();
    assert_eq!(nearest(&*index).await, ["a"]);
}
