//! How the commands of the pages are tried.

use How::{Name, Run, RunWith, Serve};

/// How a command is tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    /// To its end, which is a success.
    Run,
    /// The same, with more arguments, which keep it off what else is on this machine.
    RunWith(&'static str),
    /// With these arguments, until it prints this.
    Serve { with: &'static str, until: &'static str },
    /// It cannot be run here, for this reason. The files, packages, targets and options that it names
    /// must exist.
    Name(&'static str),
}

/// By how the command begins; the longest beginning counts.
pub(super) const RULES: &[(&str, How)] = &[
    ("export", Run),
    ("cache-cli", Run),
    ("cache-cli setup", RunWith("--using local --port $FREE_PORT")),
    ("cache-cli monitor", Serve { with: "", until: "127.0.0.1" }),
    ("cache-cli monitor --once", Run),
    (
        "cache-cli import",
        Name("needs what other libraries have left; tests/cli/import runs it on what they wrote"),
    ),
    ("producer", Name("stands for a program of the reader's")),
    ("python", Name("needs LangChain")),
    ("redis-server", Serve { with: "--port $FREE_PORT", until: "Ready to accept connections" }),
    ("./scripts/test.sh", Name("the step `tests` of .ci/run, in which this test runs")),
    ("cargo bench", Name("takes minutes; .ci/run runs each benchmark once")),
    ("cargo run -p fault-scenarios", Name("takes minutes; `cache-guard` tests the same")),
    (
        "cargo run -p cache-benches --example semantic_evidence",
        Name("needs a model; the step `a local model` of .ci/run runs it"),
    ),
    ("scripts/get-minilm.sh", Name("fetches 87 MB; the step `a local model` of .ci/run does it")),
    ("hf", Name("fetches from a server that is not ours")),
    ("git clone", Name("fetches from a server that is not ours")),
    ("docker", Name("needs a Docker engine; scripts/check-docker.sh runs the same without one")),
];

/// The rule of a command, by its words without leading assignments.
pub(super) fn rule(words: &[String]) -> Option<(&'static str, How)> {
    let words = without_building(words);
    let begins = |rule: &str| {
        let rule: Vec<_> = rule.split(' ').collect();
        words.len() >= rule.len() && words.iter().zip(&rule).all(|(word, of_rule)| word == of_rule)
    };
    let found = RULES.iter().filter(|(rule, _)| begins(rule));
    found.max_by_key(|(rule, _)| rule.len()).copied()
}

/// However it is built: `cargo run --release -- status` is `cache-cli status`.
fn without_building(words: &[String]) -> Vec<&str> {
    let words: Vec<_> =
        words.iter().map(String::as_str).filter(|word| *word != "--release").collect();
    match words.strip_prefix(&["cargo", "run", "--"]) {
        Some(arguments) => [&["cache-cli"], arguments].concat(),
        None => words,
    }
}
