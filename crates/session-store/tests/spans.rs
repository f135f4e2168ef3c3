//! The spans of calls, as a subscriber sees them.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use cache_core::{MemoryLog, Scope};
use cache_redis::{RedisBackend, RedisConfig};
use cache_test_support::Spans;
use session_store::{ChatMessage, SessionStore};

const TEXT: &str = "ttt a message of a user ttt";
const OWNER: &str = "www-owner-www";
const TENANT: &str = "nnn-tenant-nnn";
const ID: &str = "iii-id-iii";

#[tokio::test]
async fn calls_are_spans_that_name_nobody() {
    let (spans, _guard) = Spans::capture();
    let store = SessionStore::builder(Arc::new(MemoryLog::new(1 << 20))).build();
    let store = store.with_scope(Scope::tenant(TENANT));
    let session = store.create(OWNER);

    session.append(ChatMessage::user(TEXT)).await.unwrap();
    session.append_all([ChatMessage::user(TEXT), ChatMessage::user(TEXT)]).await.unwrap();
    session.append_at(7, [ChatMessage::user(TEXT)]).await.unwrap_err();
    assert_eq!(session.last(10).await.unwrap().len(), 3);
    session.window(1_000).await.unwrap();
    session.by_role("user").await.unwrap();
    session.get(ID).await.unwrap();
    session.edit(ID, ChatMessage::user(TEXT)).await.unwrap();
    session.fork(Some(ID)).await.unwrap();
    session.rename(Some(TEXT)).await.unwrap();
    session.trim_to_messages(1).await.unwrap();
    session.export(&mut tokio::io::sink()).await.unwrap();
    store.list(OWNER, 0, 10).await.unwrap();
    session.delete().await.unwrap();
    session.info().await.unwrap();
    let expected = [
        "messages=1 operation=append outcome=ok",
        "messages=2 operation=append outcome=ok",
        "operation=append outcome=conflict",
        "messages=3 operation=last outcome=ok",
        "messages=3 operation=window outcome=ok",
        "messages=3 operation=by_role outcome=ok",
        "operation=get outcome=miss",
        "operation=edit outcome=miss",
        "operation=fork outcome=miss",
        "operation=rename outcome=ok",
        "messages=2 operation=trim outcome=ok",
        "messages=1 operation=export outcome=ok",
        "operation=list outcome=ok",
        "operation=delete outcome=ok",
        "operation=info outcome=miss",
    ];
    assert_eq!(spans.named("cache_session"), expected);
    assert_clean(&spans, session.id());
}

#[tokio::test]
async fn a_failing_store_is_said_by_its_kind() {
    let (spans, _guard) = Spans::capture();
    let nobody = RedisBackend::open(&RedisConfig::new("redis://127.0.0.1:1")).unwrap();
    let session = SessionStore::builder(Arc::new(nobody)).build().session(OWNER, ID);
    session.append(ChatMessage::user(TEXT)).await.unwrap_err();
    let expected = ["operation=append outcome=unavailable"];
    assert_eq!(spans.named("cache_session"), expected);
    assert_clean(&spans, ID);
}

fn assert_clean(spans: &Spans, id: &str) {
    let seen = spans.everything();
    for secret in [TEXT, OWNER, TENANT, ID, id] {
        assert!(!seen.contains(secret), "{secret} is in {seen}");
    }
}
