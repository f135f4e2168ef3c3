//! `session` and `chat`, on the embedded file and on a real Redis, with the bundled server and with
//! a service.

use openai_test_server::{Fault, TestServer as Service};
use redis_test_server::TestServer;
use serde_json::Value;

use crate::support::{User, has_hangul};

fn on_each_store(check: impl Fn(&User)) {
    check(&User::new());
    let redis = TestServer::start();
    check(&User::of_redis(&redis.url()));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The texts of a session's messages.
fn texts(user: &User, id: &str, more: &[&str]) -> Vec<String> {
    let shown = user.json(&[&["session", "show", id], more].concat());
    let messages = shown["messages"].as_array().unwrap().iter();
    messages.map(|message| text(&message["chat"]["content"]).to_owned()).collect()
}

#[test]
fn messages_are_appended_once_and_shown_in_order() {
    on_each_store(|user| {
        let made = user.json(&["session", "append", "you are terse", "--role", "system"]);
        let id = text(&made["session"]);
        assert_eq!(id.len(), 22, "an id that nobody guesses");
        let append = |arguments: &[&str]| {
            user.json(&[&["session", "append", "--to", id], arguments].concat())
        };
        let first = append(&["하나", "--message-id", "m-1"]);
        assert_eq!((&first["seq"], &first["known"]), (&2.into(), &false.into()));
        let again = append(&["하나", "--message-id", "m-1"]);
        assert_eq!((&again["known"], &again["messages"]), (&true.into(), &2.into()));
        append(&["two", "--role", "assistant", "--expected-len", "2"]);
        let late = ["session", "append", "three", "--to", id, "--expected-len", "2"];
        assert!(!user.run(late).expect_code(1).complaint().is_empty(), "somebody was faster");
        assert_eq!(texts(user, id, &[]), ["you are terse", "하나", "two"]);
        assert_eq!(texts(user, id, &["--last", "1"]), ["two"]);
        assert_eq!(texts(user, id, &["--role", "user"]), ["하나"]);
        assert_eq!(texts(user, id, &["--tokens", "0"]), ["you are terse"], "pinned");
        let from_input = ["session", "append", "-", "--to", id];
        user.run_with_input(&from_input, "from\na pipe\n".as_bytes()).expect_code(0);
        assert_eq!(texts(user, id, &["--last", "1"]), ["from\na pipe"]);
        let shown = user.run(["session", "show", id]).expect_code(0).stdout;
        assert!(shown.contains("from a pipe"), "one line a message: {shown}");

        for arguments in [&["--owner", "other"][..], &["--tenant", "acme"]] {
            let run = user.run([&["session", "show", id], arguments].concat()).expect_code(1);
            assert!(run.stdout.is_empty(), "another's session: {run:#?}");
            assert!(!run.stderr.contains(id), "the id is not repeated: {run:#?}");
        }
        let list = user.json(&["session", "list"]);
        assert_eq!((&list["count"], &list["owner"]), (&1.into(), &"cli".into()));
        assert_eq!(
            (&list["sessions"][0]["id"], &list["sessions"][0]["messages"]),
            (&id.into(), &4.into())
        );
    });
}

#[test]
fn sessions_are_trimmed_moved_and_removed() {
    on_each_store(|user| {
        let made = user.json(&["session", "append", "rules", "--role", "system"]);
        let id = text(&made["session"]).to_owned();
        for i in 0..6 {
            user.json(&["session", "append", &i.to_string(), "--to", &id]);
        }
        let trimmed = user.json(&["session", "trim", &id, "--keep", "4"]);
        assert_eq!((&trimmed["removed"], &trimmed["messages"]), (&2.into(), &5.into()));
        assert_eq!(texts(user, &id, &[]), ["rules", "2", "3", "4", "5"]);
        user.run(["session", "trim", &id]).expect_code(2);

        let file = user.home().join("session.jsonl");
        let path = file.to_str().unwrap();
        let exported = user.json(&["session", "export", &id, "--output", path]);
        assert_eq!(exported["messages"], 5);
        let on_stdout = user.run(["session", "export", &id]).expect_code(0).stdout;
        assert_eq!(on_stdout, std::fs::read_to_string(&file).unwrap());
        let imported = user.json(&["session", "import", path, "--owner", "ana"]);
        let copy = text(&imported["session"]);
        assert_eq!(texts(user, copy, &["--owner", "ana"]), ["rules", "2", "3", "4", "5"]);
        let again = user.json(&["session", "import", path, "--owner", "ana", "--to", copy]);
        assert_eq!((&again["appended"], &again["known"]), (&0.into(), &5.into()));
        let broken = user.file("broken.jsonl", format!("{on_stdout}{{\"message\": 1}}\n"));
        let run = user.run(["session", "import", broken.to_str().unwrap()]).expect_code(2);
        assert!(run.complaint().contains("line 7"), "{run:#?}");
        user.run(["session", "import", "nowhere.jsonl"]).expect_code(5);
        let nowhere = ["session", "export", &id, "--output", "no/such/folder/x"];
        user.run(nowhere).expect_code(5);

        user.run(["session", "rm", "--all", "--owner", "ana"]).expect_code(2);
        let removed = user.json(&["session", "rm", "--all", "--owner", "ana", "--yes"]);
        assert_eq!(removed["removed"], 1);
        assert_eq!(user.json(&["session", "rm", &id])["removed"], 1);
        user.run(["session", "rm", &id]).expect_code(1);
        user.run(["session", "rm", &id, "--all"]).expect_code(2);
    });
}

#[test]
fn clearing_the_cache_touches_no_conversation() {
    on_each_store(|user| {
        let made = user.json(&["session", "append", "hello"]);
        user.json(&["clear", "--yes"]);
        assert_eq!(texts(user, text(&made["session"]), &[]), ["hello"]);
    });
}

#[test]
fn a_chat_goes_on_and_is_answered_from_the_cache() {
    on_each_store(|user| {
        let lines = "안녕?\n\nhow are you\n/quit\nnobody hears this\n";
        let chat = |session: &str| {
            let arguments =
                ["chat", "--echo", "--session", session, "--system", "be kind", "--json"];
            let run = user.run_with_input(&arguments, lines.as_bytes()).expect_code(0);
            let answers = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
            answers.collect::<Vec<Value>>()
        };
        let first = chat("one");
        assert_eq!(first.len(), 2, "an empty line is no question");
        assert!(text(&first[0]["answer"]).starts_with("Echo: 안녕?"));
        assert!(first.iter().all(|answer| answer["hit"] == false && answer["session"] == "one"));
        assert!(first[0]["completion_tokens"].as_u64().unwrap() > 0);
        // Another conversation that comes to the same point.
        let second = chat("two");
        assert!(second.iter().all(|answer| answer["hit"] == true), "{second:?}");
        assert_eq!(second[1]["answer"], first[1]["answer"]);
        // One that goes on is at another point.
        let third = chat("one");
        assert_eq!((third.len(), &third[0]["hit"]), (2, &false.into()));
        let found = texts(user, "one", &[]);
        assert_eq!((found.len(), found[0].as_str()), (9, "be kind"), "said once: {found:?}");

        let plain = ["chat", "--echo", "--session", "three", "--system", "be kind"];
        let run = user.run_with_input(&plain, lines.as_bytes()).expect_code(0);
        let answers: Vec<_> = run.stdout.lines().collect();
        assert_eq!(answers, [text(&first[0]["answer"]), text(&first[1]["answer"])]);
        assert!(run.complaint().contains("three"), "the session is named: {run:#?}");
        let uncached =
            user.run_with_input(&[&plain[..2], &["--no-cache", "--json"]].concat(), b"x\n");
        assert_eq!(uncached.expect_code(0).json()["hit"], false);

        let stats = user.json(&["stats"]);
        assert_eq!(stats["responses"]["hits"], 4, "{stats}");
        assert_eq!(stats["responses"]["counters"]["provider_calls"], 5);
        assert_eq!(stats["responses"]["saved_usd"], 0.0, "nobody pays for an echo");
        assert_eq!(
            (&stats["sessions"]["sessions"], &stats["sessions"]["owners"]),
            (&4.into(), &1.into())
        );
        let shown = user.run(["stats", "--lang", "ko"]).expect_code(0).stdout;
        assert!(has_hangul(&shown) && shown.contains("대화"), "{shown}");
    });
}

#[test]
fn a_chat_with_a_service_costs_once_and_failures_end_a_pipe() {
    let service = Service::builder().deployment("our-chat", "gpt-4o-mini").start_blocking();
    let user = User::new()
        .with("AZURE_OPENAI_ENDPOINT", service.url())
        .with("AZURE_OPENAI_API_KEY", "test-key")
        .with("AZURE_OPENAI_CHAT_DEPLOYMENT", "our-chat");
    let ask = |session: &str, question: &str| {
        let arguments = ["chat", "--session", session, "--json"];
        user.run_with_input(&arguments, question.as_bytes())
    };
    for (session, hit) in [("a", false), ("b", true)] {
        let answer = ask(session, "what is it?").expect_code(0).json();
        assert_eq!((&answer["hit"], &answer["model"]), (&hit.into(), &"gpt-4o-mini".into()));
    }
    assert_eq!(service.requests().len(), 1, "the second conversation asks nobody");
    let stats = user.json(&["stats"]);
    let saved = stats["responses"]["saved_usd"].as_f64().unwrap();
    assert!(
        saved > 0.0 && (saved - stats["responses"]["spent_usd"].as_f64().unwrap()).abs() < 1e-12
    );

    service.always(Fault::unauthorized_unwrapped());
    let run = ask("c", "who knows?").expect_code(4);
    assert!(run.stdout.is_empty() && run.stderr.contains("unauthorized"), "{run:#?}");
    assert!(!run.stderr.contains("who knows"), "no prompt in an error: {run:#?}");
    user.run(["session", "show", "c"]).expect_code(1); // Neither question nor answer was kept.
    let run = User::new().run_with_input(&["chat"], b"x\n").expect_code(2);
    assert!(run.complaint().contains("--echo"), "{run:#?}");
}
