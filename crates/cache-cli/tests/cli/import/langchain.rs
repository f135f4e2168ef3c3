//! LangChain's `CacheBackedEmbeddings` over a `RedisStore`.

use redis_test_server::TestServer;
use serde_json::json;

use super::{MODEL, as_model, assert_cached, left_by, lines_of, numbers, user_of};

const ENCODERS: [&str; 4] = ["sha1", "blake2b", "sha256", "sha512"];

#[tokio::test]
async fn texts_are_found_by_their_hash_and_taken_over_bit_for_bit() {
    for encoder in ENCODERS {
        let (old, golden) = left_by(&format!("langchain-classic 1.0.8 {encoder}"));
        let new = TestServer::start();
        let user = user_of(&new);
        let (file, url) = (user.file("texts.jsonl", lines_of(&golden)), old.url());
        let file = file.to_str().unwrap();
        let named = ["langchain", file, "--prefix", MODEL, "--key-encoder", encoder];
        let dry = user.json(&[&as_model(&named, &url)[..], &["--dry-run"]].concat());
        assert_eq!(numbers(&dry), [5, 0, 0, 0], "{encoder}");
        let any = as_model(&named[..4], &url);
        assert_eq!(numbers(&user.json(&any)), [5, 0, 0, 0], "{encoder}");
        assert_cached(&new.url(), &golden).await;

        let read = old.command_calls("get");
        assert_eq!(numbers(&user.json(&any)), [0, 5, 0, 0], "{encoder}");
        assert_eq!(old.command_calls("get"), read, "nothing is read twice");
        assert_eq!(old.command_calls("set"), 5, "nothing was written there");

        let other = if encoder == "sha1" { "sha256" } else { "sha1" };
        let wrong = ["langchain", file, "--prefix", MODEL, "--key-encoder", other, "--overwrite"];
        let run = user.run(as_model(&wrong, &url)).expect_code(1);
        assert!(run.complaint().contains("--prefix"), "{run:#?}");
    }
}

#[tokio::test]
async fn a_store_with_a_namespace_stands_before_it() {
    let (old, golden) = left_by("langchain-community 0.4.2 namespace");
    let new = TestServer::start();
    let (prefix, url) = (format!("store/{MODEL}"), old.url());
    let import = as_model(&["langchain", "-", "--prefix", &prefix], &url);
    let input = lines_of(&golden);
    let run = user_of(&new).run_with_input(&import, input.as_bytes()).expect_code(0);
    assert!(run.stdout.starts_with("imported"), "{run:#?}");
    assert_cached(&new.url(), &golden).await;
}

#[test]
fn every_line_is_counted_once_and_the_rest_goes_on() {
    let (old, golden) = left_by("langchain-classic 1.0.8 sha256");
    let secret = "never embedded";
    old.command(&["SET", &golden[0].key, "[1, 2, 3]"]);
    old.command(&["SET", &golden[1].key, "[NaN, 2, 3, 4]"]);
    old.command(&["SET", &golden[2].key, "\"base64\""]);
    old.command(&["DEL", &golden[3].key]);
    old.command(&["RPUSH", &golden[3].key, "x"]);
    let input = format!(
        "{}{}{{\"text\": \"{secret}\"}}\n{{\"text\": 7}}\n\n",
        lines_of(&golden),
        lines_of(&golden[4..])
    );
    let new = TestServer::start();
    let (user, url) = (user_of(&new), old.url());
    let file = user.file("texts.jsonl", input);
    let verb = ["langchain", file.to_str().unwrap(), "--prefix", MODEL];
    let run = user.run([&as_model(&verb, &url)[..], &["--json", "-vv"]].concat()).expect_code(1);
    let answer: serde_json::Value = serde_json::from_str(run.stdout.trim()).unwrap();
    assert_eq!(numbers(&answer), [1, 0, 1, 5], "{answer}");
    assert_eq!((&answer["repeated"], &answer["entries"]), (&1.into(), &8.into()));
    let causes =
        json!({"foreign": 1, "damaged": 1, "not_finite": 1, "wrong_dimensions": 1, "line": 1});
    assert_eq!(answer["causes"], causes);
    assert!(run.stderr.contains("line 8: "), "{run:#?}");
    assert!(!run.stderr.contains(secret), "texts are not told: {run:#?}");
    let empty = as_model(&["langchain", "-", "--prefix", MODEL], &url);
    assert_eq!(user.run_with_input(&empty, b"\n").expect_code(0).stderr, "");
}

#[test]
fn times_to_live_are_kept() {
    let (old, golden) = left_by("langchain-classic 1.0.8 blake2b");
    golden.iter().for_each(|golden| {
        old.command(&["PEXPIRE", &golden.key, "600000"]);
    });
    let new = TestServer::start();
    let (user, url) = (user_of(&new), old.url());
    let file = user.file("texts.jsonl", lines_of(&golden));
    let verb = ["langchain", file.to_str().unwrap(), "--prefix", MODEL];
    user.json(&as_model(&verb, &url));
    let keys = new.command(&["KEYS", "cache:emb:*"]);
    assert_eq!(keys.lines().count(), 5);
    for key in keys.lines() {
        let left: u64 = new.command(&["PTTL", key]).parse().unwrap();
        assert!((500_000..=600_000).contains(&left), "{left}");
    }
}
