//! The services over encrypted stores, and what a thief of the store's backup reads.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use cache_core::codec::VectorPolicy;
use cache_core::{
    CacheBackend, ChatProvider, ChatRequest, ChatResponse, ChatStream, KeySecret, LogBackend,
    MemoryBackend, MemoryLog, ModelIdentity, ProviderError, ProviderErrorKind,
};
use cache_embedded::EmbeddedBackend;
use cache_encryption::{EncryptedBackend, EncryptedLog};
use embedding_cache::EmbeddingCache;
use redis_test_server::TestServer;
use response_cache::{CallOptions, Group, ResponseCache, Source};
use serde_json::json;
use session_store::{ChatMessage, SessionStore};
use support::{redis, ring, shared};

const PROMPT: &str = "how far is the moon";
const ANSWER: &str = "the moon is 384,400 kilometres away";
const TITLE: &str = "a talk about the moon";
const OWNER: &str = "owner-of-the-talk";

/// Numbers of no service's grid: the fast policy stores them as they are.
fn vector() -> Vec<f32> {
    (1..=64u8).map(|i| 1.0 / (f32::from(i) + 0.137)).collect()
}

#[derive(Debug)]
struct Astronomer;

#[async_trait]
impl ChatProvider for Astronomer {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("test", "astronomer")
    }

    async fn complete(&self, _: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        let message = json!({ "role": "assistant", "content": ANSWER });
        let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
        Ok(ChatResponse::from_json(json!({ "model": "astronomer", "choices": [choice] })))
    }

    async fn stream(&self, _: &ChatRequest) -> Result<ChatStream, ProviderError> {
        Err(ProviderError::new(ProviderErrorKind::Failed, "nobody asks for a stream"))
    }
}

/// Every service once, and that each finds again what it stored.
async fn use_services(values: Arc<dyn CacheBackend>, logs: Arc<dyn LogBackend>) {
    embeddings(Arc::clone(&values)).await;
    answers(values).await;
    conversations(logs).await;
}

async fn embeddings(store: Arc<dyn CacheBackend>) {
    let secret = KeySecret::new(b"a secret of the names");
    let builder = || EmbeddingCache::builder(Arc::clone(&store)).key_secret(secret.clone());
    let cache = builder().vectors(VectorPolicy::Fast).build().unwrap();
    let texts: Vec<_> = (0..100).map(|i| format!("{PROMPT}, {i}")).collect();
    let compute = |missing: Vec<String>| async move {
        Ok::<_, std::io::Error>(missing.iter().map(|_| vector()).collect::<Vec<_>>())
    };
    let computed = cache.get_or_compute_batch(&texts, "model", compute).await.unwrap();
    let never = |_: Vec<String>| async { Err::<Vec<Vec<f32>>, _>(std::io::Error::other("a hit")) };
    let found = cache.get_or_compute_batch(&texts, "model", never).await.unwrap();
    assert_eq!(found, computed);
    assert_eq!(found[0].as_slice(), vector());
    cache.flush().await.unwrap();
}

async fn answers(store: Arc<dyn CacheBackend>) {
    let cache = ResponseCache::builder(store, Arc::new(Astronomer)).build().unwrap();
    let options = CallOptions::new().with_tag("manual");
    let request = ChatRequest::user(PROMPT).with("temperature", 0);
    for expected in [Source::Computed, Source::Hit] {
        let answer = cache.complete_with(&request, &options).await.unwrap();
        assert_eq!((answer.source, answer.response.content()), (expected, Some(ANSWER)));
    }
    cache.invalidate(&Group::Tag("manual".into())).await.unwrap();
    let anew = cache.complete_with(&request, &options).await.unwrap();
    assert_eq!(anew.source, Source::Computed, "generations are sealed and opened too");
    cache.flush().await.unwrap();
}

async fn conversations(store: Arc<dyn LogBackend>) {
    let store = SessionStore::builder(store).build();
    let session = store.create(OWNER);
    session.append(ChatMessage::user(PROMPT)).await.unwrap();
    session.append(ChatMessage::assistant(ANSWER)).await.unwrap();
    session.rename(Some(TITLE)).await.unwrap();
    let fork = session.fork(None).await.unwrap().unwrap();
    for session in [&session, &fork] {
        let messages = session.last(2).await.unwrap();
        let texts: Vec<_> = messages.iter().map(|it| it.chat.text().unwrap()).collect();
        assert_eq!(texts, [PROMPT, ANSWER]);
    }
    let listed = store.list(OWNER, 0, 10).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|info| info.title.as_deref() == Some(TITLE)));
}

fn encrypted(
    values: Arc<dyn CacheBackend>,
    logs: Arc<dyn LogBackend>,
) -> (Arc<EncryptedBackend>, Arc<EncryptedLog>) {
    let keys = shared(&[1]);
    (Arc::new(EncryptedBackend::new(values, keys.clone())), Arc::new(EncryptedLog::new(logs, keys)))
}

/// What a reader of these bytes learns of what was said.
fn leaks(bytes: &[u8]) -> Vec<&'static str> {
    let floats: Vec<u8> = vector()[..4].iter().flat_map(|number| number.to_le_bytes()).collect();
    let secrets: [(&str, &[u8]); 6] = [
        ("prompt", PROMPT.as_bytes()),
        ("answer", ANSWER.as_bytes()),
        ("title", TITLE.as_bytes()),
        ("owner", OWNER.as_bytes()),
        ("vector", &floats),
        ("key", &(1..33).collect::<Vec<u8>>()),
    ];
    let found = |secret: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
    secrets.iter().filter(|(_, secret)| found(secret)).map(|(name, _)| *name).collect()
}

/// Everything that lies in a folder.
fn everything(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory() {
    let values = Arc::new(MemoryBackend::new(64 << 20));
    let (values, logs) = encrypted(values, Arc::new(MemoryLog::new(64 << 20)));
    use_services(values.clone(), logs.clone()).await;
    for statistics in [values.statistics(), logs.statistics()] {
        assert!(statistics.sealed > 0 && statistics.opened > 0 && statistics.damaged == 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thief_of_the_file_reads_nothing() {
    for sealed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let file = EmbeddedBackend::open(folder.path().join("cache.db")).await.unwrap();
        let file = Arc::new(file);
        let found = if sealed {
            let (values, logs) = encrypted(file.clone(), file);
            use_services(values, logs).await;
            leaks(&everything(folder.path()))
        } else {
            use_services(file.clone(), file).await;
            leaks(&everything(folder.path()))
        };
        assert_eq!(found.is_empty(), sealed, "{found:?}");
    }
}

/// All keys and all values of a Redis, as its backups have them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thief_of_a_backup_of_redis_reads_nothing() {
    for sealed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::builder()
            .directive("dir", &[&folder.path().display().to_string()])
            .directive("rdbcompression", &["no"])
            .directive("appendonly", &["yes"])
            .start();
        let store = Arc::new(redis(&server.url()).await);
        if sealed {
            let (values, logs) = encrypted(store.clone(), store);
            use_services(values, logs).await;
        } else {
            use_services(store.clone(), store).await;
        }
        assert_eq!(server.command(&["SAVE"]), "OK");
        let mut bytes = everything(folder.path());
        bytes.extend(everything(&folder.path().join("appendonlydir")));
        let entries: u64 = server.command(&["DBSIZE"]).parse().unwrap();
        assert!(entries > 100 && bytes.len() > 20_000, "the backup is whole");
        let found = leaks(&bytes);
        let expected: &[&str] = if sealed { &[] } else { &["prompt", "answer", "title", "vector"] };
        assert_eq!(found, expected);
    }
}

/// A process with other keys finds nothing and breaks nothing; a conversation says that it cannot be
/// read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_keys_are_misses_to_a_cache_and_unreadable_to_a_conversation() {
    let values: Arc<dyn CacheBackend> = Arc::new(MemoryBackend::new(64 << 20));
    let logs: Arc<dyn LogBackend> = Arc::new(MemoryLog::new(64 << 20));
    let ours = Arc::new(EncryptedLog::new(Arc::clone(&logs), ring(&[1])));
    for key in [1, 2] {
        let backend = EncryptedBackend::new(Arc::clone(&values), ring(&[key]));
        answers(Arc::new(backend)).await;
    }
    let session = SessionStore::builder(ours).build().session(OWNER, "id");
    session.append(ChatMessage::user(PROMPT)).await.unwrap();
    let theirs = Arc::new(EncryptedLog::new(logs, ring(&[2])));
    let session = SessionStore::builder(theirs.clone()).build().session(OWNER, "id");
    let error = session.last(1).await.unwrap_err();
    assert!(matches!(error, session_store::Error::Unreadable { seq: 1 }), "{error}");
    assert_eq!(error.kind(), cache_core::ErrorKind::Corrupt);
    assert!(theirs.statistics().unknown_key > 0);
}
