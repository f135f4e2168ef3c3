//! What is appended and how it is read.

use std::time::{Duration, SystemTime};

use cache_core::ErrorKind;
use serde_json::json;
use session_store::{ChatMessage, LogLimits, NewMessage, SessionStore, WhenFull};

use crate::common::{Store, sessions, texts, users};

crate::on_all_stores!(
    messages_come_back_as_they_were,
    a_retried_append_appears_once,
    reads_give_what_they_say,
    system_messages_are_pinned,
    tokens_are_counted_once,
    limits_refuse_or_drop,
    an_expected_length_is_asked,
    a_damaged_message_is_named_by_its_number,
);

async fn messages_come_back_as_they_were(store: &Store) {
    let forms = [
        json!({ "role": "user", "content": "안녕하세요 \u{0} \"quoted\"\n", "name": "Ana" }),
        json!({ "content": null, "role": "assistant", "refusal": "No.", "audio": { "id": "a1" } }),
        json!({ "role": "user", "content": [{ "type": "text", "text": "what is this?" },
            { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } }] }),
        json!({ "role": "assistant", "content": null, "tool_calls": [{ "id": "call_1",
            "type": "function", "function": { "name": "f", "arguments": "{\"x\":1.0}" } }] }),
        json!({ "role": "tool", "tool_call_id": "call_1", "content": "" }),
        json!({ "role": "critic", "z": 1, "a": { "y": [0, -1, 1.5, 1.0, u64::MAX, i64::MIN, true],
            "b": {} }, "content": "x".repeat(100_000) }),
    ];
    let session = sessions(store).create("owner");
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    for form in &forms {
        let message = NewMessage::new(ChatMessage::from_chat(form.clone()).unwrap());
        let message = message.with_time(time).with_metadata("source", json!({ "ip": [1, 2] }));
        session.append(message).await.unwrap();
    }
    let found = session.last(100).await.unwrap();
    assert_eq!(found.len(), forms.len());
    for (found, form) in found.iter().zip(&forms) {
        assert_eq!(found.chat.to_chat().to_string(), form.to_string(), "as text: the order too");
        assert_eq!((found.time, found.id.len()), (time, 22));
        assert_eq!(found.metadata["source"]["ip"][1], 2);
    }
    assert_eq!(found[2].chat.text().unwrap(), "what is this?");
    for bad in [json!("text"), json!({}), json!({ "role": "" }), json!({ "role": 1 })] {
        assert!(ChatMessage::from_chat(bad).is_err());
    }
}

async fn a_retried_append_appears_once(store: &Store) {
    let session = sessions(store).create("owner");
    let message = NewMessage::from(ChatMessage::user("once"));
    let first = session.append(message.clone()).await.unwrap();
    session.append(ChatMessage::user("twice")).await.unwrap();
    session.append(ChatMessage::user("twice")).await.unwrap();
    let again = session.append(message.clone()).await.unwrap();
    assert_eq!((again.receipts[0].seq, again.receipts[0].known), (1, true));
    assert_eq!((first.receipts[0].known, again.len), (false, 3));
    // A retry is one wherever the session is by now.
    assert!(session.append_at(0, [message]).await.unwrap().receipts[0].known);
    assert_eq!(texts(&session.last(9).await.unwrap()), ["once", "twice", "twice"]);
}

async fn reads_give_what_they_say(store: &Store) {
    let sessions = sessions(store);
    let session = sessions.create("owner");
    assert!(session.last(5).await.unwrap().is_empty() && session.info().await.unwrap().is_none());
    assert!(session.window(100).await.unwrap().to_request().is_err());
    session.append_all(users(0..600)).await.unwrap();
    session.append(ChatMessage::assistant("600")).await.unwrap();
    assert_eq!(texts(&session.last(2).await.unwrap()), ["599", "600"]);
    assert_eq!(texts(&session.range(300, 2).await.unwrap()), ["299", "300"]);
    let id = &session.range(598, 1).await.unwrap()[0].id;
    assert_eq!(texts(&session.since(id, 9).await.unwrap()), ["598", "599", "600"]);
    assert!(session.since("nobody", 9).await.unwrap().is_empty());
    assert_eq!(session.get(id).await.unwrap().unwrap().seq, 598);
    assert_eq!(session.by_role("user").await.unwrap().len(), 600);
    assert_eq!(texts(&session.by_role("assistant").await.unwrap()), ["600"]);
    let window = session.window_of(u64::MAX, 3).await.unwrap();
    assert_eq!((window.messages.len(), window.omitted), (3, 598));
}

async fn system_messages_are_pinned(store: &Store) {
    let session = sessions(store).create("owner");
    session.append(ChatMessage::system("be brief")).await.unwrap();
    session.append_all(users(0..50)).await.unwrap();
    session.append(NewMessage::new(ChatMessage::user("remember")).pinned(true)).await.unwrap();
    session.append(NewMessage::new(ChatMessage::system("not me")).pinned(false)).await.unwrap();
    session.append_all(users(50..100)).await.unwrap();
    let window = session.window_of(u64::MAX, 2).await.unwrap();
    assert_eq!(texts(&window.messages), ["be brief", "remember", "98", "99"]);
    let request = window.to_request().unwrap();
    assert_eq!(request.messages()[0], json!({ "role": "system", "content": "be brief" }));
    assert_eq!(texts(&session.window(0).await.unwrap().messages), ["be brief", "remember"]);
}

async fn tokens_are_counted_once(store: &Store) {
    let count = |message: &ChatMessage| u32::try_from(message.text().unwrap().len()).unwrap();
    let sessions = SessionStore::builder(store.log()).token_counter(count).build();
    let session = sessions.create("owner");
    session.append_all(users(["12345", "1234567890"])).await.unwrap();
    let given = NewMessage::new(ChatMessage::user("1234567")).with_tokens(100);
    session.append(given).await.unwrap();
    // Another counter reads what was counted.
    let other = SessionStore::builder(store.log()).token_counter(|_| 1).build();
    let session = other.session("owner", session.id());
    let window = session.window(110).await.unwrap();
    assert_eq!((window.tokens, window.messages.len(), window.omitted), (110, 2, 1));
    assert_eq!(session.info().await.unwrap().unwrap().tokens, 115);
}

async fn limits_refuse_or_drop(store: &Store) {
    let limits = LogLimits { max_records: Some(3), ..LogLimits::default() };
    let refusing = SessionStore::builder(store.log()).limits(limits).build();
    let session = refusing.create("owner");
    session.append(ChatMessage::system("pinned")).await.unwrap();
    session.append_all(users(0..2)).await.unwrap();
    let error = session.append(ChatMessage::user("a secret")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(!format!("{error} {error:?}").contains("secret") && !error.is_retryable());
    let limits = LogLimits { when_full: WhenFull::DropOldest, ..limits };
    let dropping = SessionStore::builder(store.log()).limits(limits).build();
    let session = dropping.session("owner", session.id());
    assert_eq!(session.append(ChatMessage::user("2")).await.unwrap().dropped, 1);
    assert_eq!(texts(&session.last(9).await.unwrap()), ["pinned", "1", "2"]);
}

async fn an_expected_length_is_asked(store: &Store) {
    let session = sessions(store).create("owner");
    session.append_at(0, users(["a"])).await.unwrap();
    let error = session.append_at(0, users(["b"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    session.append_at(1, users(["b", "c"])).await.unwrap();
    assert_eq!(texts(&session.last(9).await.unwrap()), ["a", "b", "c"]);
}

async fn a_damaged_message_is_named_by_its_number(store: &Store) {
    use cache_core::{LogGroup, Namespace, NewRecord, Scope};
    let session = sessions(store).create("owner");
    session.append_all(users(["a", "b"])).await.unwrap();
    let id = session.last(1).await.unwrap()[0].id.clone();
    let log =
        LogGroup::new(Namespace::default(), &Scope::shared(), "owner", None).log(session.id());
    let foreign = NewRecord { id: id.clone(), weight: 1, pinned: false, payload: "b".into() };
    assert!(store.log().replace(&log, &foreign).await.unwrap());
    let error = session.last(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("message 2"), "{error}");
    assert!(session.delete_message(&id).await.unwrap());
    assert_eq!(texts(&session.last(2).await.unwrap()), ["a"]);
}
