//! A cluster of which a node is lost.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use cache_redis::{RedisBackend, RedisConfig};
use common::{TestProvider, bits, builder, texts, vector};
use redis_test_server::TestCluster;

const TEXTS: usize = 90;

/// Three nodes, each of which serves what it has without the others.
fn without_replicas() -> TestCluster {
    let mut cluster = TestCluster::start();
    cluster.nodes_mut()[3..].iter_mut().for_each(redis_test_server::TestServer::kill);
    for node in &cluster.nodes()[..3] {
        node.command(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]);
    }
    cluster
}

async fn connect(cluster: &TestCluster) -> Arc<RedisBackend> {
    let config = RedisConfig::new(cluster.url()).with_response_timeout(Duration::from_secs(10));
    Arc::new(RedisBackend::connect_with(&config).await.unwrap())
}

/// Of a batch only those texts are computed that the lost node had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_other_nodes_hold_is_hit_while_one_is_lost() {
    let mut cluster = without_replicas();
    let backend = connect(&cluster).await;
    let provider = Arc::new(TestProvider::new());
    let cache = builder(&backend, &provider).build().unwrap();
    let texts = texts(TEXTS);
    cache.embed_batch(&texts).await.unwrap();
    let on_lost: usize = cluster.nodes()[0].command(&["DBSIZE"]).parse().unwrap();
    cluster.nodes_mut()[0].kill();
    for _ in 0..5 {
        provider.forget_calls();
        let found = cache.embed_batch(&texts).await.unwrap();
        assert!(found.iter().zip(&texts).all(|(it, text)| bits(it) == bits(&vector(text))));
        let computed = provider.inputs().len();
        assert!(computed > 0 && computed <= on_lost, "{computed} of {on_lost}");
    }
    let new: Vec<_> = (0..30).map(|i| format!("new {i}")).collect();
    cache.embed_batch(&new).await.unwrap();
    provider.forget_calls();
    cache.embed_batch(&new).await.unwrap();
    let again = provider.inputs().len();
    assert!(again > 0 && again < new.len(), "{again}: what lies on the others was stored");
    let strict = builder(&backend, &provider).strict(true).build().unwrap();
    strict.embed_batch(&texts).await.unwrap_err();
}
