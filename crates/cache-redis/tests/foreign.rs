//! Keys of other programs: found whatever they are called, read as they are, and left as they are.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use cache_core::ErrorKind;
use cache_redis::{ForeignKeys, ForeignLife, RedisConfig};
use redis_test_server::{TestCluster, TestServer};
use support::patient;

fn bytes(keys: &[&str]) -> Vec<Vec<u8>> {
    keys.iter().map(|key| key.as_bytes().to_vec()).collect()
}

async fn found(keys: &ForeignKeys, prefix: &str) -> Vec<String> {
    let mut scan = keys.scan(prefix, 10);
    let mut all = Vec::new();
    while let Some(page) = scan.next_page().await.unwrap() {
        all.extend(page.into_iter().map(|key| String::from_utf8(key).unwrap()));
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[tokio::test]
async fn what_is_there_is_read_and_stays() {
    let server = TestServer::start();
    server.command(&["SET", "a", "\u{1}value", "PX", "60000"]);
    server.command(&["HSET", "b", "one", "1", "three", "333"]);
    server.command(&["RPUSH", "c", "x"]);
    let keys = ForeignKeys::connect_with(&patient(&server.url())).await.unwrap();
    let asked = bytes(&["c", "a", "nothing", "b"]);

    assert_eq!(keys.lengths(&asked).await.unwrap(), [None, Some(6), Some(0), None]);
    let values = keys.values(&asked).await.unwrap();
    assert_eq!(values, [None, Some(b"\x01value".to_vec()), None, None]);
    let lengths = keys.field_lengths(&asked, &["one", "two", "three"]).await.unwrap();
    assert_eq!(lengths, [None, None, Some(vec![0, 0, 0]), Some(vec![1, 0, 3])]);
    let fields = keys.fields(&asked, &["three", "two"]).await.unwrap();
    let nothing = Some(vec![None, None]);
    assert_eq!(fields, [None, None, nothing, Some(vec![Some(b"333".to_vec()), None])]);
    let lives = keys.lives(&asked).await.unwrap();
    let (minute, half) = (Duration::from_secs(60), Duration::from_secs(30));
    assert!(matches!(lives[1], ForeignLife::For(life) if life <= minute && life > half));
    assert_eq!((lives[0], lives[2]), (ForeignLife::Forever, ForeignLife::Gone));
    assert!(keys.values(&[]).await.unwrap().is_empty());

    for command in ["set", "hset", "del", "expire", "pexpire", "keys", "touch"] {
        let own = u64::from(matches!(command, "set" | "hset"));
        assert_eq!(server.command_calls(command), own, "{command}");
    }
}

#[tokio::test]
async fn a_prefix_is_meant_as_it_is_written() {
    let server = TestServer::start();
    let prefix = r"we*rd?[a-z]\:^";
    let (own, others) = ([format!("{prefix}1"), format!("{prefix}2")], ["weird?a\\:^1", "x"]);
    own.iter().map(String::as_str).chain(others).for_each(|key| {
        server.command(&["SET", key, "v"]);
    });
    let keys = ForeignKeys::connect_with(&patient(&server.url())).await.unwrap();
    assert_eq!(found(&keys, prefix).await, own);
    assert_eq!(found(&keys, "").await.len(), 4);
    assert_eq!(found(&keys, "nobody").await.len(), 0);
}

#[tokio::test]
async fn a_cluster_is_gone_through_as_a_whole() {
    let cluster = TestCluster::start();
    let names: Vec<String> = (0..100).map(|n| format!("old:{n:03}")).collect();
    for name in &names {
        let owner = cluster.first_owner(cluster.slot(name));
        cluster.nodes()[owner].command(&["SET", name, name]);
    }
    let keys = ForeignKeys::connect_with(&patient(&cluster.url())).await.unwrap();
    assert_eq!(found(&keys, "old:").await, names);
    let asked: Vec<_> = names.iter().map(|name| name.clone().into_bytes()).collect();
    let expected: Vec<_> = asked.iter().cloned().map(Some).collect();
    assert_eq!(keys.values(&asked).await.unwrap(), expected, "in their order");
}

#[tokio::test]
async fn what_is_refused_is_an_error_without_the_password() {
    let server = TestServer::builder()
        .user(
            "reader",
            &["on", ">s3cret", "~old:*", "+ping", "+scan", "+strlen", "+select", "+info"],
        )
        .start();
    let url = server.url().replacen("://", "://reader:s3cret@", 1);
    let keys = ForeignKeys::connect_with(&RedisConfig::new(url)).await.unwrap();
    assert_eq!(keys.lengths(&bytes(&["old:1"])).await.unwrap(), [Some(0)]);
    for refused in [
        keys.values(&bytes(&["old:1"])).await.unwrap_err(),
        keys.lengths(&bytes(&["new:1"])).await.unwrap_err(),
    ] {
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        assert!(!format!("{refused} {refused:?}").contains("s3cret"));
    }
    assert!(!keys.location().contains("s3cret"), "{}", keys.location());
}
