//! Sentinels, and failovers.

use std::time::{Duration, Instant};

use cache_core::{CacheBackend, CacheBackendExt, ErrorKind};
use cache_redis::{ReadFrom, RedisBackend, RedisConfig};
use redis_test_server::{TestSentinels, TestServer};

use crate::support::{SECRET, assert_says, keys, patient, put};
use crate::traffic::{Traffic, check, until_it_works};

/// A primary, its replica, and who watches over them.
fn watched() -> (TestServer, TestServer, TestSentinels) {
    let primary = TestServer::start();
    let replica = TestServer::builder().replica_of(&primary).start();
    let sentinels = TestServer::builder().start_sentinels(&primary);
    (primary, replica, sentinels)
}

fn impatient(sentinels: &TestSentinels) -> RedisConfig {
    RedisConfig::new(sentinels.url()).with_response_timeout(Duration::from_millis(500))
}

fn wait_for_failover(sentinels: &TestSentinels, port: u16) {
    sentinels.nodes()[0]
        .wait("the Sentinels agree on another", |_| sentinels.primary_port() == port);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_primary_is_followed_by_its_replica() {
    let (mut primary, replica, sentinels) = watched();
    let backend = RedisBackend::connect_with(&impatient(&sentinels)).await.unwrap();
    let keys = keys("s", 30);
    until_it_works(&backend, &keys).await;
    let traffic = Traffic::start(&backend, &keys);
    tokio::time::sleep(Duration::from_millis(200)).await;
    primary.kill();
    let killed = Instant::now();
    wait_for_failover(&sentinels, replica.port());
    let agreed = killed.elapsed();
    let took = until_it_works(&backend, &keys).await;
    assert!(took < Duration::from_secs(3), "{took:?} after the Sentinels agreed");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (succeeded, failed) = traffic.stop().await;
    println!("agreed after {agreed:?}, usable {took:?} later; {failed} of {succeeded} failed");
    assert_eq!(check(&backend, &keys).await.unwrap(), 30);
    assert!(replica.command_calls("set") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_was_only_silent_is_left_when_the_sentinels_say_so() {
    let (primary, replica, sentinels) = watched();
    let backend = RedisBackend::connect_with(&impatient(&sentinels)).await.unwrap();
    let keys = keys("s", 30);
    until_it_works(&backend, &keys).await;
    primary.pause();
    wait_for_failover(&sentinels, replica.port());
    // Nothing was called meanwhile: the connection stands, and the Sentinels alone have spoken.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    put(&backend, &keys[0]).await.unwrap();
    assert!(started.elapsed() < Duration::from_millis(450), "no timeout: {:?}", started.elapsed());
    primary.resume();
    primary.wait("it has become a replica", |server| server.has_role("slave"));
    let before = replica.command_calls("set");
    until_it_works(&backend, &keys).await;
    assert!(replica.command_calls("set") - before >= 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_may_be_missing() {
    let (_primary, _replica, mut sentinels) = watched();
    sentinels.nodes_mut()[0].kill();
    sentinels.nodes()[1].pause();
    let started = Instant::now();
    let backend = RedisBackend::connect(sentinels.url()).await.unwrap();
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    put(&backend, &keys("s", 1)[0]).await.unwrap();
    sentinels.nodes()[1].resume();
    sentinels.nodes_mut().iter_mut().for_each(TestServer::kill);
    assert!(backend.get(&keys("s", 1)[0]).await.unwrap().is_some(), "the connection stands");
    let error = RedisBackend::connect(sentinels.url()).await.unwrap_err();
    assert_says(&error, ErrorKind::Unavailable, &["connection refused"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_are_those_that_the_sentinels_know() {
    let (mut primary, replica, sentinels) = watched();
    let other = TestServer::builder().replica_of(&primary).start();
    let config = impatient(&sentinels).with_read_from(ReadFrom::PreferReplica);
    let backend = RedisBackend::connect_with(&config).await.unwrap();
    let keys = keys("s", 20);
    let read = |server: &TestServer| server.command_calls("mget");
    until_it_works(&backend, &keys).await;
    for server in [&replica, &other] {
        let before = read(server);
        let started = Instant::now();
        while read(server) == before {
            check(&backend, &keys).await.unwrap();
            assert!(started.elapsed() < Duration::from_secs(20), "a replica is never read from");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    primary.kill();
    sentinels.nodes()[0].wait("a failover", |_| sentinels.primary_port() != primary.port());
    until_it_works(&backend, &keys).await;
    assert_eq!(check(&backend, &keys).await.unwrap(), 20);
}

#[tokio::test]
async fn what_is_wrong_with_sentinels_is_told() {
    let (primary, _replica, sentinels) = watched();
    let other = sentinels.url().replacen("/main", "/other", 1);
    let error = RedisBackend::connect(other).await.unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["no service of the name"]);
    let server = format!("redis+sentinel://127.0.0.1:{}/main", primary.port());
    let error = RedisBackend::connect(server).await.unwrap_err();
    assert_says(&error, ErrorKind::InvalidInput, &["no Sentinel"]);
    let error = RedisBackend::connect(format!("{}?sentinel_password={SECRET}", sentinels.url()));
    assert_says(&error.await.unwrap_err(), ErrorKind::Unauthenticated, &["refused"]);
    let login = sentinels.url().replacen("://", &format!("://:{SECRET}@"), 1);
    let error = RedisBackend::connect_with(&patient(&login)).await.unwrap_err();
    assert_says(&error, ErrorKind::Unauthenticated, &["refused"]);
    assert!(backend_info(&sentinels).contains("redis+sentinel://127.0.0.1:"));
}

fn backend_info(sentinels: &TestSentinels) -> String {
    RedisBackend::open(&patient(&sentinels.url())).unwrap().info().location
}
