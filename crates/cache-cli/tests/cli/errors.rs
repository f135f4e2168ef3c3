//! Exit codes, one clear line each, and nothing secret in it.

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::User;
use redis_test_server::TestServer;
use serde_json::Value;

#[test]
fn a_dead_redis_is_one_line_at_once() {
    let user = User::of_redis("redis://:hunter2@127.0.0.1:1");
    for verb in
        [&["status"][..], &["test", "--text", "x"], &["stats"], &["get", "x"], &["clear", "--yes"]]
    {
        let started = Instant::now();
        let run = user.run(verb).expect_code(3);
        assert!(started.elapsed() < Duration::from_secs(2), "{verb:?}");
        assert_eq!(run.stdout, "");
        let complaint = run.complaint();
        assert!(
            complaint.starts_with("error: ") && complaint.contains("127.0.0.1:1"),
            "{complaint}"
        );
        assert!(!complaint.contains("hunter2"));
    }
    let run = user.run(["status", "--json"]).expect_code(3);
    let error: Value = serde_json::from_str(run.complaint()).unwrap();
    assert_eq!((&error["error"]["kind"], run.stdout.as_str()), (&"unavailable".into(), ""));
}

#[test]
fn a_silent_redis_is_one_line_too() {
    let redis = TestServer::start();
    redis.pause();
    let started = Instant::now();
    let run = User::of_redis(&redis.url()).run(["status"]).expect_code(3);
    redis.resume();
    assert!(started.elapsed() < Duration::from_secs(4));
    assert!(run.complaint().starts_with("error: "));
}

#[test]
fn a_wrong_password_is_said_and_not_shown() {
    let redis = TestServer::builder().password("correct-horse").start();
    let url = redis.url();
    let with = |password: &str| url.replace("redis://", &format!("redis://:{password}@"));
    for (url, code) in [(with("battery-staple"), 3), (url.clone(), 3), (with("correct-horse"), 0)] {
        let run = User::of_redis(&url).run(["status", "-vv"]).expect_code(code);
        for secret in ["battery-staple", "correct-horse"] {
            assert!(!run.stderr.contains(secret) && !run.stdout.contains(secret), "{run:#?}");
        }
    }
    let run = User::of_redis(&with("battery-staple")).run(["status", "--json"]).expect_code(3);
    assert!(run.complaint().contains("\"unauthenticated\""));
}

#[test]
fn what_is_wrong_on_the_command_line_is_one_line() {
    let user = User::new();
    let cases: &[(&[&str], &str)] = &[
        (&[], "a command is missing"),
        (&["frobnicate"], "frobnicate"),
        (&["statsu"], "did you mean"),
        (&["status", "--frobnicate"], "--frobnicate"),
        (&["test", "--txt", "x"], "did you mean --text"),
        (&["test"], "--text"),
        (&["test", "--text", ""], "--text"),
        (&["status", "--backend", "disk"], "--backend"),
        (&["status", "--lang", "fr"], "en, ko"),
        (&["status", "--ttl", "soon"], "soon"),
        (&["status", "--ttl", "0"], "TTL"),
        (&["status", "--namespace", "a:b"], "namespace"),
        (&["status", "--file", "a", "--redis-url", "b"], "exclude each other"),
        (&["status", "--redis-url", "http://x"], "redis://"),
        (&["status", "--config", "nowhere.toml"], "nowhere.toml"),
        (&["warm"], "FILE"),
        (&["warm", "-", "--batch", "0"], "--batch"),
        (&["setup", "--memory", "lots"], "lots"),
        (&["setup", "--memory", "1kb"], "1mb"),
        (&["setup", "--stop", "--memory", "5mb"], "exclude each other"),
    ];
    for (arguments, part) in cases {
        let run = user.run(*arguments).expect_code(2);
        let complaint = run.complaint();
        assert!(complaint.starts_with("error: ") && complaint.contains(part), "{complaint}");
        assert_eq!(run.stdout, "");
        let run = user.run(arguments.iter().chain(&["--json"])).expect_code(2);
        let error: Value = serde_json::from_str(run.complaint()).unwrap();
        assert!(error["error"]["message"].as_str().unwrap().contains(part), "{error}");
    }
}

#[test]
fn settings_that_make_no_sense_name_the_setting() {
    let cases = [
        ("CACHE_TTL", "soon", "CACHE_TTL"),
        ("CACHE_BACKEND", "disk", "CACHE_BACKEND"),
        ("CACHE_DIMENSIONS", "3", "CACHE_DIMENSIONS"),
        ("CACHE_VECTORS", "huge", "CACHE_VECTORS"),
        ("CACHE_CONFIG", "nowhere.toml", "nowhere.toml"),
    ];
    for (name, value, part) in cases {
        let run = User::new().with(name, value).run(["status"]).expect_code(2);
        assert!(run.complaint().contains(part), "{run:#?}");
    }
}

#[test]
fn a_damaged_embedded_file_is_the_stores_failure() {
    let user = User::new();
    let file = user.file(
        "cache.db",
        "this is no database, and it is long enough to be read as one\n".repeat(40),
    );
    let run = user.run(["status", "--file", file.to_str().unwrap()]).expect_code(3);
    assert!(run.complaint().contains("cache.db"));
}

#[test]
fn help_and_version_are_answers() {
    let user = User::new();
    for verb in [
        "setup", "status", "test", "stats", "clear", "get", "explain", "warm", "index", "session",
        "chat", "doctor", "acl",
    ] {
        let help = user.run([verb, "--help"]).expect_code(0);
        assert!(help.stdout.contains("Exit codes:") && help.stdout.contains("--json"), "{verb}");
        assert_eq!(help.stderr, "");
        let root = user.run(["--help"]).expect_code(0);
        assert!(root.stdout.contains(verb));
    }
    let version = user.run(["--version"]).expect_code(0);
    assert!(version.stdout.contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn nobody_reading_is_no_panic() {
    let user = User::new();
    let long = ["get", "x", "--vector", "--json"];
    user.json(&["test", "--text", "x"]);
    for arguments in [&["--help"][..], &["stats"], &["status", "--json"], &long, &["explain", "x"]]
    {
        let mut child = user
            .command()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn logs_come_only_when_asked_for() {
    let user = User::new();
    assert_eq!(user.run(["status"]).expect_code(0).stderr, "");
    let verbose = user.run(["status", "-v"]).expect_code(0);
    assert!(verbose.stderr.contains("opened") && verbose.stderr.contains("embedded"));
    let chosen = user.with("RUST_LOG", "cache_cli=warn").run(["status", "-v"]).expect_code(0);
    assert_eq!(chosen.stderr, "", "RUST_LOG decides");
}
