//! What several tests need.
#![allow(dead_code)] // each test file uses a part of it

use std::time::Duration;

use cache_core::{
    AppendOptions, CacheBackendExt, CacheError, CacheKey, ErrorKind, KeyFields, KeyKind,
    KeyProfile, KeySpace, LogBackend, LogGroup, LogKey, LogPage, LogRead, Namespace, NewRecord,
    PutEntry, PutOptions, Scope, StoredValue, Ttl,
};
use cache_redis::acl::{self, AclFor};
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::TestServer;

/// A user `cache` with a password that must be percent-encoded, and the rights that the
/// conformance suites need, and no more.
pub(crate) fn least_privilege(what: AclFor) -> Vec<String> {
    let rules = acl::rules(&[namespace("conformance-x")], what);
    let rules = rules.into_iter().map(|rule| rule.replace("conformance-x", "conformance-*"));
    ["on", ">pass:word@1"].into_iter().map(str::to_owned).chain(rules).collect()
}

/// That user before the host of a URL.
pub(crate) fn as_cache(url: &str) -> String {
    url.replacen("://", "://cache:pass%3Aword%401@", 1)
}

/// A server option for a user with these rules.
pub(crate) trait WithUser {
    fn with_user(self, name: &str, rules: &[String]) -> Self;
}

impl WithUser for redis_test_server::Builder {
    fn with_user(self, name: &str, rules: &[String]) -> Self {
        self.user(name, &rules.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// What logs need, one by one.
pub(crate) fn log_rights() -> Vec<String> {
    acl::rules(&[], AclFor::new().with_logs(true))
}

pub(crate) async fn connect(server: &TestServer) -> RedisBackend {
    RedisBackend::connect(server.url()).await.unwrap()
}

/// With times that a loaded machine keeps.
pub(crate) fn patient(url: &str) -> RedisConfig {
    RedisConfig::new(url)
        .with_connect_timeout(Duration::from_secs(5))
        .with_response_timeout(Duration::from_secs(5))
}

pub(crate) fn namespace(name: &str) -> Namespace {
    Namespace::new(name).unwrap()
}

pub(crate) fn keys(name: &str, count: usize) -> Vec<CacheKey> {
    let space = KeySpace::new(namespace(name), KeyKind::Embedding, 0);
    let profile = KeyProfile::new(space, KeyFields::new(KeyKind::Embedding), None);
    (0..count).map(|i| profile.key(&i.to_string())).collect()
}

/// Each key's value is made of its own hash.
pub(crate) fn entries(keys: &[CacheKey], size: usize, ttl: Ttl) -> Vec<PutEntry> {
    let value = |key: &CacheKey| StoredValue::new(value_of(key, size));
    keys.iter().map(|key| PutEntry::new(key.clone(), value(key), ttl)).collect()
}

pub(crate) fn value_of(key: &CacheKey, size: usize) -> Vec<u8> {
    key.hash().iter().copied().cycle().take(size).collect()
}

pub(crate) fn hour() -> Ttl {
    Ttl::seconds(3_600).unwrap()
}

pub(crate) fn plain() -> PutOptions {
    PutOptions::default()
}

/// A password that no message may hold.
pub(crate) const SECRET: &str = "hunter2";

/// The kind, words of the message, and no password anywhere in it.
pub(crate) fn assert_says(error: &CacheError, kind: ErrorKind, words: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text:?}");
    }
    let mut everything = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        everything.push_str(&format!("{error} {error:?}"));
        source = error.source();
    }
    assert!(!everything.contains(SECRET), "a password in {everything}");
}

/// A small value that lives for an hour.
pub(crate) async fn put(backend: &RedisBackend, key: &CacheKey) -> Result<(), CacheError> {
    backend.put(key.clone(), StoredValue::new(value_of(key, 64)), hour()).await
}

/// A group of logs.
pub(crate) fn group(name: &str) -> LogGroup {
    LogGroup::new(namespace(name), &Scope::shared(), "owner", None)
}

/// The names of a log's keys and its group's.
pub(crate) fn names(log: &LogKey) -> Vec<String> {
    let (prefix, name) = (log.group().prefix(), log.name());
    let of_group = ["logs", "ends"].map(|part| format!("{prefix}:{part}"));
    let of_log = ["", ":records", ":pinned", ":ids", ":lost"].map(|part| format!("{name}{part}"));
    of_group.into_iter().chain(of_log).collect()
}

/// A record of weight 1, not pinned.
pub(crate) fn record(id: &str) -> NewRecord {
    NewRecord { id: id.to_owned(), weight: 1, pinned: false, payload: id.to_owned().into() }
}

pub(crate) fn pinned(id: &str) -> NewRecord {
    NewRecord { pinned: true, ..record(id) }
}

pub(crate) fn for_an_hour() -> AppendOptions {
    AppendOptions::new(hour())
}

/// The whole log.
pub(crate) async fn whole(backend: &RedisBackend, log: &LogKey) -> LogPage {
    backend.read(log, &LogRead::Last(usize::MAX)).await.unwrap().unwrap()
}
