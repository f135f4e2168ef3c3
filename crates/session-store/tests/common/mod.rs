//! What the tests share.
#![allow(dead_code, unreachable_pub)] // each test file uses a part of it

pub use cache_test_support::Store;
use session_store::{ChatMessage, Message, SessionStore};

pub fn sessions(store: &Store) -> SessionStore {
    SessionStore::builder(store.log()).build()
}

pub fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.chat.text().unwrap_or_default().into_owned()).collect()
}

pub fn users(texts: impl IntoIterator<Item = impl ToString>) -> Vec<ChatMessage> {
    texts.into_iter().map(|text| ChatMessage::user(text.to_string())).collect()
}
