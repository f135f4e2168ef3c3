//! `index`, on every store that keeps indexes.

use redis_test_server::{OptionalServer, TestServer};
use serde_json::Value;

use crate::support::{Run, User, has_hangul};

/// For a user of each store that is there; its engine.
fn on_each_store(check: impl Fn(&User, &str)) {
    check(&User::new(), "embedded");
    let plain = TestServer::start();
    check(&User::of_redis(&plain.url()), "plain");
    for (kind, engine) in [(OptionalServer::Search, "search"), (OptionalServer::Redis8, "sets")] {
        if let Some(server) = kind.builder().map(|builder| builder.start()) {
            check(&User::of_redis(&server.url()), engine);
        }
    }
}

const NEWS: &str = r#"{"id": "a", "text": "The cat sat on the mat", "attributes": {"topic": "pets", "year": 2019}}
{"id": "b", "text": "A cat on a hot tin roof", "attributes": {"topic": ["film", "pets"], "year": 1958}}
{"id": "c", "text": "주식 시장이 크게 올랐습니다", "attributes": {"topic": "money", "year": 2024}}
{"id": "d", "text": "Stock markets rose sharply", "attributes": {"topic": "money"}}
"#;

/// An index `news` with these four in it.
fn with_news(user: &User) {
    let made = user.json(&[
        "index",
        "create",
        "news",
        "--attribute",
        "topic:tag",
        "--attribute",
        "year:number",
    ]);
    assert_eq!((&made["created"], &made["dimensions"]), (&true.into(), &384.into()), "{made}");
    let added = add(user, "news", NEWS).expect_code(0).json();
    assert_eq!(counts(&added), [4, 4, 0, 4, 0, 0], "{added}");
}

fn add(user: &User, index: &str, lines: &str) -> Run {
    user.run_with_input(&["index", "add", index, "-", "--json"], lines.as_bytes())
}

fn counts(answer: &Value) -> [u64; 6] {
    ["lines", "written", "hits", "computed", "given", "failed"]
        .map(|name| answer[name].as_u64().unwrap())
}

fn search(user: &User, arguments: &[&str]) -> Vec<String> {
    let answer = user.json(&[&["index", "search", "news"], arguments].concat());
    ids(&answer)
}

fn ids(answer: &Value) -> Vec<String> {
    let matches = answer["matches"].as_array().unwrap().iter();
    matches.map(|found| found["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_index_is_made_filled_searched_and_dropped() {
    on_each_store(|user, engine| {
        user.run(["index", "info", "news"]).expect_code(1);
        with_news(user);
        let again =
            ["index", "create", "news", "--attribute", "topic:tag", "--attribute", "year:number"];
        assert_eq!(user.json(&again)["created"], false, "the same is there");
        let other = user.run(["index", "create", "news", "--dimensions", "8"]).expect_code(1);
        assert!(other.complaint().contains("another schema"), "{other:#?}");
        let other = ["index", "create", "news", "--dimensions", "8", "--lang", "ko"];
        let other = user.run(other).expect_code(1);
        assert!(other.complaint().contains("다른 스키마로 이미 있습니다"), "{other:#?}");
        let bits = ["index", "create", "bits", "--precision", "b1", "--approximate"];
        if engine == "sets" {
            assert_eq!(user.json(&bits)["precision"], "b1");
            assert_eq!(user.json(&["index", "info", "bits"])["precision"], "b1");
            user.run(&bits[..5]).expect_code(2);
            user.run(["index", "drop", "bits", "--yes"]).expect_code(0);
        } else {
            let refused = user.run(bits).expect_code(3);
            assert!(refused.complaint().contains("vector sets of Redis 8"), "{refused:#?}");
            let refused = user.run([&bits[..], &["--lang", "ko"]].concat()).expect_code(3);
            assert!(refused.complaint().contains("벡터 집합"), "{refused:#?}");
        }

        let found = user.json(&["index", "search", "news", "a cat on the mat", "-k", "2"]);
        assert_eq!((ids(&found), &found["engine"]), (vec!["a".into(), "b".into()], &engine.into()));
        let best = &found["matches"][0];
        assert_eq!(best["text"], "The cat sat on the mat");
        assert_eq!(
            (&best["model"], &best["attributes"]["year"]),
            (&"lexical-384@1".into(), &2019.into())
        );
        assert_eq!(found["matches"][1]["attributes"]["topic"], serde_json::json!(["film", "pets"]));

        assert_eq!(search(user, &["주식 시장", "--most", "1"]), ["c"]);
        assert_eq!(search(user, &["cat", "--filter", "topic=pets,year<2000"]), ["b"]);
        assert_eq!(search(user, &["cat", "--filter", "topic=film|money, year>=2000"]), ["c"]);
        assert_eq!(search(user, &["cat", "--filter", "topic!=pets"]).len(), 2);
        assert_eq!(search(user, &["The cat sat on the mat", "--at-least", "0.99"]), ["a"]);
        let nothing = ["index", "search", "news", "cat", "--filter", "topic=weather", "--json"];
        let nothing = user.run(nothing).expect_code(1).json();
        assert_eq!((ids(&nothing).len(), &nothing["of_other_models"]), (0, &0.into()));

        let info = user.json(&["index", "info", "news"]);
        assert_eq!((&info["entries"], &info["engine"]), (&4.into(), &engine.into()));
        assert_eq!((&info["method"], &info["precision"]), (&"exact".into(), &"f32".into()));
        let kinds = serde_json::json!({
            "model": "tags", "text": "stored", "topic": "tags", "year": "number"
        });
        assert_eq!((&info["attributes"], &info["exact"]), (&kinds, &true.into()));
        assert!(info["engine_why"].is_string() && info["bytes"].as_u64().unwrap() > 0, "{info}");
        let list = user.json(&["index", "list"]);
        assert_eq!(
            (&list["indexes"][0]["index"], &list["indexes"][0]["entries"]),
            (&"news".into(), &4.into())
        );
        let elsewhere = user.json(&["index", "list", "--namespace", "other"]);
        assert_eq!(elsewhere["indexes"].as_array().unwrap().len(), 0);

        let unsure = user.run(["index", "drop", "news"]).expect_code(2);
        assert!(unsure.complaint().contains("--yes"), "{unsure:#?}");
        assert_eq!(user.json(&["index", "drop", "news", "--yes"])["entries"], 4);
        let gone = user.run(["index", "drop", "news", "--yes"]).expect_code(1);
        assert!(gone.complaint().contains("no index news"), "{gone:#?}");
    });
}

#[test]
fn adding_again_changes_nothing_and_costs_nothing() {
    on_each_store(|user, _| {
        with_news(user);
        assert_eq!(counts(&add(user, "news", NEWS).expect_code(0).json()), [4, 4, 4, 0, 0, 0]);
        // Plain lines are entries under the hashes of their texts; the last of an id counts.
        let lines = "one line\n\n  \none line\nanother line\n";
        assert_eq!(counts(&add(user, "news", lines).expect_code(0).json()), [3, 3, 1, 2, 0, 0]);
        assert_eq!(user.json(&["index", "info", "news"])["entries"], 6);
        let changed = r#"{"id": "a", "text": "The dog sat on the mat"}"#;
        add(user, "news", changed).expect_code(0);
        assert_eq!(search(user, &["The dog sat on the mat", "-k", "1"]), ["a"]);
        assert_eq!(search(user, &["cat", "--filter", "topic=pets"]), ["b"], "replaced as a whole");
        user.json(&["clear", "--yes"]);
        assert_eq!(user.json(&["index", "info", "news"])["entries"], 6, "no part of the cache");
    });
}

#[test]
fn entries_expire_by_the_clock_of_the_store() {
    on_each_store(|user, _| {
        with_news(user);
        let short = ["index", "add", "news", "-", "--expires-in", "1s"];
        user.run_with_input(&short, b"a passing cat").expect_code(0);
        let exact = ["a passing cat", "--at-least", "0.99"];
        let started = std::time::Instant::now();
        while !user.run([&["index", "search", "news"][..], &exact].concat()).stdout.is_empty()
            && user.run([&["index", "search", "news"][..], &exact].concat()).code == Some(0)
        {
            assert!(started.elapsed().as_secs() < 20, "it does not expire");
        }
        assert_eq!(search(user, &["cat"]).len(), 4, "the others live for ever");
    });
}

#[test]
fn bad_lines_are_named_and_the_rest_is_written() {
    on_each_store(|user, _| {
        with_news(user);
        let mut lines = concat!(
            "{\"text\": \"fine\"}\n",
            "not json\n",
            "{\"text\": \"x\", \"attributes\": {\"tpoic\": \"a\"}}\n",
            "{\"text\": \"x\", \"attributes\": {\"year\": \"soon\"}}\n",
            "{\"id\": \"v\", \"vector\": [1, 2, 3]}\n",
            "{\"id\": \"n\", \"vector\": [NaN]}\n",
            "{\"text\": \"\"}\n",
            "{\"titel\": \"x\"}\n",
        )
        .to_owned();
        let zeros = vec!["0"; 384].join(",");
        lines.push_str(&format!("{{\"id\": \"z\", \"vector\": [{zeros}]}}\n"));
        // More than an entry may keep, and more than a line may have.
        lines.push_str(&format!("{{\"text\": \"{}\"}}\n", "long ".repeat(300_000)));
        lines.push_str(&format!("{{\"text\": \"{}\"}}\n", "x".repeat((10 << 20) + 1)));
        lines.push_str("{\"text\": \"fine too\"}\n");
        let run = add(user, "news", &lines).expect_code(1);
        assert_eq!(counts(&run.json()), [12, 2, 0, 2, 0, 10], "{}", run.stderr);
        let said = |line: u64| {
            let prefix = format!("line {line}: ");
            run.stderr.lines().find_map(|said| said.strip_prefix(&prefix)).unwrap_or_default()
        };
        for (line, part) in [
            (2, "not JSON"),
            (3, "no attribute tpoic"),
            (4, "year takes a number"),
            (5, "3 dimensions where 384"),
            (6, "finite"),
            (7, "empty"),
            (8, "\"vector\""),
            (9, "all zeros"),
            (10, "1048576"),
            (11, "10 MiB"),
        ] {
            assert!(said(line).contains(part), "line {line}: {}", run.stderr);
        }
        assert!(!run.stderr.contains("not json") && !run.stderr.contains("soon"), "no contents");
        assert_eq!(user.json(&["index", "info", "news"])["entries"], 6);
    });
}

#[test]
fn given_vectors_are_found_by_vectors_and_texts_need_their_model() {
    on_each_store(|user, _| {
        user.json(&["index", "create", "news", "--dimensions", "3", "--attribute", "topic:tag"]);
        let lines = "{\"id\": 1, \"vector\": [1, 0, 0], \"attributes\": {\"topic\": \"x\"}}\n\
                     {\"id\": 2, \"vector\": [0, 1, 0], \"text\": \"kept\"}\n";
        assert_eq!(counts(&add(user, "news", lines).expect_code(0).json()), [2, 2, 0, 0, 2, 0]);
        let found = user.json(&["index", "search", "news", "--vector", "[0, 0.9, 0.1]", "-k", "1"]);
        assert_eq!((ids(&found), &found["matches"][0]["text"]), (vec!["2".into()], &"kept".into()));
        for arguments in
            [&["index", "search", "news", "a text"][..], &["index", "add", "news", "-"]]
        {
            let run = user.run_with_input(arguments, b"a text\n").expect_code(2);
            assert!(run.stderr.contains("CACHE_DIMENSIONS=3"), "{run:#?}");
        }
        for vector in ["[1, 2", "[1, \"2\", 3]", "[1e39, 0, 0]", "[]"] {
            user.run(["index", "search", "news", "--vector", vector]).expect_code(2);
        }
        user.run(["index", "search", "news", "--vector", "[1, 2]"]).expect_code(2);
    });
}

#[test]
fn a_text_is_compared_with_vectors_of_its_own_model() {
    on_each_store(|user, _| {
        let service = openai_test_server::TestServer::builder().start_blocking();
        let base = format!("{}/v1", service.url());
        let with = |provider: &str, arguments: &[&str]| {
            let mut command = user.command();
            command.args(arguments).args(["--provider", provider, "--json"]);
            command.env("OPENAI_BASE_URL", &base).env("OPENAI_API_KEY", "test-key");
            command.env("CACHE_DIMENSIONS", "384");
            Run::of(command.output().unwrap())
        };
        user.json(&["index", "create", "news", "--dimensions", "384"]);
        let lines = user.file("lines.txt", "one\ntwo\n");
        let path = lines.to_str().unwrap();
        with("lexical", &["index", "add", "news", path]).expect_code(0);
        let other = with("openai", &["index", "search", "news", "one"]).expect_code(1).json();
        assert_eq!((ids(&other).len(), &other["of_other_models"]), (0, &2.into()), "{other}");
        with("openai", &["index", "add", "news", path]).expect_code(0);
        let own = with("openai", &["index", "search", "news", "one"]).expect_code(0).json();
        assert_eq!((ids(&own).len(), &own["of_other_models"]), (2, &0.into()), "{own}");
        assert_eq!(own["matches"][0]["text"], "one");
    });
}

#[test]
fn texts_are_kept_and_asked_for_as_the_index_says() {
    on_each_store(|user, _| {
        user.json(&["index", "create", "news", "--attribute", "text:text"]);
        add(user, "news", "a red apple\na green apple\n").expect_code(0);
        assert_eq!(search(user, &["apple", "--filter", "text~\"apple red\""]).len(), 1);
        user.json(&["index", "create", "bare", "--without-text"]);
        // Longer than an entry may keep: here it is not kept.
        let long = "word ".repeat(300_000);
        assert_eq!(counts(&add(user, "bare", &long).expect_code(0).json())[1], 1);
        let found = user.json(&["index", "search", "bare", "word"]);
        assert_eq!((&found["matches"][0]["text"], ids(&found)[0].len()), (&Value::Null, 64));
    });
}

#[test]
fn what_was_written_before_a_failure_stays_and_is_reported() {
    let redis = TestServer::builder().max_memory("12mb", "noeviction").start();
    let user = User::of_redis(&redis.url());
    user.json(&["index", "create", "news"]);
    let lines: String = (0..40_000).map(|n| format!("line {n}\n")).collect();
    let run = add(&user, "news", &lines).expect_code(3);
    let [all, written, ..] = counts(&run.json());
    assert!(written > 0 && written < 40_000 && all == written, "{run:#?}");
    assert!(run.complaint().contains("\"full\""), "{run:#?}");
    // Of the batch at which it failed a part may be there.
    let entries = user.json(&["index", "info", "news"])["entries"].as_u64().unwrap();
    assert!((written..written + 256).contains(&entries), "{entries} of {written}");
}

/// A program that only looks has no graph, and says when one is built.
#[test]
fn info_says_how_an_approximate_index_is_searched() {
    on_each_store(|user, engine| {
        user.run(["index", "create", "many", "--approximate"]).expect_code(0);
        let info = user.json(&["index", "info", "many"]);
        let builds_its_own = ["embedded", "plain"].contains(&engine);
        if !builds_its_own {
            assert!(info["graph"].is_null(), "{info}");
            return;
        }
        let none = serde_json::json!({
            "above": 10_000, "entries": 0, "pending": 0, "building": false
        });
        assert_eq!((&info["graph"], &info["exact"]), (&none, &false.into()));
        for (language, part) in [("en", "more than 10,000 entries"), ("ko", "10,000개를 넘으면")]
        {
            let told = user.run(["--lang", language, "index", "info", "many"]).expect_code(0);
            assert!(told.stdout.contains(part), "{told:#?}");
        }
    });
}

#[test]
fn mistakes_on_the_command_line_point_at_their_place() {
    let user = User::new().with("CACHE_BACKEND", "memory");
    for (arguments, part) in [
        (&["index"][..], "command is missing"),
        (&["index", "create", "a b"], "1 to 64 characters"),
        (&["index", "create", "a", "--dimensions", "0"], "--dimensions"),
        (&["index", "create", "a", "--attribute", "topic"], "NAME:KIND"),
        (&["index", "create", "a", "--attribute", "topic:word"], "tag, number, text or stored"),
        (&["index", "create", "a", "--attribute", "x:tag", "--attribute", "x:text"], "two kinds"),
        (&["index", "create", "a", "--attribute", "model:number"], "two kinds"),
        (&["index", "create", "a", "--links", "8"], "--approximate"),
        (&["index", "search", "a"], "TEXT"),
        (&["index", "search", "a", "b", "-k", "0"], "--most"),
        (&["index", "search", "a", "b", "--at-least", "2"], "-1 (opposite) to 1"),
        (&["index", "add", "a", "-", "--expires-in", "0"], "TTL"),
    ] {
        let run = user.run(arguments).expect_code(2);
        assert!(run.complaint().contains(part), "{arguments:?}: {run:#?}");
    }
    user.run(["index", "add", "a", "nowhere.txt"]).expect_code(5);
    user.run(["index", "add", "a", "-"]).expect_code(1);
    let created = user.run(["index", "create", "a"]).expect_code(0);
    assert!(created.complaint().starts_with("warning: "), "it is gone with the program");
    on_each_store(|user, _| {
        with_news(user);
        let wrong = ["index", "search", "news", "cat", "--filter", "topic=pets, yaer>2000"];
        let english = user.run(wrong).expect_code(2);
        assert!(english.complaint().contains("character 13 of the filter: "), "{english:#?}");
        assert!(english.complaint().contains("yaer"), "{english:#?}");
        let korean = user.run([&wrong[..], &["--lang", "ko"]].concat()).expect_code(2);
        assert!(korean.complaint().contains("필터의 13번째 글자: "), "{korean:#?}");
        let twice = ["index", "search", "news", "cat", "--filter", "topic==pets"];
        let english = user.run(twice).expect_code(2);
        assert!(
            english.complaint().contains("character 7 of the filter: a second"),
            "{english:#?}"
        );
        let korean = user.run([&twice[..], &["--lang", "ko"]].concat()).expect_code(2);
        assert!(korean.complaint().contains("필터의 7번째 글자: 연산자는 하나"), "{korean:#?}");
    });
}

#[test]
fn every_answer_is_korean_where_that_is_wanted() {
    on_each_store(|user, _| {
        let korean = |arguments: &[&str]| {
            user.run([&["index"], arguments, &["--lang", "ko"]].concat()).expect_code(0).stdout
        };
        assert!(has_hangul(&korean(&["list"])));
        let attribute = ["--attribute", "topic:tag", "--attribute", "year:number"];
        for expected in ["만들었습니다", "이미 있습니다"] {
            let made = korean(&[&["create", "news"], &attribute[..]].concat());
            assert!(made.contains(expected), "{made}");
        }
        let file = user.file("news.jsonl", NEWS);
        let path = file.to_str().unwrap();
        assert!(korean(&["add", "news", path]).contains("항목 4개 저장"));
        assert!(korean(&["info", "news"]).contains("검색 엔진"));
        assert!(korean(&["list"]).contains("384차원 항목 4개"));
        let found = korean(&["search", "news", "고양이 cat", "-k", "1"]);
        assert!(found.contains("cat") && found.contains("topic="), "{found}");
        let bad = user.file("bad.jsonl", "{\"text\": \"x\", \"attributes\": {\"tpoic\": \"a\"}}\n");
        let refused = ["index", "add", "news", bad.to_str().unwrap(), "--lang", "ko"];
        let run = user.run(refused).expect_code(1);
        assert!(run.stderr.contains("1번째 줄: 색인에 tpoic 속성이 없습니다"), "{run:#?}");
        let none = ["index", "search", "news", "x", "--filter", "topic=none", "--lang", "ko"];
        assert!(user.run(none).expect_code(1).stdout.contains("찾은 것이 없습니다"));
        assert!(korean(&["drop", "news", "--yes"]).contains("지웠습니다"));
        assert!(has_hangul(
            user.run(["index", "info", "news", "--lang", "ko"]).expect_code(1).complaint()
        ));
    });
}
