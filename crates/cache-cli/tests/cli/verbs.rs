//! Every verb, on the embedded file and on a real Redis.

use crate::support::{OF_THE_QUESTION, User};
use redis_test_server::TestServer;
use serde_json::Value;

/// Runs a check for a user of each store.
fn on_each_store(check: impl Fn(&User, &str)) {
    check(&User::new(), "embedded");
    let redis = TestServer::builder().max_memory("64mb", "allkeys-lru").start();
    check(&User::of_redis(&redis.url()), "redis");
}

#[test]
fn test_shows_a_miss_then_hits() {
    on_each_store(|user, backend| {
        let text = "안녕하세요, Redis 임베딩 캐시입니다!";
        let first = user.json(&["test", "--text", text]);
        assert_eq!(first["backend"], backend);
        assert_eq!(
            (&first["first"]["hit"], &first["second"]["hit"]),
            (&false.into(), &true.into())
        );
        assert!(first["first"]["micros"].is_u64() && first["second"]["micros"].is_u64());
        assert_eq!((&first["provider"], &first["dimensions"]), (&"lexical".into(), &384.into()));
        assert!(first["model"].is_string());
        assert_eq!((&first["exact"], &first["raw_bytes"]), (&true.into(), &1536.into()));
        assert!(first["stored_bytes"].as_u64().unwrap() > 32);

        let second = user.json(&["test", "--text", text]);
        assert_eq!(second["first"]["hit"], true, "{backend}: another process finds it");
        assert_eq!((&second["exact"], &second["key"]), (&true.into(), &first["key"]));
        let other = user.json(&["test", "--text", "another text"]);
        assert_eq!(other["first"]["hit"], false);
    });
}

#[test]
fn test_says_what_a_lossy_policy_costs() {
    let user = User::new().with("CACHE_VECTORS", "tiny").with("CACHE_DIMENSIONS", "1024");
    let text = "compressed vectors lose some of their precision, and a user should see how much";
    for hit in [false, true] {
        let answer = user.json(&["test", "--text", text]);
        assert_eq!((&answer["first"]["hit"], &answer["dimensions"]), (&hit.into(), &1024.into()));
        let cosine = answer["cosine"].as_f64().unwrap();
        assert!(cosine >= 0.98, "{cosine}");
        assert_eq!(answer["exact"].as_bool().unwrap(), answer["codec"] != "q4b32");
    }
}

#[test]
fn stats_are_those_of_all_processes() {
    on_each_store(|user, backend| {
        let empty = user.json(&["stats"]);
        assert_eq!((&empty["entries"], &empty["hits"]), (&0.into(), &0.into()));
        assert_eq!(empty["hit_rate"], 0.0);
        for text in ["one", "two", "one"] {
            user.json(&["test", "--text", text]);
        }
        let stats = user.json(&["stats"]);
        assert_eq!(stats["backend"], backend);
        assert_eq!(
            (&stats["entries"], &stats["misses"]),
            (&(2 + OF_THE_QUESTION).into(), &2.into())
        );
        assert_eq!(stats["hits"], 4);
        assert!((stats["hit_rate"].as_f64().unwrap() - 4.0 / 6.0).abs() < 1e-9);
        assert!(stats["bytes"].as_u64().unwrap() > 0);
        assert_eq!(stats["counters"]["provider_inputs"], 2);
        assert_eq!(stats["counters"].as_object().unwrap().len(), 24, "all counters");
    });
}

#[test]
fn get_shows_what_is_stored_and_says_no_where_nothing_is() {
    on_each_store(|user, _| {
        let missing = user.run(["get", "a text"]).expect_code(1);
        assert_eq!((missing.stdout.as_str(), missing.stderr.as_str()), ("not cached\n", ""));
        let missing = user.run(["get", "a text", "--json"]).expect_code(1).json();
        assert_eq!((&missing["hit"], &missing["entry"]), (&false.into(), &Value::Null));

        let stored = user.json(&["test", "--text", "a text"]);
        let entry = user.json(&["get", "a text"]);
        assert_eq!((&entry["hit"], &entry["key"]), (&true.into(), &stored["key"]));
        let entry = &entry["entry"];
        assert_eq!(entry["stored_bytes"], stored["stored_bytes"]);
        assert_eq!((&entry["codec"], &entry["dimensions"]), (&stored["codec"], &384.into()));
        assert!(entry["age_seconds"].as_f64().unwrap() < 60.0 && entry["vector"].is_null());
        let vector = user.json(&["get", "a text", "--vector"]);
        assert_eq!(vector["entry"]["vector"].as_array().unwrap().len(), 384);
        assert!(user.run(["get", "a text"]).expect_code(0).stdout.contains("384"));
    });
}

#[test]
fn clear_removes_this_namespace_only() {
    on_each_store(|user, backend| {
        let in_other = |verb: &[&str]| user.json(&[verb, &["--namespace", "other"]].concat());
        in_other(&["test", "--text", "kept"]);
        for text in ["one", "two", "three"] {
            user.json(&["test", "--text", text]);
        }
        let refused = user.run(["clear"]).expect_code(2);
        assert!(refused.complaint().contains("--yes"), "{backend}");
        assert_eq!(user.json(&["stats"])["entries"], 3 + OF_THE_QUESTION);
        let cleared = user.json(&["clear", "--yes"]);
        assert_eq!(
            (&cleared["removed"], &cleared["namespace"]),
            (&(3 + OF_THE_QUESTION).into(), &"cache".into())
        );
        let stats = user.json(&["stats"]);
        assert_eq!((&stats["entries"], &stats["hits"]), (&0.into(), &0.into()));
        assert_eq!(in_other(&["stats"])["entries"], 1 + OF_THE_QUESTION);
        assert_eq!(user.json(&["clear", "--yes"])["removed"], 0);
    });
}

#[test]
fn status_says_what_is_used_and_why() {
    on_each_store(|user, backend| {
        let status = user.json(&["status"]);
        assert_eq!(status["backend"], backend);
        let (why, policy) = match backend {
            "redis" => ("url_is_set", "allkeys-lru"),
            _ => ("chosen", "lru"),
        };
        assert_eq!((&status["why"], &status["eviction_policy"]), (&why.into(), &policy.into()));
        assert!(status["version"].as_str().unwrap().starts_with(|c: char| c.is_ascii_digit()));
        let latency = &status["latency_micros"];
        assert!(latency["min"].as_u64().unwrap() <= latency["median"].as_u64().unwrap());
        assert!(status["used_bytes"].as_u64().unwrap() <= status["max_bytes"].as_u64().unwrap());
        assert_eq!(
            (&status["provider"], &status["warnings"]),
            (&"lexical".into(), &Value::Array(vec![]))
        );
        assert_eq!((&status["ttl_seconds"], &status["entries"]), (&3600.0.into(), &0.into()));
    });
}

#[test]
fn status_warns_of_servers_that_do_not_fit() {
    let unbounded = TestServer::start();
    let status = User::of_redis(&unbounded.url()).json(&["status"]);
    assert_eq!(status["max_bytes"], Value::Null);
    assert!(status["warnings"][0].as_str().unwrap().contains("unbounded"));
    let finding = &status["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["severity"]),
        (&"unbounded_memory".into(), &"warning".into())
    );
    assert_eq!(finding["text"], status["warnings"][0]);
    let full = TestServer::builder().max_memory("64mb", "noeviction").start();
    let user = User::of_redis(&full.url()).with("CACHE_TTLL", "5");
    let warnings = user.json(&["status"])["warnings"].as_array().unwrap().clone();
    assert!(warnings[0].as_str().unwrap().contains("noeviction"));
    assert!(warnings[1].as_str().unwrap().contains("CACHE_TTLL"));
    assert!(user.run(["status"]).expect_code(0).stdout.contains("noeviction"));
}

#[test]
fn status_says_whether_the_server_tells_the_near_cache_what_changes() {
    let mute = ["on", "nopass", "~*", "+@all", "-client|tracking"];
    let told = TestServer::builder().max_memory("64mb", "allkeys-lru");
    let untold = TestServer::builder().max_memory("64mb", "allkeys-lru").user("default", &mute);
    let warning: &[&str] = &["no_tracking"];
    for (server, state, findings) in [(told, "tracking", &[][..]), (untold, "short_lived", warning)]
    {
        let server = server.start();
        let user = User::of_redis(&server.url());
        assert_eq!(user.json(&["status"])["near"], Value::Null);
        let user = user.with("CACHE_NEAR_MEMORY", "16mb").with("CACHE_NEAR_STALENESS", "500ms");
        let status = user.json(&["status"]);
        let near = serde_json::json!(
            {"state": state, "max_bytes": 16 << 20, "max_staleness_ms": 500}
        );
        assert_eq!(status["near"], near);
        let codes = status["findings"].as_array().unwrap().iter().map(|it| &it["code"]);
        assert!(codes.eq(findings), "{status}");
        let shown = user.run(["status"]).expect_code(0).stdout;
        assert!(shown.contains("near cache") && shown.contains("16 MiB"), "{shown}");
        let korean = user.run(["status", "--lang", "ko"]).expect_code(0).stdout;
        assert!(korean.contains("근접 캐시"), "{korean}");
    }
}

#[test]
fn explain_needs_no_store_and_tells_two_keys_apart() {
    let user = User::of_redis("redis://127.0.0.1:1");
    let one = user.json(&["explain", "a text"]);
    assert_eq!((&one["fields"]["provider"], &one["input_bytes"]), (&"lexical".into(), &6.into()));
    assert!(!one.to_string().contains("a text"), "the text is not shown");
    assert_eq!(one["key"], User::new().json(&["test", "--text", "a text"])["key"]);

    let same = user.json(&["explain", "a text", "a text"]);
    assert_eq!((&same["same"], &same["differences"]), (&true.into(), &Value::Array(vec![])));
    let fields = |arguments: &[&str]| -> Vec<String> {
        let answer = user.json(arguments);
        assert_eq!(answer["same"], false);
        let field = |d: &Value| d["field"].as_str().unwrap().to_owned();
        answer["differences"].as_array().unwrap().iter().map(field).collect()
    };
    assert_eq!(fields(&["explain", "a text", "a text "]), ["input"]);
    assert_eq!(fields(&["explain", "x", "--tenant", "a", "--tenant2", "b"]), ["scope"]);
    assert_eq!(fields(&["explain", "x", "--input2", "query"]), ["input kind"]);
    let text = user.run(["explain", "x", "y"]).expect_code(0).stdout;
    assert!(text.contains("input") && text.contains("BLAKE3"), "{text}");
}

#[test]
fn flags_override_the_environment_and_the_environment_the_file() {
    let redis = TestServer::start();
    let user = User::new().with("CACHE_NAMESPACE", "environment").with("CACHE_BACKEND", "memory");
    let config = user.file("settings.toml", "namespace = \"file\"\nttl = 60\n");
    let config = config.to_str().unwrap();
    let status = |arguments: &[&str]| user.json(&[&["status"], arguments].concat());
    assert_eq!(status(&["--config", config])["ttl_seconds"], 60.0);
    assert_eq!(status(&["--config", config])["namespace"], "environment");
    assert_eq!(status(&["--namespace", "flag", "--ttl", "2m"])["namespace"], "flag");
    assert_eq!(status(&["--ttl", "2m", "--config", config])["ttl_seconds"], 120.0);
    assert_eq!(status(&[])["backend"], "memory");
    // A flag that names a place also chooses the store there.
    assert_eq!(status(&["--redis-url", &redis.url()])["backend"], "redis");
    let file = user.home().join("my.db");
    let status = status(&["--file", file.to_str().unwrap()]);
    assert_eq!(
        (&status["backend"], status["location"].as_str()),
        (&"embedded".into(), file.to_str())
    );
}

#[test]
fn the_memory_backend_warns_that_nothing_stays() {
    let user = User::new().with("CACHE_BACKEND", "memory");
    let run = user.run(["test", "--text", "x"]).expect_code(0);
    assert!(run.complaint().starts_with("warning: "));
    let answer = user.json(&["test", "--text", "x"]);
    assert_eq!((&answer["first"]["hit"], &answer["second"]["hit"]), (&false.into(), &true.into()));
}
