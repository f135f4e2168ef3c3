//! How exactly servers keep vectors.

use cache_core::vector::{
    Filter, IndexSchema, Precision, VectorEntry, VectorId, VectorQuery, VectorStore,
};
use cache_core::{Embedding, ErrorKind};
use cache_redis::{VectorEngine, VectorOptions};
use redis_test_server::TestServer;

use crate::graphs::graph;
use crate::support::{assert_says, hour};
use crate::{ENGINES, entry, name, nearest, schema, server, store};

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

/// Bits are kept by vector sets, and searched by a graph.
#[tokio::test]
async fn bits_are_refused_where_they_cannot_be_kept() {
    let bits = schema().with_precision(Precision::Binary);
    let by_graph = bits.clone().with_method(graph());
    for engine in ENGINES {
        let Some(server) = server(engine) else { continue };
        let store = store(&server.url(), VectorOptions::new().with_engine(engine)).await;
        let wrong = if engine == VectorEngine::Sets { &bits } else { &by_graph };
        let refusal = store.check_schema(wrong).unwrap_err();
        let (kind, words) = match engine {
            VectorEngine::Sets => (ErrorKind::InvalidInput, "ask for a graph"),
            _ => (ErrorKind::Unsupported, "vector sets of Redis 8"),
        };
        assert_says(&refusal.into(), kind, &[words]);
        let index = store.open(&name("bits"), wrong);
        assert_says(&index.create().await.unwrap_err(), kind, &[words]);
        let error = index.upsert_many(&[entry("a", [1.0, 0.0, 0.0])]).await.unwrap_err();
        assert_says(&error, kind, &[words]);
        assert!(index.info().await.unwrap().is_none(), "nothing was made");
    }
}

/// One of bits takes less of the server's memory than one of floats, and says what it is.
#[tokio::test]
async fn bits_are_small_and_their_similarities_are_cosines() {
    let Some(server) = server(VectorEngine::Sets) else { return };
    let store = store(&server.url(), VectorOptions::new().with_engine(VectorEngine::Sets)).await;
    let mut bytes = Vec::new();
    for precision in [Precision::Float32, Precision::Binary] {
        let schema = IndexSchema::new(768).unwrap().with_method(graph()).with_precision(precision);
        let index = store.open(&name(precision.as_str()), &schema);
        let vector = |i: u16| {
            let values = (0..768u16).map(|at| f32::from((at * 37 + i * 101) % 499) - 249.0);
            Embedding::new(values.collect::<Vec<_>>()).unwrap()
        };
        let entries: Vec<_> = (0..200)
            .map(|i| VectorEntry::new(VectorId::new(&i.to_string()).unwrap(), vector(i), hour()))
            .collect();
        index.upsert_many(&entries).await.unwrap();
        let found = index.search_many(&[VectorQuery::nearest(vector(7), 200)]).await.unwrap();
        assert_eq!((found[0].len(), found[0][0].id.as_str()), (200, "7"));
        for found in &found[0] {
            let entry = entries.iter().find(|entry| entry.id == found.id).unwrap();
            let cosine = entry.vector.cosine_similarity(&vector(7)).unwrap();
            assert!((f64::from(found.similarity.get()) - cosine).abs() < 0.02, "{precision:?}");
        }
        let info = index.info().await.unwrap().unwrap();
        assert_eq!(info.schema, schema);
        bytes.push(info.bytes);
    }
    assert!(2 * bytes[1] < bytes[0], "{bytes:?}");
}
