//! Edits, forks, titles, expiry.

use std::time::Duration;

use serde_json::{Value, json};
use session_store::{ChatMessage, Metadata, NewMessage, Session, SessionStore, Ttl};
use tokio::task::JoinSet;

use crate::common::{Store, sessions, texts, users};

crate::on_all_stores!(
    an_edit_keeps_place_time_and_pin,
    a_deleted_message_leaves_the_order,
    a_fork_goes_its_own_way,
    titles_and_metadata_are_merged,
    the_end_is_kept_through_changes,
    the_first_message_lives_as_long_as_the_session,
);

async fn an_edit_keeps_place_time_and_pin(store: &Store) {
    let session = sessions(store).create("owner");
    session.append(ChatMessage::system("old")).await.unwrap();
    session.append_all(users(0..3)).await.unwrap();
    let old = session.range(1, 1).await.unwrap().remove(0);
    assert!(session.edit(&old.id, ChatMessage::system("newer and longer")).await.unwrap());
    let new = session.get(&old.id).await.unwrap().unwrap();
    assert_eq!((new.seq, new.time, new.pinned), (1, old.time, true));
    assert!(new.tokens > old.tokens);
    assert!(
        session
            .edit(&old.id, NewMessage::from(ChatMessage::user("x")).pinned(false))
            .await
            .unwrap()
    );
    assert!(!session.get(&old.id).await.unwrap().unwrap().pinned);
    assert_eq!(texts(&session.last(9).await.unwrap()), ["x", "0", "1", "2"]);
    assert!(!session.edit("nobody", ChatMessage::user("x")).await.unwrap());
    assert!(!sessions(store).create("owner").edit("a", ChatMessage::user("x")).await.unwrap());
}

async fn a_deleted_message_leaves_the_order(store: &Store) {
    let session = sessions(store).create("owner");
    session.append_all(users(0..5)).await.unwrap();
    let id = session.range(3, 1).await.unwrap()[0].id.clone();
    assert!(session.delete_message(&id).await.unwrap());
    assert!(!session.delete_message(&id).await.unwrap());
    assert_eq!(texts(&session.last(9).await.unwrap()), ["0", "1", "3", "4"]);
    assert!(session.delete().await.unwrap() && !session.delete().await.unwrap());
    assert!(session.last(9).await.unwrap().is_empty());
}

async fn a_fork_goes_its_own_way(store: &Store) {
    let session = sessions(store).create("owner");
    assert!(session.fork(None).await.unwrap().is_none());
    session.create(Some("title")).await.unwrap();
    session.append_all(users(0..4)).await.unwrap();
    let at = session.range(2, 1).await.unwrap()[0].id.clone();
    let fork = session.fork(Some(&at)).await.unwrap().unwrap();
    assert!(session.fork(Some("nobody")).await.unwrap().is_none());
    fork.append(ChatMessage::user("other")).await.unwrap();
    session.edit(&at, ChatMessage::user("edited")).await.unwrap();
    assert_eq!(texts(&fork.last(9).await.unwrap()), ["0", "1", "other"]);
    assert_eq!(texts(&session.last(9).await.unwrap()), ["0", "edited", "2", "3"]);
    let info = fork.info().await.unwrap().unwrap();
    assert_eq!((info.title.as_deref(), info.id.as_str()), (Some("title"), fork.id()));
    assert_eq!(info.forked_from.as_deref(), Some(session.id()));
    assert_eq!(texts(&session.fork(None).await.unwrap().unwrap().last(1).await.unwrap()), ["3"]);
}

async fn titles_and_metadata_are_merged(store: &Store) {
    let session = sessions(store).create("owner");
    assert!(!session.rename(Some("nothing there")).await.unwrap());
    session.append(ChatMessage::user("a")).await.unwrap();
    assert!(session.rename(Some("제목")).await.unwrap());
    // Many at once, and appends in between: every name arrives.
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let session = session.clone();
        tasks.spawn(async move {
            let change = Metadata::from_iter([(format!("name {task}"), json!(task))]);
            assert!(session.merge_metadata(&change).await.unwrap());
            session.append(ChatMessage::user("b")).await.unwrap();
        });
    }
    tasks.join_all().await;
    let info = session.info().await.unwrap().unwrap();
    assert_eq!((info.title.as_deref(), info.metadata.len(), info.len), (Some("제목"), 8, 9));
    let change = Metadata::from_iter([("name 0".to_owned(), Value::Null)]);
    session.merge_metadata(&change).await.unwrap();
    session.rename(None).await.unwrap();
    let info = session.info().await.unwrap().unwrap();
    assert_eq!((info.title, info.metadata.len()), (None, 7));
    let long = "x".repeat(70_000);
    assert!(session.rename(Some(&long)).await.is_ok(), "what compresses well fits");
}

fn short_lived(store: &Store, life: Duration) -> SessionStore {
    SessionStore::builder(store.log()).ttl(Ttl::new(life).unwrap()).build()
}

async fn left(session: &Session) -> Duration {
    session.info().await.unwrap().unwrap().expires_in.unwrap()
}

async fn the_end_is_kept_through_changes(store: &Store) {
    let life = Duration::from_secs(60);
    let sessions = short_lived(store, life);
    let session = sessions.create("owner");
    session.append_all(users(0..4)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let most = life - Duration::from_millis(200);
    let id = session.last(1).await.unwrap()[0].id.clone();
    session.edit(&id, ChatMessage::user("x")).await.unwrap();
    assert!(left(&session).await <= most, "an edit keeps the end");
    session.rename(Some("x")).await.unwrap();
    assert!(left(&session).await <= most, "a new title keeps the end");
    session.delete_message(&id).await.unwrap();
    assert!(left(&session).await <= most, "deleting a message keeps the end");
    let fork = session.fork(None).await.unwrap().unwrap();
    assert!(left(&session).await <= most, "a fork keeps the original's end");
    assert!(left(&fork).await > most - Duration::from_secs(30), "a fork has an end of its own");
    let summary = async |_| Ok::<_, std::io::Error>(ChatMessage::system("sum").into());
    assert!(session.compact(0, summary).await.unwrap().replaced > 0);
    assert!(left(&session).await <= most, "a summary keeps the end");
    session.append(ChatMessage::user("y")).await.unwrap();
    assert!(left(&session).await > most, "an append renews it");
}

async fn the_first_message_lives_as_long_as_the_session(store: &Store) {
    let life = Duration::from_millis(1_500);
    let sessions = short_lived(store, life);
    let (kept, left_alone) = (sessions.create("owner"), sessions.create("owner"));
    left_alone.append(ChatMessage::user("first")).await.unwrap();
    for i in 0..5 {
        kept.append(ChatMessage::user(i.to_string())).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(texts(&kept.last(9).await.unwrap()), ["0", "1", "2", "3", "4"]);
    assert!(left_alone.last(9).await.unwrap().is_empty(), "it had no part in the other's life");
    assert_eq!(sessions.count("owner").await.unwrap(), 1);
    tokio::time::sleep(life).await;
    assert!(kept.last(9).await.unwrap().is_empty() && kept.info().await.unwrap().is_none());
    assert_eq!(sessions.count("owner").await.unwrap(), 0);
}
