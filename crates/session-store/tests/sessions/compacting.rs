//! Summaries.

use cache_core::ErrorKind;
use serde_json::{Value, json};
use session_store::{ChatMessage, Error, Message, NewMessage, SessionStore};

use crate::common::{Store, texts, users};

crate::on_all_stores!(
    the_oldest_messages_are_trimmed,
    the_oldest_part_becomes_a_summary,
    what_comes_meanwhile_is_kept,
    what_changes_meanwhile_is_not_lost,
    a_failed_summary_changes_nothing,
    a_tool_call_goes_with_its_results,
);

/// Every message counts ten tokens.
fn sessions(store: &Store) -> SessionStore {
    SessionStore::builder(store.log()).token_counter(|_| 10).build()
}

type Summary = Result<NewMessage, std::io::Error>;

fn summary(oldest: &[Message]) -> Summary {
    Ok(ChatMessage::assistant(texts(oldest).join("+")).into())
}

async fn the_oldest_part_becomes_a_summary(store: &Store) {
    let session = sessions(store).create("owner");
    let nothing = session.compact(10, async |_| -> Summary { panic!("nothing to do") }).await;
    assert_eq!(nothing.unwrap().replaced, 0);
    session.append(ChatMessage::system("system")).await.unwrap();
    session.append_all(users(0..5)).await.unwrap();
    let done = session.compact(29, async |oldest| summary(&oldest)).await.unwrap();
    assert_eq!((done.replaced, done.len, done.tokens), (3, 4, 40));
    let found = session.last(9).await.unwrap();
    assert_eq!(texts(&found), ["system", "0+1+2", "3", "4"]);
    assert!(found[1].summary && found[1].pinned && !found[2].summary);
    let again = session.compact(29, async |_| -> Summary { panic!("nothing to do") }).await;
    assert_eq!(again.unwrap().replaced, 0, "a summary alone is not summarized again");
    session.append_all(users(5..7)).await.unwrap();
    let done = session.compact(20, async |oldest| summary(&oldest)).await.unwrap();
    assert_eq!(done.replaced, 3, "the summary of before goes into the next");
    assert_eq!(texts(&session.last(9).await.unwrap()), ["system", "0+1+2+3+4", "5", "6"]);
    let window = session.window(30).await.unwrap();
    assert_eq!(texts(&window.messages), ["system", "0+1+2+3+4", "6"], "every window has it");
    // What was summarized is not appended again.
    session.compact(0, async |oldest| summary(&oldest)).await.unwrap();
    assert_eq!(texts(&session.last(9).await.unwrap()), ["system", "0+1+2+3+4+5+6"]);
}

async fn the_oldest_messages_are_trimmed(store: &Store) {
    let sessions = sessions(store);
    let gone = sessions.create("owner").trim_to_messages(3).await.unwrap();
    assert_eq!((gone.removed, gone.len), (0, 0), "there is no session");
    let session = sessions.create("owner");
    session.append(ChatMessage::system("system")).await.unwrap();
    session.append_all(users(0..6)).await.unwrap();
    let kept = session.trim_to_messages(4).await.unwrap();
    assert_eq!((kept.removed, kept.len, kept.tokens), (2, 5, 50));
    assert_eq!(texts(&session.last(9).await.unwrap()), ["system", "2", "3", "4", "5"]);
    assert_eq!(session.trim_to_messages(4).await.unwrap().removed, 0, "nothing is left to do");
    let kept = session.trim_to_tokens(29).await.unwrap();
    assert_eq!((kept.removed, kept.len, kept.tokens), (2, 3, 30));
    let call =
        json!([{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }]);
    let asks = ChatMessage::new("assistant", Value::Null).with("tool_calls", call);
    session.append_all([asks, ChatMessage::tool("c", "4"), ChatMessage::user("x")]).await.unwrap();
    session.trim_to_messages(2).await.unwrap();
    assert_eq!(
        texts(&session.last(9).await.unwrap()),
        ["system", "x"],
        "no result without its call"
    );
    session.trim_to_messages(0).await.unwrap();
    assert_eq!(texts(&session.last(9).await.unwrap()), ["system"]);
}

async fn what_comes_meanwhile_is_kept(store: &Store) {
    let session = sessions(store).create("owner");
    let first = NewMessage::from(ChatMessage::user("0"));
    session.append(first.clone()).await.unwrap();
    session.append_all(users(1..6)).await.unwrap();
    let during = session.clone();
    let done = session.compact(20, async |oldest| {
        during.append_all(users(6..9)).await.unwrap();
        during.rename(Some("meanwhile")).await.unwrap();
        summary(&oldest)
    });
    assert_eq!(done.await.unwrap().replaced, 4);
    assert_eq!(texts(&session.last(9).await.unwrap()), ["0+1+2+3", "4", "5", "6", "7", "8"]);
    assert!(session.append(first).await.unwrap().receipts[0].known, "a late retry is one");
}

async fn what_changes_meanwhile_is_not_lost(store: &Store) {
    let session = sessions(store).create("owner");
    session.append_all(users(0..4)).await.unwrap();
    let id = session.range(1, 1).await.unwrap()[0].id.clone();
    let edit = async |oldest: Vec<Message>| {
        session.edit(&id, ChatMessage::user("edited")).await.unwrap();
        summary(&oldest)
    };
    let error = session.compact(10, edit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(texts(&session.last(9).await.unwrap()), ["edited", "1", "2", "3"]);
    let delete = async |oldest: Vec<Message>| {
        session.delete_message(&id).await.unwrap();
        summary(&oldest)
    };
    assert_eq!(session.compact(10, delete).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(texts(&session.last(9).await.unwrap()), ["1", "2", "3"]);
    // A summary of before stays pinned when the next one cannot take its place.
    session.compact(20, async |oldest| summary(&oldest)).await.unwrap();
    session.append_all(users(4..7)).await.unwrap();
    let id = session.range(3, 1).await.unwrap()[0].id.clone();
    let edit = async |oldest: Vec<Message>| {
        session.edit(&id, ChatMessage::user("edited")).await.unwrap();
        summary(&oldest)
    };
    assert_eq!(session.compact(10, edit).await.unwrap_err().kind(), ErrorKind::Conflict);
    let first = session.last(9).await.unwrap().remove(0);
    assert!(first.summary && first.pinned);
}

async fn a_failed_summary_changes_nothing(store: &Store) {
    let session = sessions(store).create("owner");
    session.append_all(users(0..4)).await.unwrap();
    let before = session.last(9).await.unwrap();
    let error = session.compact(10, async |_| -> Summary { Err(std::io::Error::other("no")) });
    assert!(matches!(error.await, Err(Error::Summary(_))));
    let bad = async |_| -> Summary { Ok(NewMessage::from(ChatMessage::user("x")).with_id("")) };
    assert_eq!(session.compact(10, bad).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(session.last(9).await.unwrap(), before);
}

async fn a_tool_call_goes_with_its_results(store: &Store) {
    let session = sessions(store).create("owner");
    session.append_all(users(["0", "1"])).await.unwrap();
    let calls = json!([{ "id": "a", "function": {} }, { "id": "b", "function": {} }]);
    let call = ChatMessage::new("assistant", Value::Null).with("tool_calls", calls);
    session.append(call).await.unwrap();
    session.append(ChatMessage::tool("a", "result a")).await.unwrap();
    session.append(ChatMessage::tool("b", "result b")).await.unwrap();
    session.append(ChatMessage::assistant("answer")).await.unwrap();
    // Room for a result, but not for its call.
    let window = session.window(25).await.unwrap();
    assert_eq!(texts(&window.messages), ["answer"]);
    let done = session.compact(25, async |oldest| summary(&oldest)).await.unwrap();
    assert_eq!(done.replaced, 5);
    assert_eq!(texts(&session.last(9).await.unwrap()), ["0+1++result a+result b", "answer"]);
}
