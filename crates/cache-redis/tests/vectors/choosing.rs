//! Which engine is taken, and what is said where there is none.

use cache_core::ErrorKind;
use cache_redis::{RedisVectors, VectorEngine, VectorOptions};
use redis_test_server::TestServer;

use crate::support::{assert_says, patient};
use crate::{server, store};

#[tokio::test]
async fn what_the_server_has_is_taken_and_said() {
    for (engine, words) in
        [(VectorEngine::Search, "has a search module"), (VectorEngine::Sets, "has vector sets")]
    {
        let Some(server) = server(engine) else { continue };
        let store = store(&server.url(), VectorOptions::new()).await;
        assert_eq!(store.engine(), engine);
        assert!(store.reason().contains(words), "{}", store.reason());
    }
}

#[tokio::test]
async fn on_a_plain_server_the_processes_search() {
    if std::env::var_os("TEST_REDIS_SERVER").is_some() {
        println!("not run: TEST_REDIS_SERVER is set, and that server may not be plain");
        return;
    }
    let server = TestServer::start();
    let found = store(&server.url(), VectorOptions::new()).await;
    assert_eq!(found.engine(), VectorEngine::Plain);
    let reason = "neither a search module nor vector sets";
    assert!(found.reason().contains(reason), "{}", found.reason());
    for (engine, words) in
        [(VectorEngine::Search, "no search module"), (VectorEngine::Sets, "no vector sets")]
    {
        let options = VectorOptions::new().with_engine(engine);
        let error = RedisVectors::connect(&patient(&server.url()), options).await.unwrap_err();
        assert_says(&error, ErrorKind::Unsupported, &[words]);
    }
}
