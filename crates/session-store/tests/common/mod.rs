//! The three real stores.
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;
use std::time::Duration;

use cache_core::{LogBackend, MemoryLog};
use cache_embedded::EmbeddedBackend;
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::TestServer;
use session_store::{ChatMessage, Message, SessionStore};
use tempfile::TempDir;

/// A store of its own for one test, and where other processes find it.
pub struct Store {
    place: Place,
    backend: Arc<dyn LogBackend>,
}

enum Place {
    Memory,
    File(TempDir),
    Server(TestServer),
}

impl Store {
    pub fn memory() -> Self {
        Self { place: Place::Memory, backend: Arc::new(MemoryLog::new(256 << 20)) }
    }

    pub async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = open(&folder.path().join("cache.db").display().to_string()).await;
        Self { place: Place::File(folder), backend }
    }

    pub async fn redis() -> Self {
        let server = TestServer::start();
        let backend = open(&server.url()).await;
        Self { place: Place::Server(server), backend }
    }

    pub fn backend(&self) -> Arc<dyn LogBackend> {
        Arc::clone(&self.backend)
    }

    pub fn sessions(&self) -> SessionStore {
        SessionStore::builder(self.backend()).build()
    }

    /// Where other processes find it; memory has no address.
    pub fn address(&self) -> String {
        match &self.place {
            Place::Memory => panic!("no other process sees this one's memory"),
            Place::File(folder) => folder.path().join("cache.db").display().to_string(),
            Place::Server(server) => server.url(),
        }
    }
}

/// A handle of its own of the store at this address.
pub async fn open(address: &str) -> Arc<dyn LogBackend> {
    if address.starts_with("redis://") {
        // A machine that runs many tests at once is slow, which is not what is tested.
        let config = RedisConfig::new(address)
            .with_connect_timeout(Duration::from_secs(10))
            .with_response_timeout(Duration::from_secs(10));
        Arc::new(RedisBackend::connect_with(&config).await.unwrap())
    } else {
        Arc::new(EmbeddedBackend::open(address).await.unwrap())
    }
}

pub fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.chat.text().unwrap_or_default().into_owned()).collect()
}

pub fn users(texts: impl IntoIterator<Item = impl ToString>) -> Vec<ChatMessage> {
    texts.into_iter().map(|text| ChatMessage::user(text.to_string())).collect()
}
