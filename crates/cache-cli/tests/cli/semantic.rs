//! Questions that mean the same, as the settings have it, on stores that have nothing of their own to
//! search with: an embedded file and a plain Redis.

use redis_test_server::TestServer;
use serde_json::Value;

use crate::support::{User, has_hangul};

const ASKED: &str = "How do I reset my password after May 2023?\n";
const ALIKE: &str = "how do i reset my passwords after May 2023\n";
/// Nearly the same to a model, and about something else.
const OTHER: &str = "How do I reset my password after May 2024?\n";

fn on_each_store(mode: &str, check: impl Fn(&User)) {
    let redis = TestServer::start();
    for user in [User::new(), User::of_redis(&redis.url())] {
        let user = user.with("CACHE_SEMANTIC", mode).with("CACHE_SEMANTIC_THRESHOLD", "0.6");
        check(&user);
    }
}

/// A question in a conversation of its own.
fn chat(user: &User, question: &str) -> Value {
    let run = user.run_with_input(&["chat", "--echo", "--json"], question.as_bytes());
    run.expect_code(0).json()
}

#[test]
fn a_like_question_is_answered_and_the_answer_says_so() {
    on_each_store("on", |user| {
        let first = chat(user, ASKED);
        assert_eq!((&first["hit"], &first["semantic"]), (&false.into(), &Value::Null));
        let alike = chat(user, ALIKE);
        assert_eq!((&alike["hit"], &alike["answer"]), (&true.into(), &first["answer"]));
        let semantic = &alike["semantic"];
        let similarity = semantic["similarity"].as_f64().unwrap();
        assert!((0.6..=1.0).contains(&similarity), "{semantic}");
        assert!(semantic["age_seconds"].as_f64().unwrap() < 60.0, "{semantic}");
        assert!(semantic["matched"].as_str().unwrap().starts_with("cache:"), "{semantic}");
        let exact = chat(user, ASKED);
        assert_eq!((&exact["hit"], &exact["semantic"]), (&true.into(), &Value::Null));
        let other = chat(user, OTHER);
        assert_eq!((&other["hit"], &other["semantic"]), (&false.into(), &Value::Null), "a guard");

        for (language, words) in [("en", "like question"), ("ko", "비슷한 질문의 답변")] {
            let arguments = ["chat", "--echo", "--lang", language];
            let run = user.run_with_input(&arguments, ALIKE.as_bytes()).expect_code(0);
            assert!(run.stderr.contains(words) && run.stderr.contains("cache:"), "{run:#?}");
        }
        let stats = user.json(&["stats"]);
        let responses = &stats["responses"];
        assert_eq!(responses["counters"]["semantic_hits"], 3, "{stats}");
        assert_eq!(responses["counters"]["semantic_guard_dates"], 1, "{stats}");
        assert_eq!(
            (&responses["semantic"]["mode"], &responses["semantic"]["guards"]),
            (&"on".into(), &"all".into())
        );
        assert!(
            stats["hits"].as_u64().unwrap() > 0,
            "the questions are embedded through the cache"
        );
        let status = user.json(&["status"]);
        assert_eq!(status["semantic"]["index"], "questions", "{status}");
        for verb in ["stats", "status"] {
            let shown = user.run([verb]).expect_code(0).stdout;
            assert!(shown.contains("like questions") && shown.contains("0.6"), "{shown}");
            let shown = user.run([verb, "--lang", "ko"]).expect_code(0).stdout;
            assert!(shown.contains("비슷한 질문"), "{shown}");
        }
    });
}

#[test]
fn in_shadow_it_is_only_counted() {
    on_each_store("shadow", |user| {
        chat(user, ASKED);
        let alike = chat(user, ALIKE);
        assert_eq!((&alike["hit"], &alike["semantic"]), (&false.into(), &Value::Null));
        let stats = user.json(&["stats"]);
        assert_eq!(stats["responses"]["counters"]["semantic_shadow_hits"], 1, "{stats}");
        assert_eq!(stats["responses"]["semantic"]["mode"], "shadow");
    });
}

#[test]
fn off_means_that_nothing_is_embedded_and_no_index_made() {
    on_each_store("off", |user| {
        chat(user, ASKED);
        assert_eq!(chat(user, ALIKE)["hit"], false);
        assert_eq!(user.json(&["index", "list"])["indexes"].as_array().unwrap().len(), 0);
        let stats = user.json(&["stats"]);
        assert_eq!((&stats["misses"], &stats["responses"]["semantic"]), (&0.into(), &Value::Null));
    });
}

#[test]
fn a_cleared_cache_leaves_its_index_and_says_how_it_goes() {
    on_each_store("on", |user| {
        chat(user, ASKED);
        let cleared = user.json(&["clear", "--yes"]);
        assert_eq!(cleared["indexes"], serde_json::json!(["questions-384"]), "{cleared}");
        let gone = chat(user, ALIKE);
        assert_eq!(gone["hit"], false, "the answer is gone, whatever the index says");
        for language in ["en", "ko"] {
            let run = user.run(["clear", "--yes", "--lang", language]).expect_code(0);
            let note = run.complaint();
            assert!(note.contains("questions-384") && note.contains("index drop"), "{note}");
            assert_eq!(has_hangul(note), language == "ko");
        }
        user.run(["index", "drop", "questions-384", "--yes"]).expect_code(0);
        assert!(user.run(["clear", "--yes"]).expect_code(0).stderr.is_empty());
    });
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let chat = |user: User| {
        let run = user.run_with_input(&["chat", "--echo"], ASKED.as_bytes()).expect_code(2);
        run.complaint().to_owned()
    };
    let on = || User::new().with("CACHE_SEMANTIC", "on");
    for (user, parts) in [
        (on(), ["CACHE_SEMANTIC_THRESHOLD", "namespace cache"]),
        (on().with("CACHE_SEMANTIC_THRESHOLD", "shop=0.9"), ["CACHE_SEMANTIC_THRESHOLD", "cache"]),
        (on().with("CACHE_SEMANTIC_THRESHOLD", "0.1"), ["CACHE_SEMANTIC_THRESHOLD", "0.5 to 1"]),
        (
            on().with("CACHE_SEMANTIC_GUARDS", "-ordr"),
            ["CACHE_SEMANTIC_GUARDS", "did you mean order"],
        ),
        (User::new().with("CACHE_SEMANTIC", "yes"), ["CACHE_SEMANTIC", "off, shadow, on"]),
    ] {
        let complaint = chat(user);
        assert!(parts.iter().all(|part| complaint.contains(part)), "{complaint}");
    }
    let misspelt = User::new().with("CACHE_SEMANTIC_TRESHOLD", "0.9");
    for (language, words) in [("en", "one of ours"), ("ko", "쓰려고 하셨나요")] {
        let run = misspelt.run(["stats", "--lang", language]).expect_code(0);
        let warning = run.complaint();
        assert!(
            warning.contains("CACHE_SEMANTIC_THRESHOLD") && warning.contains(words),
            "{warning}"
        );
    }
}
