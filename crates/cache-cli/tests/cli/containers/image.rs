//! The image: what it is built from and what it runs.

use std::fs;
use std::process::Command;

use crate::documents::pages::root;
use crate::documents::workspace::Workspace;
use crate::support::{Run, User};

/// The instructions of `docker/Dockerfile`, each in one line.
fn instructions() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("docker/Dockerfile")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let joined = lines.replace("\\\n", " ");
    let lines = joined.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            let (name, rest) = line.split_once(' ').unwrap();
            (name.to_owned(), rest.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect()
}

/// The last instruction of this name.
fn instruction(wanted: &str) -> String {
    let found = instructions().into_iter().rfind(|(name, _)| name == wanted);
    found.unwrap_or_else(|| panic!("the Dockerfile has no {wanted}")).1
}

fn words(list: &str) -> Vec<String> {
    serde_json::from_str(list).unwrap_or_else(|error| panic!("{list} is no list of words: {error}"))
}

fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// The compiler is as new as every package asks for: a build reads all manifests.
#[test]
fn the_compiler_is_new_enough() {
    let (_, from) = instructions().into_iter().find(|(name, _)| name == "FROM").unwrap();
    let tag = from.strip_prefix("rust:").unwrap();
    let compiler = version(tag.split(['-', ' ']).next().unwrap());
    for (name, package) in &Workspace::get().packages {
        let needed = version(package.rust_version.as_deref().unwrap());
        assert!(compiler >= needed, "{name} needs Rust {needed:?}, the image has {compiler:?}");
    }
}

#[test]
fn the_program_is_built_and_is_what_runs() {
    let build = instructions()
        .into_iter()
        .find(|(name, text)| name == "RUN" && text.contains("cargo build"));
    let (_, build) = build.unwrap();
    let (_, command) = build.split_once("cargo ").unwrap();
    let (cargo, copy) = command.split_once(" && ").unwrap();
    assert_eq!(cargo, "build --locked --release --package cache-cli");
    assert!(Workspace::get().packages.contains_key("cache-cli"));
    assert!(Workspace::get().has_target("bin", "cache-cli"));
    assert_eq!(copy, "cp target/release/cache-cli /usr/local/bin/cache-cli");
    assert_eq!(
        instruction("COPY"),
        "--from=build /usr/local/bin/cache-cli /usr/local/bin/cache-cli"
    );
    assert_eq!(words(&instruction("ENTRYPOINT")), ["cache-cli"]);

    let user = User::new();
    user.run(words(&instruction("CMD"))).expect_code(0);
    let (options, check) = instruction("HEALTHCHECK")
        .split_once("CMD ")
        .map(|(a, b)| (a.to_owned(), words(b)))
        .unwrap();
    assert!(options.contains("--timeout="), "{options}");
    let (program, arguments) = check.split_first().unwrap();
    assert_eq!(program, "cache-cli");
    user.run(arguments).expect_code(0);
    let broken = User::of_redis("redis://127.0.0.1:1");
    assert_ne!(broken.run(arguments).code, Some(0), "a check that always holds");
}

#[test]
fn it_does_not_run_as_root() {
    let (user, group) =
        instruction("USER").split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let number = |text: &str| text.parse::<u32>().unwrap_or_else(|_| panic!("{text} is a number"));
    assert!(number(&user) > 0 && number(&group) > 0);
    let (_, made) = instructions().into_iter().rfind(|(name, _)| name == "RUN").unwrap();
    assert!(
        made.contains(&format!("--uid {user} ")) && made.contains(&format!("--gid {group} ")),
        "{made}"
    );
    assert_eq!(instruction("WORKDIR"), "/home/cache", "the home that it makes");
}

/// All that is tracked and not left out by `.dockerignore` is a workspace that cargo takes as it is.
#[test]
fn the_context_is_a_whole_workspace() {
    let context = tempfile::TempDir::new().unwrap();
    let left_out = fs::read_to_string(root().join(".dockerignore")).unwrap();
    for needed in ["target", ".git"] {
        assert!(left_out.lines().any(|line| line == needed), "{needed} is sent to the builder");
    }
    let archive = context.path().join("context.tar");
    let mut pack = Command::new("tar");
    pack.arg("--create").args(left_out.lines().map(|pattern| format!("--exclude=./{pattern}")));
    pack.args(["--wildcards-match-slash", "--file"]).arg(&archive).arg(".").current_dir(root());
    Run::of(pack.output().unwrap()).expect_code(0);
    let mut unpack = Command::new("tar");
    unpack.args(["--extract", "--file"]).arg(&archive).current_dir(&context);
    Run::of(unpack.output().unwrap()).expect_code(0);

    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"]);
    Run::of(cargo.current_dir(&context).output().unwrap()).expect_code(0);
    for needed in ["crates/cache-cli/src/main.rs", "crates/cache-core/README.md", "Cargo.lock"] {
        assert!(context.path().join(needed).exists(), "{needed} is left out");
    }
}
