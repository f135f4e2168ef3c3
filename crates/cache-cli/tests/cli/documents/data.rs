//! Blocks of TOML, JSON and YAML are what the programs that read them take.

use std::collections::BTreeMap;

use caching_with_redis::Settings;
use serde_json::Value;
use toml::Table;
use yaml_rust2::{Yaml, YamlLoader};

use super::pages::{Block, Page, pages, root};
use super::workspace::Workspace;
use crate::support::User;

fn blocks(language: &str) -> Vec<Block> {
    let blocks: Vec<_> = pages().iter().flat_map(Page::blocks).collect();
    let blocks: Vec<_> = blocks.into_iter().filter(|block| block.language == language).collect();
    assert!(!blocks.is_empty(), "the pages have blocks of {language}");
    blocks
}

#[test]
fn toml_is_dependencies_prices_or_settings() {
    for block in blocks("toml") {
        let place = &block.place;
        let table: Table = block.text.parse().unwrap_or_else(|error| panic!("{place}: {error}"));
        let dependencies = ["dependencies", "dev-dependencies"].map(|kind| table.get(kind));
        if dependencies.iter().any(Option::is_some) {
            for dependencies in dependencies.into_iter().flatten() {
                assert_dependencies(place, dependencies.as_table().unwrap());
            }
        } else if table.contains_key("prices") {
            assert_prices(place, &block.text);
        } else {
            assert_settings(place, &block.text);
        }
    }
}

/// Of ours the version and the features; of others that they are those that the workspace has.
fn assert_dependencies(place: &str, dependencies: &Table) {
    let workspace = Workspace::get();
    for (name, wanted) in dependencies {
        let version =
            |of: &toml::Value| of.get("version").unwrap_or(of).as_str().map(str::to_owned);
        let wanted_version =
            version(wanted).unwrap_or_else(|| panic!("{place}: {name}: a version"));
        let empty = Vec::new();
        let features = wanted.get("features").and_then(toml::Value::as_array).unwrap_or(&empty);
        if let Some(ours) = workspace.packages.get(name) {
            assert!(
                ours.version.starts_with(&wanted_version),
                "{place}: {name} is {}",
                ours.version
            );
            for feature in features {
                let known = ours.features.contains(feature.as_str().unwrap());
                assert!(known, "{place}: {name} has no feature {feature:?}");
            }
        } else {
            let used = workspace.dependencies.get(name).and_then(version);
            let used = used.unwrap_or_else(|| panic!("{place}: the workspace does not use {name}"));
            assert!(used.starts_with(&wanted_version), "{place}: the workspace has {name} {used}");
        }
    }
}

fn assert_prices(place: &str, text: &str) {
    let user = User::new();
    let file = user.file("prices.toml", text).display().to_string();
    let run = user.with("CACHE_PRICES", &file).run(["test", "--text", "x"]);
    assert_eq!(run.code, Some(0), "{place}: {run:#?}");
}

fn assert_settings(place: &str, text: &str) {
    let user = User::new();
    let file = user.file("cache.toml", text);
    let settings = Settings::from_sources(Some(&file), &[], []);
    let settings = settings.unwrap_or_else(|error| panic!("{place}: {error}"));
    assert!(settings.warnings.is_empty(), "{place}: {:?}", settings.warnings);
}

/// Lines of objects with a text or a vector are lines of `index add`.
#[test]
fn json_is_json_and_entries_are_added() {
    for block in blocks("json") {
        let parsed: Result<Vec<Value>, _> =
            serde_json::Deserializer::from_str(&block.text).into_iter().collect();
        let values = parsed.unwrap_or_else(|error| panic!("{}: {error}", block.place));
        if values.iter().all(|value| value.get("text").or(value.get("vector")).is_some()) {
            assert_added(&block, &values);
        }
    }
}

fn assert_added(block: &Block, entries: &[Value]) {
    let attributes = entries.iter().filter_map(|entry| entry["attributes"].as_object()).flatten();
    let kinds: BTreeMap<_, _> = attributes
        .map(|(name, value)| (name, if value.is_number() { "number" } else { "tag" }))
        .collect();
    let user = User::new();
    let mut create = vec!["index".to_owned(), "create".to_owned(), "pages".to_owned()];
    for (name, kind) in kinds {
        create.extend(["--attribute".to_owned(), format!("{name}:{kind}")]);
    }
    user.run(create).expect_code(0);
    user.file("entries.jsonl", &block.text);
    let run = user.run(["index", "add", "pages", "entries.jsonl"]);
    assert_eq!(run.code, Some(0), "{}: {run:#?}", block.place);
    let info = user.json(&["index", "info", "pages"]);
    assert_eq!(info["entries"], entries.len(), "{}: {info}", block.place);
}

/// Rules of Prometheus, or one of its configurations.
#[test]
fn yaml_is_for_prometheus() {
    for block in blocks("yaml") {
        let place = &block.place;
        let documents = YamlLoader::load_from_str(&block.text);
        let documents = documents.unwrap_or_else(|error| panic!("{place}: {error}"));
        let [document] = &documents[..] else { panic!("{place}: one document") };
        let list = |value: &Yaml, name: &str| value[name].as_vec().cloned().unwrap_or_default();
        let jobs = list(document, "scrape_configs");
        let groups = list(document, "groups");
        assert!(!jobs.is_empty() || !groups.is_empty(), "{place}: neither jobs nor rules");
        for job in &jobs {
            let targets =
                list(job, "static_configs").iter().flat_map(|it| list(it, "targets")).count();
            assert!(job["job_name"].as_str().is_some() && targets > 0, "{place}: {job:?}");
        }
        for rule in groups.iter().flat_map(|group| list(group, "rules")) {
            assert!(rule["alert"].as_str().is_some(), "{place}: {rule:?}");
            assert!(rule["annotations"]["summary"].as_str().is_some(), "{place}: {rule:?}");
            assert_promql(place, rule["expr"].as_str().unwrap_or_default());
        }
    }
}

/// What Grafana puts in the place of its variables is a span of time.
#[test]
fn the_dashboard_asks_in_promql() {
    let dashboard = std::fs::read_to_string(root().join("docs/grafana-dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let mut expressions = Vec::new();
    collect("expr", &dashboard, &mut expressions);
    assert!(expressions.len() > 10, "the dashboard has expressions");
    for expression in expressions {
        assert_promql("the dashboard", &expression.replace("$__rate_interval", "5m"));
    }
}

fn assert_promql(place: &str, expression: &str) {
    let parsed = promql_parser::parser::parse(expression);
    assert!(parsed.is_ok(), "{place}: {expression}: {parsed:?}");
}

/// The texts of this field, wherever it is.
fn collect(field: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|_| name == field) {
                    Some(text) => found.push(text.to_owned()),
                    None => collect(field, value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(field, value, found)),
        _ => {}
    }
}
