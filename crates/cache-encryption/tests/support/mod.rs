//! What several tests need.
#![allow(dead_code)] // each test file uses a part of it

use std::time::Duration;

use cache_core::{
    AppendOptions, CacheKey, GetOptions, KeyKind, KeySpace, LogGroup, LogKey, Namespace, NewRecord,
    PutEntry, PutOptions, Scope, StoredValue, Ttl,
};
use cache_core::{CacheBackend, LogBackend, LogRead, Record};
use cache_encryption::{DataKey, Keyring, SharedKeyring};
use cache_redis::{RedisBackend, RedisConfig};

/// The key whose bytes count from here.
pub(crate) fn data_key(first: u8) -> DataKey {
    let bytes: Vec<u8> = (first..first + 32).collect();
    DataKey::from_bytes(&bytes).unwrap()
}

/// A ring of such keys, the first one active.
pub(crate) fn ring(keys: &[u8]) -> Keyring {
    let active = Keyring::new(data_key(keys[0]));
    keys[1..].iter().fold(active, |ring, first| ring.with_older(data_key(*first)).unwrap())
}

pub(crate) fn shared(keys: &[u8]) -> SharedKeyring {
    SharedKeyring::new(ring(keys))
}

/// With times that a loaded machine keeps.
pub(crate) async fn redis(url: &str) -> RedisBackend {
    let config = RedisConfig::new(url)
        .with_connect_timeout(Duration::from_secs(10))
        .with_response_timeout(Duration::from_secs(10));
    RedisBackend::connect_with(&config).await.unwrap()
}

pub(crate) fn keys(count: u8) -> Vec<CacheKey> {
    let space = KeySpace::new(Namespace::new("test").unwrap(), KeyKind::Embedding, 0);
    (0..count).map(|i| CacheKey::new(space.clone(), [i; 32])).collect()
}

pub(crate) fn text(i: usize) -> String {
    format!("the text of the value {i}")
}

pub(crate) fn hour() -> Ttl {
    Ttl::seconds(3_600).unwrap()
}

/// Each key with a text of its own.
pub(crate) async fn put(backend: &dyn CacheBackend, keys: &[CacheKey]) {
    let entries: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(i, key)| PutEntry::new(key.clone(), StoredValue::new(text(i)), hour()))
        .collect();
    backend.put_many(&entries, &PutOptions::default()).await.unwrap();
}

/// The texts of these keys.
pub(crate) async fn get(backend: &dyn CacheBackend, keys: &[CacheKey]) -> Vec<Option<String>> {
    let found = backend.get_many(keys, &GetOptions::default()).await.unwrap();
    let text = |value: StoredValue| String::from_utf8(value.bytes().to_vec()).unwrap();
    found.into_iter().map(|value| value.map(text)).collect()
}

/// What each of so many keys was given.
pub(crate) fn all(count: usize) -> Vec<Option<String>> {
    (0..count).map(|i| Some(text(i))).collect()
}

pub(crate) fn group() -> LogGroup {
    LogGroup::new(Namespace::new("test").unwrap(), &Scope::shared(), "owner", None)
}

pub(crate) fn record(id: &str) -> NewRecord {
    let payload = format!("the text of {id}").into();
    NewRecord { id: id.to_owned(), weight: 1, pinned: false, payload }
}

pub(crate) async fn append(backend: &dyn LogBackend, log: &LogKey, ids: &[&str]) {
    let records: Vec<_> = ids.iter().map(|id| record(id)).collect();
    let options = AppendOptions::new(hour()).with_attributes("the text of attributes".into());
    backend.append(log, &records, &options).await.unwrap();
}

pub(crate) async fn records(backend: &dyn LogBackend, log: &LogKey) -> Vec<Record> {
    backend.read(log, &LogRead::Last(usize::MAX)).await.unwrap().unwrap().records
}

/// The payloads of a log.
pub(crate) async fn payloads(backend: &dyn LogBackend, log: &LogKey) -> Vec<String> {
    let payload = |record: Record| String::from_utf8(record.payload.to_vec()).unwrap();
    records(backend, log).await.into_iter().map(payload).collect()
}
