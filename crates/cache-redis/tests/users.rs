//! Users with the least rights, made by an administrator's connection.
#![allow(clippy::unwrap_used)]

mod support;

use cache_core::{CacheBackendExt, ErrorKind};
use cache_redis::acl::AclFor;
use cache_redis::{Credentials, RedisBackend};
use redis_test_server::{TestCluster, TestServer};
use secrecy::SecretString;
use support::{assert_says, keys, namespace, patient, put};

const PASSWORD: &str = "a pass:word@";

fn both() -> AclFor {
    AclFor::new().with_cache(true).with_logs(true)
}

async fn as_app(url: &str) -> RedisBackend {
    let credentials = || async { Ok(Credentials::new("app", PASSWORD)) };
    RedisBackend::connect_with(&patient(url).with_credentials(credentials)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_made_on_every_node_of_a_cluster() {
    let cluster = TestCluster::start();
    let admin = RedisBackend::connect_with(&patient(&cluster.url())).await.unwrap();
    let password = SecretString::from(PASSWORD);
    let made = admin.set_acl_user("app", &password, &[namespace("app")], both()).await.unwrap();
    assert_eq!(made.len(), 6, "replicas too: one of them may be the next primary");
    for node in cluster.nodes() {
        let rules = node.command(&["ACL", "GETUSER", "app"]);
        assert!(rules.contains("app:*") && !rules.contains(PASSWORD), "{rules}");
    }
    let app = as_app(&cluster.url()).await;
    for key in keys("app", 20) {
        put(&app, &key).await.unwrap();
        assert!(app.get(&key).await.unwrap().is_some());
    }
    let refused = put(&app, &keys("other", 1)[0]).await.unwrap_err();
    assert_says(&refused, ErrorKind::PermissionDenied, &["ACL SETUSER"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn making_a_user_again_takes_the_rights_it_no_longer_has() {
    let server = TestServer::start();
    let admin = RedisBackend::connect_with(&patient(&server.url())).await.unwrap();
    let password = SecretString::from(PASSWORD);
    let make = async |name: &str| {
        admin.set_acl_user("app", &password, &[namespace(name)], both()).await.unwrap()
    };
    make("one").await;
    put(&as_app(&server.url()).await, &keys("one", 1)[0]).await.unwrap();
    make("two").await;
    let app = as_app(&server.url()).await;
    put(&app, &keys("two", 1)[0]).await.unwrap();
    let refused = put(&app, &keys("one", 1)[0]).await.unwrap_err();
    assert_says(&refused, ErrorKind::PermissionDenied, &[]);
    let denied = app.set_acl_user("me", &password, &[namespace("one")], both()).await.unwrap_err();
    assert_says(&denied, ErrorKind::PermissionDenied, &["acl"]);
}
