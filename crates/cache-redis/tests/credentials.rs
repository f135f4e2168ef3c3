//! Credentials that change while the program runs.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache_core::{CacheBackendExt, CacheError, ErrorKind};
use cache_redis::{Credentials, CredentialsSource, RedisBackend, RedisConfig};
use redis_test_server::{Proxy, TestCluster, TestServer};
use support::{SECRET, assert_says, keys, put};
use tokio::sync::watch;

/// A vault whose password can be changed, and that tells of it or not.
#[derive(Clone)]
struct Vault {
    password: watch::Sender<String>,
    tells: bool,
    asked: Arc<AtomicU64>,
}

impl Vault {
    fn new(password: &str, tells: bool) -> Self {
        let password = watch::Sender::new(password.to_owned());
        Self { password, tells, asked: Arc::default() }
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl CredentialsSource for Vault {
    async fn credentials(&self) -> Result<Credentials, CacheError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Credentials::new("app", self.password.borrow().clone()))
    }

    async fn changed(&self) {
        if self.tells {
            let _ = self.password.subscribe().changed().await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

/// A server that knows the user `app` with this password.
fn server() -> TestServer {
    TestServer::builder().user("app", &["on", ">old", "~*", "+@all"]).start()
}

fn config(url: &str, vault: &Vault) -> RedisConfig {
    support::patient(url).with_credentials(vault.clone())
}

fn change(server: &TestServer, password: &str) {
    server.command(&["ACL", "SETUSER", "app", "resetpass", &format!(">{password}")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_told_change_authenticates_the_open_connection_anew() {
    let server = server();
    let vault = Vault::new("old", true);
    let proxy = Proxy::start(server.port());
    let backend = RedisBackend::connect_with(&config(&proxy.url(), &vault)).await.unwrap();
    let key = &keys("c", 1)[0];
    put(&backend, key).await.unwrap();
    for password in ["second", "third"] {
        change(&server, password);
        let before = server.command_calls("auth");
        vault.password.send_replace(password.to_owned());
        server.wait("it authenticates anew", |server| server.command_calls("auth") > before);
        assert!(backend.get(key).await.unwrap().is_some());
    }
    assert_eq!(proxy.connections(), 1, "over the connection that it had");
    assert!(!format!("{backend:?} {:?}", config(&proxy.url(), &vault)).contains("third"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untold_change_is_found_out_when_a_connection_is_made() {
    let server = server();
    let vault = Vault::new("old", false);
    let backend = RedisBackend::connect_with(&config(&server.url(), &vault)).await.unwrap();
    let key = &keys("c", 1)[0];
    put(&backend, key).await.unwrap();
    change(&server, "new");
    vault.password.send_replace("new".to_owned());
    server.command(&["CLIENT", "KILL", "USER", "app"]);
    assert!(backend.get(key).await.unwrap().is_some(), "the first call succeeds");
    assert_eq!(vault.asked(), 2, "once for each connection");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_just_replaced_is_asked_for_once_more() {
    let server = server();
    // The first answer is what was valid a moment ago.
    let answers = Arc::new(Mutex::new(vec!["old".to_owned(), SECRET.to_owned()]));
    let source = move || {
        let password = answers.lock().unwrap().pop().unwrap();
        async move { Ok(Credentials::new("app", password)) }
    };
    let config = support::patient(&server.url()).with_credentials(source);
    put(&RedisBackend::connect_with(&config).await.unwrap(), &keys("c", 1)[0]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_in_the_end_is_told() {
    let server = server();
    let vault = Vault::new(SECRET, true);
    let error = RedisBackend::connect_with(&config(&server.url(), &vault)).await.unwrap_err();
    assert_says(&error, ErrorKind::Unauthenticated, &["refused"]);
    assert_eq!(vault.asked(), 2);
    let closed = || async { Err(CacheError::new(ErrorKind::Unavailable, "the vault is closed")) };
    let config = support::patient(&server.url()).with_credentials(closed);
    let error = RedisBackend::connect_with(&config).await.unwrap_err();
    assert_says(&error, ErrorKind::Unavailable, &["the vault is closed"]);
    let never = || async {
        std::future::pending::<()>().await;
        Ok(Credentials::password("never"))
    };
    let config = RedisConfig::new(server.url())
        .with_connect_timeout(Duration::from_millis(200))
        .with_credentials(never);
    let error = RedisBackend::connect_with(&config).await.unwrap_err();
    assert_says(&error, ErrorKind::Unavailable, &["within the connect timeout"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_of_a_cluster_is_told() {
    let cluster = TestServer::builder().user("app", &["on", ">old", "~*", "+@all"]).start_cluster();
    let vault = Vault::new("old", true);
    let backend = RedisBackend::connect_with(&config(&cluster.url(), &vault)).await.unwrap();
    let keys = keys("c", 50);
    for key in &keys {
        put(&backend, key).await.unwrap();
    }
    let auths = |cluster: &TestCluster| -> Vec<u64> {
        cluster.nodes()[..3].iter().map(|node| node.command_calls("auth")).collect()
    };
    let before = auths(&cluster);
    cluster.nodes().iter().for_each(|node| change(node, "new"));
    vault.password.send_replace("new".to_owned());
    for (node, before) in cluster.nodes()[..3].iter().zip(before) {
        node.wait("it is authenticated to anew", |node| node.command_calls("auth") > before);
    }
    for key in &keys {
        assert!(backend.get(key).await.unwrap().is_some());
    }
}
