//! Export and import.

use cache_core::ErrorKind;
use serde_json::{Value, json};
use session_store::{ChatMessage, Error, LineProblem, Metadata, NewMessage, Session};

use crate::common::{Store, sessions, texts, users};

crate::on_all_stores!(
    an_export_comes_back_lossless,
    an_import_is_done_once,
    a_bad_line_is_named_by_its_number,
);

async fn filled(store: &Store) -> Session {
    let session = sessions(store).create("owner");
    session.create(Some("제목 \"x\"")).await.unwrap();
    session
        .merge_metadata(&Metadata::from_iter([("a".to_owned(), json!([1, null]))]))
        .await
        .unwrap();
    session.append(ChatMessage::system("be\nbrief")).await.unwrap();
    session.append_all(users(0..600)).await.unwrap();
    let odd =
        ChatMessage::new("assistant", Value::Null).with("x-new", json!({ "z": 1.0, "a": [] }));
    let odd = NewMessage::from(odd).pinned(true).with_tokens(77).with_metadata("k", "v");
    session.append(odd).await.unwrap();
    session
}

async fn export(session: &Session) -> Vec<u8> {
    let mut lines = Vec::new();
    session.export(&mut lines).await.unwrap();
    lines
}

async fn an_export_comes_back_lossless(store: &Store) {
    let session = filled(store).await;
    let lines = export(&session).await;
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 603);
    let (copy, imported) = sessions(store).import("another", &lines[..]).await.unwrap();
    assert_eq!((imported.appended, imported.known), (602, 0));
    assert_ne!(copy.id(), session.id());
    assert_eq!(copy.range(0, 999).await.unwrap(), session.range(0, 999).await.unwrap());
    assert_eq!(export(&copy).await, lines, "byte for byte");
    let (a, b) = (session.info().await.unwrap().unwrap(), copy.info().await.unwrap().unwrap());
    assert_eq!((a.title, a.metadata, a.tokens), (b.title, b.metadata, b.tokens));
    assert!(export(&sessions(store).create("owner")).await.is_empty());
}

async fn an_import_is_done_once(store: &Store) {
    let session = filled(store).await;
    let lines = export(&session).await;
    let copy = sessions(store).create("owner");
    let half = &lines[..lines.len() / 2];
    let error = copy.import(half).await.unwrap_err();
    assert!(matches!(error, Error::Line { .. }), "it breaks off within a line");
    let there = copy.info().await.unwrap().unwrap().len;
    assert!(there > 0, "what was whole is there");
    let rest = copy.import(&lines[..]).await.unwrap();
    assert_eq!((rest.known, rest.appended), (there, 602 - there));
    let again = copy.import(&lines[..]).await.unwrap();
    assert_eq!((again.known, again.appended), (602, 0));
    assert_eq!(copy.range(0, 999).await.unwrap(), session.range(0, 999).await.unwrap());
    session.import(&lines[..]).await.unwrap();
    assert_eq!(export(&session).await, lines, "into itself changes nothing");
}

async fn a_bad_line_is_named_by_its_number(store: &Store) {
    let good = r#"{"message":{"id":"a","chat":{"role":"user","content":"x"}}}"#;
    let cases = [
        (r#"{"message": secret"#.to_owned(), LineProblem::NotJson { column: 13 }),
        (r#"{"role":"user","content":"secret"}"#.to_owned(), LineProblem::NotOurs),
        (r#"{"message":{"id":"b","chat":{"content":"secret"}}}"#.to_owned(), LineProblem::NotOurs),
        (r#"{"message":{"id":"","chat":{"role":"user"}}}"#.to_owned(), LineProblem::NotOurs),
        (r#"{"message":{"chat":{"role":"user"}}}"#.to_owned(), LineProblem::NotOurs),
        (r#"{"session":{"format":1}}"#.to_owned(), LineProblem::NotOurs),
        (r#"{"session":{"format":2}}"#.to_owned(), LineProblem::NewerVersion),
    ];
    for (bad, expected) in cases {
        let session = sessions(store).create("owner");
        let error = session.import(format!("{good}\n\n{bad}\n").as_bytes()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        assert!(error.to_string().starts_with("line 3: "), "{error}");
        assert!(
            matches!(error, Error::Line { line: 3, problem } if problem == expected),
            "{error}"
        );
    }
    let session = sessions(store).create("owner");
    session.import(format!("{good}\r\n{good}").as_bytes()).await.unwrap();
    assert_eq!(texts(&session.last(9).await.unwrap()), ["x"]);
    assert_eq!(session.import(&b""[..]).await.unwrap().appended, 0);
}
