//! Searches that do not ask while nothing was told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::Ttl;
use cache_core::vector::{VectorEntry, VectorIndex, VectorStore};
use cache_redis::acl::AclFor;
use cache_redis::{VectorEngine, VectorOptions};
use redis_test_server::{Proxy, TestServer};

use crate::support::{WithUser, as_cache, least_privilege};
use crate::{entry, name, nearest, plain, schema, store};

const STALENESS: Duration = Duration::from_millis(500);

async fn stale(url: &str) -> Arc<dyn VectorIndex> {
    let options = VectorOptions::new().with_engine(VectorEngine::Plain);
    store(url, options.with_max_staleness(STALENESS)).await.open(&name("news"), &schema())
}

fn along(id: &str) -> VectorEntry {
    entry(id, [1.0, 0.0, 0.0])
}

/// Searches until it need not ask any more.
async fn settled(server: &TestServer, index: &dyn VectorIndex) {
    let started = Instant::now();
    loop {
        let before = server.command_calls("evalsha");
        nearest(index).await;
        if server.command_calls("evalsha") == before {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "it always asks");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How long it takes until a search finds this.
async fn until_found(index: &dyn VectorIndex, expected: &[&str]) -> Duration {
    let started = Instant::now();
    while nearest(index).await != expected {
        assert!(started.elapsed() < Duration::from_secs(20), "{expected:?} is never found");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_asks_while_nothing_changes_and_own_writes_are_seen_at_once() {
    let server = TestServer::start();
    let index = stale(&server.url()).await;
    let other = plain(&server.url()).await.open(&name("news"), &schema());
    for round in 0..20 {
        let id = format!("{round:02}");
        index.upsert_many(&[along(&id)]).await.unwrap();
        assert_eq!(nearest(&*index).await, [&id[..]], "an own write");
        index.remove_many(&[along(&id).id]).await.unwrap();
        assert!(nearest(&*index).await.is_empty(), "an own removal");
    }
    settled(&server, &*index).await;
    let before = server.command_calls("evalsha");
    for _ in 0..100 {
        assert!(nearest(&*index).await.is_empty());
    }
    assert_eq!(server.command_calls("evalsha"), before);
    other.upsert_many(&[along("a")]).await.unwrap();
    assert!(until_found(&*index, &["a"]).await < STALENESS);
    other.drop_index().await.unwrap();
    assert!(until_found(&*index, &[]).await < STALENESS);
    other.upsert_many(&[along("b")]).await.unwrap();
    assert!(until_found(&*index, &["b"]).await < STALENESS);
    server.command(&["FLUSHALL"]);
    assert!(until_found(&*index, &[]).await < STALENESS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_for_longer_than_allowed_whatever_the_network_swallows() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let index = stale(&proxy.url()).await;
    let other = plain(&server.url()).await.open(&name("news"), &schema());
    other.upsert_many(&[along("a")]).await.unwrap();
    settled(&server, &*index).await;
    proxy.silence_tracking(true);
    other.upsert_many(&[along("b")]).await.unwrap();
    assert_eq!(nearest(&*index).await, ["a"], "nobody has told of it");
    tokio::time::sleep(STALENESS).await;
    assert_eq!(nearest(&*index).await, ["a", "b"]);
    proxy.silence_tracking(false);
    settled(&server, &*index).await;
    proxy.cut();
    other.upsert_many(&[along("c")]).await.unwrap();
    tokio::time::sleep(STALENESS).await;
    assert_eq!(nearest(&*index).await, ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_end_though_nobody_asks() {
    let server = TestServer::start();
    let index = stale(&server.url()).await;
    let life = Duration::from_secs(2);
    let (id, vector) = (along("short").id, along("short").vector);
    let written = Instant::now();
    let short = VectorEntry::new(id, vector, Ttl::new(life).unwrap());
    index.upsert_many(&[short, along("long")]).await.unwrap();
    settled(&server, &*index).await;
    let before = server.command_calls("evalsha");
    assert_eq!(nearest(&*index).await, ["long", "short"]);
    tokio::time::sleep(life.saturating_sub(written.elapsed())).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(nearest(&*index).await, ["long"]);
    assert_eq!(server.command_calls("evalsha"), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_told_asks() {
    let rules = least_privilege(AclFor::new().with_vectors(VectorEngine::Plain));
    let rules: Vec<_> = rules.iter().map(|rule| rule.replace("conformance-*", "app")).collect();
    let server = TestServer::builder().password("other").with_user("cache", &rules).start();
    let index = stale(&as_cache(&server.url())).await;
    let other = plain(&as_cache(&server.url())).await.open(&name("news"), &schema());
    for id in ["a", "b", "c"] {
        other.upsert_many(&[along(id)]).await.unwrap();
        assert_eq!(nearest(&*index).await.last().unwrap(), id);
    }
}
