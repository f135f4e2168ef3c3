//! What the program says of itself, and the pages that it writes for the documentation.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{User, has_hangul};

#[test]
fn the_pages_of_the_documentation_are_what_the_program_says() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for page in ["cli", "configuration", "metrics"] {
        for (language, file) in [("en", format!("{page}.md")), ("ko", format!("ko/{page}.md"))] {
            let said = User::new().run(["reference", page, "--lang", language]).expect_code(0);
            let written = fs::read_to_string(docs.join(&file)).unwrap_or_default();
            assert!(
                written == said.stdout,
                "docs/{file} is out of date. Make it anew, from the root of the project:\n  \
                 cargo run -- reference {page} --lang {language} > docs/{file}"
            );
        }
    }
}

#[test]
fn the_reference_names_every_verb_and_is_not_shown_itself() {
    let user = User::new();
    let page = user.run(["reference", "cli", "--lang", "en"]).expect_code(0).stdout;
    let help = user.run(["--help"]).expect_code(0).stdout;
    for verb in ["setup", "doctor", "session list", "completions", "man"] {
        assert!(page.contains(&format!("## `cache-cli {verb}`")), "{verb}");
    }
    assert_eq!(page.matches("Exit codes:").count(), 1, "told once");
    assert_eq!(page.matches("--redis-url").count(), 1, "told once");
    assert!(!page.contains("cache-cli reference") && !help.contains("reference"), "{help}");
}

#[test]
fn shells_are_given_completions_whatever_the_settings_are() {
    let user = User::new().with("CACHE_TTL", "nonsense");
    for (shell, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef cache-cli"),
        ("fish", "complete -c cache-cli"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = user.run(["completions", shell]).expect_code(0).stdout;
        assert!(script.contains(word), "{shell}: {script}");
        assert!(script.contains("doctor") && script.contains("redis-url"), "{shell}: {script}");
    }
    let korean = user.run(["completions", "fish", "--lang", "ko"]).expect_code(0).stdout;
    assert!(has_hangul(&korean));
    user.run(["completions", "tcsh"]).expect_code(2);
}

/// A shell takes the script, and completes by it.
#[cfg(unix)]
#[test]
fn bash_completes_a_verb() {
    let user = User::new();
    let script = user.run(["completions", "bash"]).expect_code(0).stdout;
    let file = user.file("completions.bash", script);
    // The function that bash would call is the one that the script has named.
    let line = "source \"$1\"; complete=$(complete -p cache-cli); complete=${complete#*-F }; \
                COMP_WORDS=(cache-cli doc); COMP_CWORD=1; \
                \"${complete%% *}\" cache-cli doc cache-cli; echo \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", line, "bash"]).arg(&file).stdin(Stdio::null());
    let output = bash.output().expect("bash is there");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "doctor", "{output:?}");
}

#[test]
fn manual_pages_are_of_the_program_and_of_its_verbs() {
    let user = User::new();
    let program = user.run(["man"]).expect_code(0).stdout;
    assert!(program.contains(".TH cache-cli 1") && program.contains("doctor"), "{program}");
    let verb = user.run(["man", "session", "list"]).expect_code(0).stdout;
    assert!(verb.contains("session") && verb.contains("most"), "{verb}");
    // Without its date; the version in its place would be shown as the date.
    let foot = format!(" 1 \"\" \"cache-cli {}\" ", env!("CARGO_PKG_VERSION"));
    for page in [&program, &verb] {
        assert!(
            page.lines().any(|line| line.starts_with(".TH ") && line.contains(&foot)),
            "{page}"
        );
    }
    let korean = user.run(["man", "doctor", "--lang", "ko"]).expect_code(0).stdout;
    assert!(has_hangul(&korean) && !korean.contains("[OPTIONS]"), "{korean}");
    let nothing = user.run(["man", "session", "fly"]).expect_code(2);
    assert!(nothing.complaint().contains("fly"), "{nothing:#?}");
}

/// The example that packages install.
#[test]
fn the_example_of_a_settings_file_is_understood() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("debian/cache.toml");
    let text = fs::read_to_string(example).expect("it is there");
    let commented = text
        .lines()
        .map(|line| line.strip_prefix('#').filter(|it| !it.starts_with(' ')).unwrap_or(line));
    let user = User::new();
    for text in [text.clone(), commented.collect::<Vec<_>>().join("\n")] {
        let file = user.file("cache.toml", text);
        let settings = caching_with_redis::Settings::from_sources(Some(&file), &[], []);
        settings.expect("every line is a setting");
    }
}
