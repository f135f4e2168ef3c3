//! What a plain server may lose, what others may do to it, and that everybody notices.

use std::time::Duration;

use cache_core::Ttl;
use cache_core::vector::{Filter, VectorEntry, VectorIndex, VectorStore};
use redis_test_server::{Proxy, TestServer};

use crate::{entry, local, name, nearest, numbered, plain, schema};

const KEYS: [&str; 5] = ["index", "entries", "written", "ends", "gone"];

fn key(name: &str, what: &str) -> String {
    format!("app:vec:{{{name}}}:plain:{what}")
}

fn along(id: &str) -> VectorEntry {
    entry(id, [1.0, 0.0, 0.0])
}

fn living(id: &str, ttl: Ttl) -> VectorEntry {
    VectorEntry::new(along(id).id, along(id).vector, ttl)
}

async fn write(index: &dyn VectorIndex, ids: &[&str]) {
    let entries: Vec<_> = ids.iter().map(|id| along(id)).collect();
    index.upsert_many(&entries).await.unwrap();
}

/// Searches until a broken connection was noticed and made again.
async fn found_again(index: &dyn VectorIndex) -> Vec<String> {
    for _ in 0..200 {
        if index.count(&Filter::All).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    nearest(index).await
}

#[tokio::test]
async fn an_index_that_was_dropped_and_made_again_by_another_is_another_one() {
    let server = TestServer::start();
    let [here, there] = [plain(&server.url()).await, plain(&server.url()).await];
    let [here, there] = [here, there].map(|store| store.open(&name("again"), &schema()));
    write(&*here, &["a", "b"]).await;
    assert_eq!(nearest(&*here).await, ["a", "b"]);
    assert!(there.drop_index().await.unwrap());
    // As many writes and entries as before.
    write(&*there, &["c", "d"]).await;
    assert_eq!(nearest(&*here).await, ["c", "d"]);
    server.command(&["FLUSHALL"]);
    write(&*there, &["e", "f", "g"]).await;
    assert_eq!(nearest(&*here).await, ["e", "f", "g"]);
}

#[tokio::test]
async fn a_server_that_comes_back_with_an_older_state_is_believed() {
    let mut server = TestServer::start();
    let store = plain(&server.url()).await;
    let index = store.open(&name("rdb"), &schema());
    write(&*index, &["a", "b"]).await;
    server.command(&["SAVE"]);
    index.upsert_many(&[entry("a", [0.0, 1.0, 0.0]), along("lost")]).await.unwrap();
    index.remove_many(&[along("b").id]).await.unwrap();
    assert_eq!(nearest(&*index).await, ["lost", "a"]);
    server.restart();
    // More changes than were lost.
    let other = plain(&server.url()).await.open(&name("rdb"), &schema());
    write(&*other, &["c", "d", "e", "f", "g"]).await;
    assert_eq!(found_again(&*index).await, ["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(local(&store).loads, 2);
    assert_eq!(nearest(&*index).await.len(), 7);
    assert_eq!(local(&store).loads, 2, "once is enough");
}

#[tokio::test]
async fn writes_that_a_failover_has_lost_are_lost_here_too() {
    let primary = TestServer::start();
    let replica = TestServer::builder().replica_of(&primary).start();
    let proxy = Proxy::start(primary.port());
    let index = plain(&proxy.url()).await.open(&name("failover"), &schema());
    write(&*index, &["a", "b"]).await;
    primary.command(&["WAIT", "1", "5000"]);
    replica.command(&["REPLICAOF", "NO", "ONE"]);
    index.upsert_many(&[entry("a", [0.0, 1.0, 0.0]), along("lost")]).await.unwrap();
    index.remove_many(&[along("b").id]).await.unwrap();
    assert_eq!(nearest(&*index).await, ["lost", "a"]);
    // As many changes on the new primary, and as many entries.
    let other = plain(&replica.url()).await.open(&name("failover"), &schema());
    write(&*other, &["c", "d"]).await;
    other.remove_many(&[along("d").id]).await.unwrap();
    proxy.set_target(replica.port());
    proxy.cut();
    assert_eq!(found_again(&*index).await, ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_lead_to_the_new_primary() {
    let mut primary = TestServer::start();
    let replica = TestServer::builder().replica_of(&primary).start();
    let sentinels = TestServer::builder().start_sentinels(&primary);
    let index = plain(&sentinels.url()).await.open(&name("sentinel"), &schema());
    write(&*index, &["a", "b"]).await;
    primary.command(&["WAIT", "1", "5000"]);
    assert_eq!(nearest(&*index).await, ["a", "b"]);
    primary.kill();
    sentinels.nodes()[0].wait("a failover", |_| sentinels.primary_port() == replica.port());
    assert_eq!(found_again(&*index).await, ["a", "b"]);
    write(&*index, &["c"]).await;
    assert_eq!(nearest(&*index).await, ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_missed_forgotten_removals_begins_anew() {
    let server = TestServer::start();
    let [here, there] = [plain(&server.url()).await, plain(&server.url()).await];
    let [index, other] = [&here, &there].map(|store| store.open(&name("missed"), &schema()));
    other.upsert_many(&numbered(0..10_100)).await.unwrap();
    assert_eq!(index.count(&Filter::All).await.unwrap(), 10_100);
    let gone: Vec<_> = numbered(0..10_050).into_iter().map(|entry| entry.id).collect();
    other.remove_many(&gone[..9_000]).await.unwrap();
    assert_eq!(index.count(&Filter::All).await.unwrap(), 1_100);
    assert_eq!(local(&here).loads, 1, "so many are remembered");
    other.upsert_many(&numbered(20_000..29_000)).await.unwrap();
    let late: Vec<_> = numbered(20_000..29_000).into_iter().map(|entry| entry.id).collect();
    other.remove_many(&gone[9_000..]).await.unwrap();
    other.remove_many(&late).await.unwrap();
    assert_eq!(index.count(&Filter::All).await.unwrap(), 50);
    assert_eq!(local(&here).loads, 2, "those before are not");
    let remembered = server.command(&["ZCARD", &key("missed", "gone")]);
    assert_eq!(remembered, "10000");
}

#[tokio::test]
async fn a_damaged_value_is_skipped_and_counted() {
    let server = TestServer::start();
    let store = plain(&server.url()).await;
    let index = store.open(&name("damage"), &schema());
    write(&*index, &["a", "b", "c", "d"]).await;
    let entries = key("damage", "entries");
    server.command(&["HSET", &entries, "b", "no value of ours"]);
    server.command(&["HSET", &entries, "unknown", "of somebody"]);
    let copy = "return redis.call('HSET', KEYS[1], 'c', redis.call('HGET', KEYS[1], 'd'))";
    server.command(&["EVAL", copy, "1", &entries]);
    assert_eq!(nearest(&*index).await, ["a", "d"]);
    assert_eq!(local(&store).skipped, 2);
    write(&*index, &["b"]).await;
    assert_eq!(nearest(&*index).await, ["a", "b", "d"]);
    assert_eq!(index.remove_many(&[along("c").id]).await.unwrap(), [true]);
    assert_eq!(nearest(&*index).await, ["a", "b", "d"]);
    assert_eq!((local(&store).skipped, local(&store).loads), (0, 1));
}

#[tokio::test]
async fn whichever_key_is_evicted_nothing_wrong_is_found() {
    for what in KEYS {
        let server = TestServer::start();
        let store = plain(&server.url()).await;
        let index = store.open(&name("evicted"), &schema());
        write(&*index, &["a", "b"]).await;
        index.upsert_many(&[along("c"), living("d", Ttl::FOREVER)]).await.unwrap();
        assert_eq!(nearest(&*index).await, ["a", "b", "c", "d"]);
        index.remove_many(&[along("a").id]).await.unwrap();
        assert_eq!(server.command(&["DEL", &key("evicted", what)]), "1", "{what}");
        // Of removals alone, nobody has to know.
        let left: &[&str] = if what == "gone" { &["b", "c", "d"] } else { &[] };
        assert_eq!(nearest(&*index).await, left, "without {what}");
        write(&*index, &["e"]).await;
        let all: Vec<_> = left.iter().copied().chain(["e"]).collect();
        assert_eq!(nearest(&*index).await, all, "without {what}");
        let late = plain(&server.url()).await.open(&name("evicted"), &schema());
        assert_eq!(nearest(&*late).await, all, "without {what}, for another process");
    }
}

#[tokio::test]
async fn what_has_ended_leaves_the_server_too() {
    let server = TestServer::start();
    let index = plain(&server.url()).await.open(&name("ends"), &schema());
    let short = Ttl::new(Duration::from_millis(300)).unwrap();
    let mortal: Vec<_> = (0..250).map(|i| living(&format!("mortal-{i}"), short)).collect();
    index.upsert_many(&mortal).await.unwrap();
    assert_eq!(index.count(&Filter::All).await.unwrap(), 250);
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(index.count(&Filter::All).await.unwrap(), 0);
    let stored = || server.command(&["HLEN", &key("ends", "entries")]);
    assert_eq!(stored(), "250", "a search removes nothing");
    for left in ["151", "52", "3"] {
        write(&*index, &[left]).await;
        assert_eq!(stored(), left, "a write removes a hundred");
    }
    assert_eq!(nearest(&*index).await, ["151", "3", "52"]);
}

#[tokio::test]
async fn keys_of_another_type_are_told_about() {
    let server = TestServer::start();
    let index = plain(&server.url()).await.open(&name("foreign"), &schema());
    server.command(&["SET", &key("foreign", "index"), "somebody's"]);
    let error = index.count(&Filter::All).await.unwrap_err();
    assert_eq!(error.kind(), cache_core::ErrorKind::WrongType, "{error}");
    let error = index.upsert_many(&[along("a")]).await.unwrap_err();
    assert_eq!(error.kind(), cache_core::ErrorKind::WrongType, "{error}");
}
