//! Vector indexes as the settings have them.
#![allow(clippy::unwrap_used)]

use caching_with_redis::core::vector::{
    IndexName, IndexSchema, VectorEntry, VectorId, VectorIndex, VectorQuery,
};
use caching_with_redis::core::{Embedding, ErrorKind, Namespace, Ttl};
use caching_with_redis::{
    Error, OpenedVectors, SearchEngine, Settings, WhyEngine, open_backend, open_vectors,
};
use redis_test_server::{OptionalServer, TestServer};

fn settings(overrides: &[(&'static str, &str)]) -> Settings {
    let overrides = overrides.iter().map(|(key, value)| (*key, (*value).to_owned()));
    Settings::from_sources(None, &[], overrides).unwrap()
}

async fn open(settings: &Settings) -> Result<OpenedVectors, Error> {
    open_vectors(settings, &open_backend(settings).await?).await
}

fn index(vectors: &OpenedVectors) -> std::sync::Arc<dyn VectorIndex> {
    let name = IndexName::new(Namespace::new("app").unwrap(), "things").unwrap();
    vectors.store.open(&name, &IndexSchema::new(2).unwrap())
}

/// What one opening has written, another finds.
async fn shares(settings: &Settings) {
    let store = open_backend(settings).await.unwrap();
    let first = open_vectors(settings, &store).await.unwrap();
    let vector = |x: f32, y: f32| Embedding::new(vec![x, y]).unwrap();
    let entry = |id, vector| VectorEntry::new(VectorId::new(id).unwrap(), vector, Ttl::FOREVER);
    let entries = [entry("a", vector(1.0, 0.0)), entry("b", vector(0.0, 1.0))];
    index(&first).upsert_many(&entries).await.unwrap();

    let second = open_vectors(settings, &store).await.unwrap();
    let query = VectorQuery::nearest(vector(0.1, 1.0), 1);
    let found = index(&second).search_many(&[query]).await.unwrap().remove(0);
    assert_eq!(found[0].id.as_str(), "b");
    store
        .backend
        .clear(&Namespace::new("app").unwrap(), Default::default(), &Default::default())
        .await
        .unwrap();
    assert_eq!(
        index(&second).info().await.unwrap().unwrap().entries,
        2,
        "clearing leaves it alone"
    );
}

#[tokio::test]
async fn memory_keeps_indexes_as_long_as_its_store() {
    let memory = settings(&[("backend", "memory")]);
    shares(&memory).await;
    let opened = open(&memory).await.unwrap();
    assert_eq!((opened.engine, opened.why), (SearchEngine::Memory, WhyEngine::OnlyOne));
    assert!(opened.redis.is_none());
    assert!(index(&opened).info().await.unwrap().is_none(), "another store");
}

#[tokio::test]
async fn the_embedded_file_keeps_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let embedded = settings(&[("backend", "embedded"), ("file", file.to_str().unwrap())]);
    shares(&embedded).await;
    let opened = open(&embedded).await.unwrap();
    assert_eq!((opened.engine, opened.why), (SearchEngine::Embedded, WhyEngine::OnlyOne));
    assert_eq!(index(&opened).info().await.unwrap().unwrap().entries, 2, "opened anew");
}

#[tokio::test]
async fn redis_is_searched_by_what_it_has() {
    let searching = OptionalServer::Search.builder().map(|builder| builder.start());
    let eighth = OptionalServer::Redis8.builder().map(|builder| builder.start());
    for (server, engine, why) in [
        (searching, SearchEngine::Search, WhyEngine::HasSearch),
        (eighth, SearchEngine::Sets, WhyEngine::HasSets),
        (Some(TestServer::start()), SearchEngine::Plain, WhyEngine::HasNeither),
    ] {
        let Some(server) = server else { continue };
        let url = server.url();
        let auto = settings(&[("redis_url", &url)]);
        shares(&auto).await;
        let opened = open(&auto).await.unwrap();
        assert_eq!((opened.engine, opened.why), (engine, why));
        assert!(!opened.redis.unwrap().reason().is_empty());
        let chosen = settings(&[("redis_url", &url), ("index_engine", engine.as_str())]);
        let opened = open(&chosen).await.unwrap();
        assert_eq!((opened.engine, opened.why), (engine, WhyEngine::Chosen));
    }
}

#[tokio::test]
async fn parts_belong_to_an_index() {
    let Some(server) = OptionalServer::Redis8.builder().map(|builder| builder.start()) else {
        return;
    };
    let url = server.url();
    let parts = |parts| settings(&[("redis_url", &url), ("index_parts", parts)]);
    shares(&parts("3")).await;
    let other = open(&parts("1")).await.unwrap();
    let error = index(&other).count(&caching_with_redis::core::vector::Filter::All).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_plain_servers_indexes_are_bounded() {
    let server = TestServer::start();
    let url = server.url();
    let narrow = settings(&[("redis_url", &url), ("index_memory", "100")]);
    shares(&settings(&[("redis_url", &url)])).await;
    let error = index(&open(&narrow).await.unwrap());
    let query = VectorQuery::nearest(Embedding::new(vec![1.0, 0.0]).unwrap(), 1);
    assert_eq!(error.search_many(&[query]).await.unwrap_err().kind(), ErrorKind::Full);
}

#[tokio::test]
async fn what_a_server_has_not_is_said() {
    let server = TestServer::start();
    let url = server.url();
    for engine in ["search", "sets"] {
        let chosen = settings(&[("redis_url", &url), ("index_engine", engine)]);
        let Err(Error::Store(error)) = open(&chosen).await else { panic!("{engine} is not there") };
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{engine}");
        assert!(error.to_string().contains("Redis 8"), "{error}");
    }
}

#[tokio::test]
async fn nothing_is_indexed_beside_what_is_encrypted() {
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), format!("{}\n", "0123456789abcdef".repeat(4))).unwrap();
    let server = TestServer::start();
    let path = keys.path().to_str().unwrap();
    let sealed = settings(&[("redis_url", &server.url()), ("encryption_keys", path)]);
    let error = open(&sealed).await.unwrap_err().to_string();
    assert!(error.contains("CACHE_ENCRYPTION_KEYS"), "{error}");
    let memory = settings(&[("backend", "memory"), ("encryption_keys", path)]);
    assert!(open(&memory).await.is_ok(), "nothing leaves the process");
}

#[test]
fn settings_that_make_no_sense_name_the_setting() {
    for (variable, value, part) in [
        ("CACHE_INDEX_ENGINE", "hnsw", "auto, search, sets, plain"),
        ("CACHE_INDEX_PARTS", "0", "1 to 1024"),
        ("CACHE_INDEX_PARTS", "many", "CACHE_INDEX_PARTS"),
    ] {
        let environment = [(variable.to_owned(), value.to_owned())];
        let error = Settings::from_sources(None, &environment, []).unwrap_err().to_string();
        assert!(error.contains(variable) && error.contains(part), "{error}");
    }
}
