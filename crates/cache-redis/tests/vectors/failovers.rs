//! Servers that come back with what they had, and replicas that take over.

use std::time::{Duration, Instant};

use cache_core::vector::{Filter, VectorId, VectorIndex, VectorStore};
use cache_redis::{VectorEngine, VectorOptions};
use redis_test_server::{TestSentinels, TestServer};

use crate::{ENGINES, builder, entry, name, nearest, schema, store};

/// A connection that is broken is noticed and made again, and another primary is found.
pub(crate) async fn until_it_answers(index: &dyn VectorIndex) {
    let start = Instant::now();
    while let Err(error) = index.count(&Filter::All).await {
        assert!(start.elapsed() < Duration::from_secs(20), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Writes what [`assert_right`] looks for.
async fn fill(index: &dyn VectorIndex) {
    let entries: Vec<_> =
        (0..200u8).map(|i| entry(&i.to_string(), [1.0, f32::from(i), 0.0])).collect();
    index.upsert_many(&entries).await.unwrap();
    let gone = VectorId::new("1").unwrap();
    assert_eq!(index.remove_many(&[gone]).await.unwrap(), [true]);
}

/// Everything that was written is there, nothing else, and the index takes more.
async fn assert_right(index: &dyn VectorIndex, what: &str) {
    assert_eq!(nearest(index).await[..3], ["0", "2", "3"], "{what}");
    assert_eq!(index.count(&Filter::All).await.unwrap(), 199, "{what}");
    assert_eq!(index.info().await.unwrap().unwrap().entries, 199, "{what}");
    index.upsert_many(&[entry("1", [1.0, 1.0, 0.0])]).await.unwrap();
    assert_eq!(nearest(index).await[..3], ["0", "1", "2"], "{what}");
    let two = VectorId::new("2").unwrap();
    assert_eq!(index.remove_many(&[two]).await.unwrap(), [true], "{what}");
    assert_eq!(nearest(index).await[..3], ["0", "1", "3"], "{what}");
    assert_eq!(index.count(&Filter::All).await.unwrap(), 199, "{what}");
}

#[tokio::test]
async fn after_a_restart_with_persistence_nothing_is_lost() {
    for engine in ENGINES {
        let Some(builder) = builder(engine) else { continue };
        let builder = builder.directive("appendonly", &["yes"]);
        let mut server = builder.directive("appendfsync", &["always"]).start();
        let options = VectorOptions::new().with_engine(engine);
        let index = store(&server.url(), options).await.open(&name("kept"), &schema());
        fill(&*index).await;
        server.restart();
        until_it_answers(&*index).await;
        assert_right(&*index, &format!("{engine:?}")).await;
    }
}

/// Waits until a replica has all that was written to the server.
fn replicated(server: &TestServer) {
    server.wait("a replica has everything", |server| {
        server.command(&["WAIT", "1", "100"]).parse::<usize>().unwrap() > 0
    });
}

fn watched(engine: VectorEngine) -> Option<(TestServer, TestServer, TestSentinels)> {
    let primary = builder(engine)?.start();
    let replica = builder(engine)?.replica_of(&primary).start();
    let sentinels = TestServer::builder().start_sentinels(&primary);
    Some((primary, replica, sentinels))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_sentinels_promote_has_the_index() {
    for engine in ENGINES {
        let Some((mut primary, replica, sentinels)) = watched(engine) else { continue };
        let options = VectorOptions::new().with_engine(engine);
        let index = store(&sentinels.url(), options).await.open(&name("kept"), &schema());
        fill(&*index).await;
        replicated(&primary);
        primary.kill();
        sentinels.nodes()[0].wait("the Sentinels agree on the replica", |_| {
            sentinels.primary_port() == replica.port()
        });
        replica.wait("it is the primary", |it| it.has_role("master"));
        until_it_answers(&*index).await;
        assert_right(&*index, &format!("{engine:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_takes_over_in_a_cluster_has_the_index() {
    for engine in ENGINES {
        let Some(builder) = builder(engine) else { continue };
        let mut cluster = builder.start_cluster();
        // In parts, so that the others of an index are on nodes that go on.
        let options = VectorOptions::new().with_engine(engine).with_parts(6);
        let index = store(&cluster.url(), options).await.open(&name("kept"), &schema());
        fill(&*index).await;
        let key = match engine {
            VectorEngine::Sets => "app:vec:{kept/0}:schema",
            _ => "app:vec:{kept}:schema",
        };
        let owner = cluster.first_owner(cluster.slot(key));
        replicated(&cluster.nodes()[owner]);
        cluster.nodes_mut()[owner].kill();
        cluster.wait_until_primary(owner + 3);
        until_it_answers(&*index).await;
        assert_right(&*index, &format!("{engine:?}")).await;
    }
}
