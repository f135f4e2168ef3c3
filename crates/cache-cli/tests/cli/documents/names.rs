//! What commands name that are not run: packages, targets, features, files, verbs and their options.

use std::fs;
use std::process::Command;

use super::commands::words;
use super::pages::{Page, pages, root};
use super::workspace::Workspace;
use crate::support::User;

/// Commands within the text are told, not typed: what they name exists.
#[test]
fn what_commands_in_the_text_name_is_there() {
    let mut count = 0;
    let pages = pages();
    for (place, span) in
        pages.iter().filter(|page| page.path != "CHANGELOG.md").flat_map(Page::spans)
    {
        let words = words(span);
        let program = words.first().map_or("", String::as_str);
        let is_command = matches!(program, "cargo" | "cache-cli") && words.len() > 1;
        if is_command || program.starts_with("scripts/") {
            check(&place, &words);
            count += 1;
        }
    }
    assert!(count > 50, "the pages name commands");
}

/// Whatever this command names exists.
#[track_caller]
pub(super) fn check(place: &str, words: &[String]) {
    let (program, arguments) = words.split_first().unwrap();
    // What another program writes, and ours reads.
    if let Some(pipe) = words.windows(2).position(|pair| pair == ["|", "cache-cli"]) {
        return of_the_program(place, &words[pipe + 2..]);
    }
    match program.as_str() {
        "cargo" => of_cargo(place, arguments),
        "cache-cli" => of_the_program(place, arguments),
        "docker" => of_docker(place, arguments),
        "hf" | "git" => {} // what they name is not ours
        path => assert!(is_script(path), "{place}: there is no script {path}"),
    }
}

/// `NAME`, `…` and the like stand for something that the reader puts there.
fn is_placeholder(word: &str) -> bool {
    word.contains('…') || !word.contains(|c: char| c.is_lowercase())
}

fn of_cargo(place: &str, arguments: &[String]) {
    let workspace = Workspace::get();
    let split = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    let (own, passed) = arguments.split_at(split);
    let mut runs_another = false;
    for (option, value) in own.iter().zip(&own[1.min(own.len())..]) {
        if is_placeholder(value) {
            runs_another = true;
            continue;
        }
        let there = match option.as_str() {
            "-p" | "--package" => workspace.packages.contains_key(value),
            "--bin" | "--example" | "--bench" | "--test" => {
                workspace.has_target(&option[2..], value)
            }
            "--path" | "--fuzz-dir" => root().join(value).exists(),
            "--features" => value.split(',').all(|feature| has_feature(feature, own)),
            _ => continue,
        };
        runs_another |= option != "--features";
        assert!(there, "{place}: there is no {value}, which {option} names");
    }
    if own.first().is_some_and(|verb| verb == "run") && !runs_another {
        of_the_program(place, passed.get(1..).unwrap_or_default());
    }
}

/// Whether the package that the command names has this feature, or any package where it names none.
fn has_feature(feature: &str, arguments: &[String]) -> bool {
    let packages = &Workspace::get().packages;
    let mut has = packages.iter().filter(|(_, package)| package.features.contains(feature));
    let named = arguments.iter().position(|word| matches!(word.as_str(), "-p" | "--package"));
    match named.and_then(|position| arguments.get(position + 1)) {
        Some(name) => has.any(|(package, _)| package == name),
        None => has.next().is_some(),
    }
}

/// Verbs that are there, and only options that their help has.
fn of_the_program(place: &str, arguments: &[String]) {
    let words = arguments.iter().map(String::as_str).take_while(|word| !matches!(*word, "|" | ">"));
    let words: Vec<_> = words.filter(|word| !is_placeholder(word)).collect();
    let is_verb =
        |word: &&&str| !word.starts_with('-') && word.chars().all(|c| c.is_ascii_lowercase());
    let verbs: Vec<_> = words.iter().take_while(is_verb).take(2).collect();
    let Some(verb) = verbs.first() else { return };
    let user = User::new();
    let mut command = vec![**verb];
    let help = user.run([verb, "--help"]).expect_code(0).stdout;
    // A verb of verbs.
    if let Some(below) = verbs.get(1).filter(|_| help.contains("<COMMAND>")) {
        command.push(below);
    }
    command.push("--help");
    let help = user.run(&command).expect_code(0).stdout;
    for option in words.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
        let name = option.split('=').next().unwrap();
        let mut of_help = help.split(|c: char| c.is_whitespace() || c == ',');
        assert!(of_help.any(|word| word == name), "{place}: {command:?} has no {name}");
    }
}

/// The files that it is given.
fn of_docker(place: &str, arguments: &[String]) {
    for (option, value) in arguments.iter().zip(&arguments[1..]) {
        if matches!(option.as_str(), "-f" | "--file" | "--env-file") {
            assert!(root().join(value).exists(), "{place}: there is no {value}");
        }
    }
}

fn is_script(path: &str) -> bool {
    let file = root().join(path);
    if path.ends_with(".ps1") {
        return file.exists();
    }
    let parses = Command::new("bash").arg("-n").arg(&file).status();
    fs::metadata(&file).is_ok() && parses.is_ok_and(|status| status.success())
}
