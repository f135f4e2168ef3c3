//! The examples, run as their readers run them: on an embedded file, on a Redis that has nothing but
//! itself, and where the environment names them on servers that search.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;

use redis_test_server::{OptionalServer, TestServer};
use tempfile::TempDir;

/// `cargo test` builds the examples beside its tests.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(
        program.exists(),
        "{} is missing: `cargo test -p cache-examples` builds it, `--test examples` alone does not",
        program.display()
    );
    program
}

/// What an example prints, with nothing of this machine's settings.
fn run(name: &str, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let home = TempDir::new().unwrap();
    let output = Command::new(program(name))
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("XDG_CACHE_HOME", home.path().join("cache"))
        .envs(settings.iter().copied())
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{name} on {settings:?}: {output:#?}");
    String::from_utf8(output.stdout).unwrap()
}

/// On every store that is there, with its name.
fn on_each_store(check: impl Fn(&[(&str, &str)])) {
    check(&[("CACHE_BACKEND", "memory")]);
    check(&[("CACHE_BACKEND", "embedded")]);
    check(&[("REDIS_URL", &TestServer::start().url())]);
    for kind in [OptionalServer::Search, OptionalServer::Redis8] {
        if let Some(server) = kind.builder().map(|builder| builder.start()) {
            check(&[("REDIS_URL", &server.url())]);
        }
    }
}

#[test]
fn the_first_steps_run() {
    let redis = TestServer::start();
    for settings in [[("CACHE_BACKEND", "embedded")], [("REDIS_URL", &redis.url())]] {
        assert!(run("quickstart", &[], &settings).contains("hit rate"), "{settings:?}");
        let own = run("custom_provider", &[], &settings);
        assert!(
            own.contains("(asked for 2 texts)") && own.contains("(asked for 1 texts)"),
            "{own}"
        );
        let service = run("openai_integration", &[], &settings);
        assert!(service.contains("second run") && service.contains("0 calls"), "{service}");
    }
}

#[test]
fn a_hit_is_faster_than_a_model_behind_a_network() {
    let redis = TestServer::start();
    for settings in [[("CACHE_BACKEND", "embedded")], [("REDIS_URL", &redis.url())]] {
        let said = run("performance_comparison", &["--quick"], &settings);
        let row = |model: &str, cache: &str| {
            let begins = |line: &&str| line.contains(model) && line.contains(cache);
            let row =
                said.lines().find(begins).unwrap_or_else(|| panic!("{model} {cache}: {said}"));
            row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
        };
        for model in ["behind 200 ms", "in this process"] {
            assert_eq!(row(model, "| none")[5], "1");
            assert_eq!(row(model, "| exact")[7], "exact");
            assert!(row(model, "| compressed")[7].starts_with("cosine 0.9999"), "{said}");
        }
        let faster = row("behind 200 ms", "| exact")[5].replace(" ×", "");
        assert!(faster.parse::<f64>().unwrap() > 2.0, "{said}");
    }
}

/// Readers find each, read it in one go, and know that it runs.
#[test]
fn every_example_is_short_listed_and_run() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let tests = include_str!("examples.rs");
    let mut count = 0;
    for entry in folder.read_dir().unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|it| it != "rs") || file.ends_with("lib.rs") {
            continue;
        }
        count += 1;
        let name = file.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.lines().count() < 120, "{name} is longer than a reader's patience");
        assert!(text.starts_with("//! "), "{name} does not say what it shows");
        assert!(text.contains(&format!("--example {name}")), "{name} does not say how to run it");
        assert!(
            index.contains(&format!("| [`{name}`]({name}.rs) |")),
            "{name} is not in README.md"
        );
        assert!(tests.contains(&format!("run(\"{name}\"")), "{name} is not run by a test");
    }
    assert!(count > 10, "the examples are where they are looked for");
}

#[test]
fn a_store_of_ones_own_keeps_the_contract() {
    let said = run("custom_backend", &[], &[]);
    assert!(said.contains("the map keeps the contract, and Some([0.5, 0.25])"), "{said}");
}

#[test]
fn a_job_is_resumed() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("cache.db").display().to_string();
    let settings = [("CACHE_BACKEND", "embedded"), ("CACHE_FILE", &file)];
    let first = run("batch_processing", &[], &settings);
    assert!(first.contains("0 hits") && first.contains("there is nothing to embed"), "{first}");
    let second = run("batch_processing", &[], &settings);
    assert!(second.contains(", 0 computed by 0 calls"), "{second}");
}

#[test]
fn the_second_conversation_costs_nothing() {
    let redis = TestServer::start();
    for settings in [[("CACHE_BACKEND", "embedded")], [("REDIS_URL", &redis.url())]] {
        let said = run("chat_with_memory", &[], &settings);
        let count = |from: &str| said.matches(from).count();
        assert_eq!((count("[model]"), count("[cache]")), (3, 3), "{said}");
        assert!(said.contains("2 of them removed"), "{said}");
    }
}

#[test]
fn a_service_answers_and_ends_in_order() {
    let said = run("axum_service", &["127.0.0.1:0", "--once"], &[("CACHE_BACKEND", "embedded")]);
    assert!(said.contains("HTTP/1.1 200 OK") && said.contains("ended in order"), "{said}");
}

#[test]
fn a_lost_node_of_a_cluster_is_replaced() {
    let said = run("cluster", &[], &[]);
    assert!(said.contains("the second time: 1000 hits, 0 computed"), "{said}");
    assert!(said.contains("a primary was killed"), "{said}");
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("after that: 1000 hits, 0 computed"), "{said}");
}

#[test]
fn a_question_is_answered_from_the_pages_that_speak_of_it() {
    on_each_store(|settings| {
        let question = "How are vectors stored?";
        let said = run("rag_pipeline", &[question], settings);
        let first = said.lines().find(|line| line.trim_start().starts_with("[1]")).unwrap();
        assert!(first.contains("architecture.md: Stored vectors"), "{said}");
        assert!(said.contains(&format!("ana is told (computed): Echo: {question}")), "{said}");
        assert!(said.contains(&format!("bo is told (hit): Echo: {question}")), "{said}");
    });
}

#[test]
fn recommendations_are_like_what_was_liked_and_pass_the_filter() {
    on_each_store(|settings| {
        let titles = |filter: &[&str]| {
            let said = run("recommendation", filter, settings);
            let lines = said.lines().skip(1).map(|line| line.split_at(8).1.to_owned());
            lines.collect::<Vec<_>>()
        };
        let all = titles(&[]);
        assert_eq!(all.len(), 4, "{all:?}");
        assert!(all.iter().filter(|line| line.contains("science fiction")).count() >= 3, "{all:?}");
        assert!(!all.iter().any(|line| line.starts_with("Gravity")), "known already: {all:?}");
        let crime = titles(&["genre=crime, year<2000"]);
        assert!(crime.len() == 1 && crime[0].starts_with("Heat "), "{crime:?}");
    });
}

#[test]
fn the_planted_lines_are_found() {
    on_each_store(|settings| {
        let said = run("anomaly_detection", &[], settings);
        assert!(said.contains("found 5 of 5 planted lines, 0 false alarms"), "{said}");
    });
}
