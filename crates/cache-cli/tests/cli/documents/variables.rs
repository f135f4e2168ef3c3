//! Variables of the environment that pages name are read by something.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use caching_with_redis::settings::VARIABLES;

use super::pages::{pages, root};

const PREFIXES: [&str; 5] = ["CACHE_", "REDIS_", "AZURE_OPENAI_", "OPENAI_", "TEST_"];

#[test]
fn variables_that_pages_name_are_read_by_something() {
    let mut known: HashSet<_> = VARIABLES.iter().map(|known| known.variable.to_owned()).collect();
    for folder in ["crates", "benches", "examples", "scripts", "docker"] {
        add_those_of(&root().join(folder), &mut known);
    }
    let mut count = 0;
    for page in pages() {
        for (number, line) in page.text.lines().enumerate() {
            for name in names_in(line) {
                count += 1;
                assert!(known.contains(name), "{}:{}: nothing reads {name}", page.path, number + 1);
            }
        }
    }
    assert!(count > 100, "the pages name variables");
}

#[test]
fn every_setting_is_documented() {
    for page in ["docs/configuration.md", "docs/ko/configuration.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for known in VARIABLES {
            assert!(
                text.contains(&format!("| `{}` | `{}` |", known.variable, known.key)),
                "{page} has no {}",
                known.variable
            );
        }
    }
}

/// Names that end so stand for many.
fn names_in(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    words.filter(|word| {
        let is_variable = |prefix: &&str| word.starts_with(prefix) && word.len() > prefix.len();
        PREFIXES.iter().any(is_variable) && !word.ends_with('_')
    })
}

/// Names within quotation marks, or in a script. Pages do not count.
fn add_those_of(folder: &Path, known: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_those_of(&path, known);
        } else if path
            .extension()
            .is_some_and(|it| matches!(it.to_str(), Some("rs" | "sh" | "ps1" | "yml")))
        {
            let text = fs::read_to_string(&path).unwrap();
            known.extend(text.lines().flat_map(names_in).map(str::to_owned));
        }
    }
}
