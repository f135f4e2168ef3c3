//! Owners, scopes, ids.

use std::collections::HashSet;

use session_store::{ChatMessage, KeySecret, Namespace, Scope, SessionStore};

use crate::common::{Store, sessions, texts};

crate::on_all_stores!(
    owners_have_their_sessions,
    nobody_reads_anothers_session,
    ids_are_not_guessed
);

async fn owners_have_their_sessions(store: &Store) {
    let sessions = sessions(store);
    for i in 0..7 {
        let session = sessions.create("ana");
        session.create(Some(&i.to_string())).await.unwrap();
        session.append(ChatMessage::user(i.to_string())).await.unwrap();
    }
    sessions.create("ben").append(ChatMessage::user("ben's")).await.unwrap();
    assert_eq!(sessions.count("ana").await.unwrap(), 7);
    let titles = async |skip, most| {
        let page = sessions.list("ana", skip, most).await.unwrap();
        page.into_iter().map(|info| info.title.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(titles(0, 3).await, ["6", "5", "4"]);
    assert_eq!(titles(5, 10).await, ["1", "0"]);
    let oldest = sessions.list("ana", 6, 1).await.unwrap().remove(0);
    let session = sessions.session("ana", &oldest.id);
    session.append(ChatMessage::user("again")).await.unwrap();
    assert_eq!(texts(&session.last(9).await.unwrap()), ["0", "again"]);
    assert_eq!(titles(0, 2).await, ["0", "6"], "the most recently appended to comes first");
    let usage = sessions.usage().await.unwrap();
    assert_eq!((usage.owners, usage.sessions, usage.messages), (2, 8, 9));
    assert!(usage.tokens > 9 && usage.bytes > 9);
    assert_eq!(sessions.delete_all("ana").await.unwrap(), 7);
    assert_eq!(sessions.count("ana").await.unwrap(), 0);
    assert!(sessions.list("ana", 0, 9).await.unwrap().is_empty());
    assert_eq!(sessions.count("ben").await.unwrap(), 1, "another owner's sessions are gone");
}

async fn nobody_reads_anothers_session(store: &Store) {
    let sessions = sessions(store);
    let acme = sessions.with_scope(Scope::tenant("acme"));
    let session = acme.create("ana");
    session.append(ChatMessage::user("acme's")).await.unwrap();
    let id = session.id();
    let namespace = Namespace::new("other").unwrap();
    let strangers = [
        sessions.session("ana", id),
        acme.session("ben", id),
        sessions.with_scope(Scope::tenant("evil")).session("ana", id),
        sessions.with_scope(Scope::tenant("acme").with("user", "")).session("ana", id),
        SessionStore::builder(store.log()).namespace(namespace).build().session("ana", id),
        SessionStore::builder(store.log())
            .scope(Scope::tenant("acme"))
            .key_secret(KeySecret::new(b"secret"))
            .build()
            .session("ana", id),
    ];
    for stranger in strangers {
        assert!(stranger.last(9).await.unwrap().is_empty());
        assert!(stranger.info().await.unwrap().is_none());
        assert!(!stranger.delete().await.unwrap());
        assert!(stranger.fork(None).await.unwrap().is_none());
    }
    assert_eq!(texts(&acme.session("ana", id).last(9).await.unwrap()), ["acme's"]);
}

async fn ids_are_not_guessed(store: &Store) {
    let sessions = sessions(store);
    let ids: HashSet<_> = (0..100).map(|_| sessions.create("ana").id().to_owned()).collect();
    assert_eq!(ids.len(), 100);
    let session = sessions.create("ana");
    let message = ChatMessage::user("a secret text");
    session.append(message.clone()).await.unwrap();
    session.create(Some("a secret title")).await.unwrap();
    let shown = format!(
        "{session:?} {sessions:?} {:?} {:?} {:?}",
        session.last(1).await.unwrap(),
        session.info().await.unwrap(),
        session.append(message).await.unwrap(),
    );
    assert!(!shown.contains("secret") && !shown.contains(session.id()), "{shown}");
}
