//! `doctor` and `acl`.

use redis_test_server::{TestCluster, TestServer};
use serde_json::Value;

use crate::support::{User, has_hangul};

fn codes(answer: &Value) -> Vec<&str> {
    let findings = answer["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn doctor_finds_what_is_wrong_and_says_no_only_to_problems() {
    let server = TestServer::builder().max_memory("64mb", "noeviction").start();
    let user = User::of_redis(&server.url());
    let answer = user.json(&["doctor"]);
    assert_eq!((&answer["backend"], &answer["namespace"]), (&"redis".into(), &"cache".into()));
    assert!(codes(&answer).contains(&"no_eviction"), "{answer}");
    let shown = user.run(["doctor"]).expect_code(0).stdout;
    assert!(shown.contains("allkeys-lru"), "{shown}");
    let korean = user.run(["doctor", "--lang", "ko"]).expect_code(0).stdout;
    assert!(has_hangul(&korean) && korean.contains("noeviction"), "{korean}");

    let replica = TestServer::builder().replica_of(&server).start();
    let run = User::of_redis(&replica.url()).run(["doctor", "--json"]).expect_code(1);
    assert!(codes(&run.json()).contains(&"is_replica"), "{run:#?}");
    User::of_redis("redis://127.0.0.1:1").run(["doctor"]).expect_code(3);
}

#[test]
fn doctor_finds_nothing_wrong_with_a_fresh_file() {
    let user = User::new();
    user.json(&["test", "--text", "x"]);
    let answer = user.json(&["doctor"]);
    assert_eq!(codes(&answer), Vec::<&str>::new(), "{answer}");
    assert!(user.run(["doctor"]).expect_code(0).stdout.contains("nothing is wrong"));
}

#[test]
fn acl_prints_the_least_rights() {
    let user = User::new();
    let answer = user.json(&["acl", "--namespace", "app", "--rights", "cache"]);
    let command = answer["command"].as_str().unwrap();
    assert!(command.starts_with("ACL SETUSER cache reset on >PASSWORD ~app:* "), "{command}");
    assert!(!command.contains("~app~log"), "no conversations: {command}");
    assert_eq!(answer["applied"], Value::Null);
    assert!(user.run(["acl"]).expect_code(0).stdout.contains("~cache~log:*"));
    let sentinel = user.json(&["acl", "--sentinel"]);
    assert!(sentinel["command"].as_str().unwrap().contains("+subscribe"), "{sentinel}");
    user.run(["acl", "--apply"]).expect_code(2);
}

#[test]
fn acl_makes_a_user_on_every_node_with_whom_everything_works() {
    let cluster = TestCluster::start();
    let admin = User::of_redis(&cluster.url());
    let file = admin.file("password", "hunter2 hunter2\n");
    let made = admin.json(&["acl", "--apply", "--password-file", file.to_str().unwrap()]);
    assert_eq!(made["applied"].as_array().unwrap().len(), 6, "{made}");
    assert!(!made.to_string().contains("hunter2"), "{made}");
    let with_vectors = ["acl", "--vectors", "plain", "--user", "searcher", "--apply"];
    admin.json(&[&with_vectors[..], &["--password-file", file.to_str().unwrap()]].concat());
    let searcher = User::of_redis(&cluster.url())
        .with("REDIS_USERNAME", "searcher")
        .with("REDIS_PASSWORD_FILE", file.to_str().unwrap());
    searcher.json(&["index", "create", "things"]);
    searcher.run_with_input(&["index", "add", "things", "-"], b"one\ntwo\n").expect_code(0);
    assert_eq!(searcher.json(&["index", "search", "things", "two"])["matches"][0]["text"], "two");
    searcher.json(&["index", "drop", "things", "--yes"]);
    let app = User::of_redis(&cluster.url())
        .with("REDIS_USERNAME", "cache")
        .with("REDIS_PASSWORD_FILE", file.to_str().unwrap())
        .with("CACHE_NEAR_MEMORY", "16mb");
    let answer = app.json(&["test", "--text", "x"]);
    assert_eq!(
        (&answer["second"]["hit"], &answer["session"]["same"]),
        (&true.into(), &true.into())
    );
    assert_eq!(app.json(&["stats"])["sessions"]["sessions"], 1);
    app.json(&["clear", "--yes"]);
    let refused = app.run(["stats", "--namespace", "other"]).expect_code(3);
    assert!(!refused.stderr.contains("hunter2"), "{refused:#?}");

    let empty = admin.file("empty", "\n");
    admin.run(["acl", "--apply", "--password-file", empty.to_str().unwrap()]).expect_code(2);
}
