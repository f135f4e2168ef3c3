//! Where the commands of a page run: a home, a Redis and a provider that are thrown away.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command as Process, Stdio};

use redis_test_server::{Authority, TestServer};

use super::commands::Command;
use super::rules::How;
use crate::support::{Run, User};

/// What a reader has, by other names: `cargo run` would build, and servers are those of the test.
const PRELUDE: &str = r#"
set -euo pipefail
cache-cli() { "$CACHE_CLI" "$@"; }
cargo() { while [[ $1 != -- ]]; do shift; done; shift; cache-cli "$@"; }
"#;

/// A place for the commands of a page, one after the other.
pub(super) struct Stage {
    user: User,
    exports: Vec<String>,
    replacements: Vec<(&'static str, String)>,
    free_port: String,
    _servers: [TestServer; 2],
    _service: openai_test_server::TestServer,
}

impl Stage {
    pub(super) fn new(korean: bool) -> Self {
        let redis = TestServer::builder().max_memory("64mb", "allkeys-lru").start();
        let authority = Authority::new();
        let rights = ["on", ">a password", "~*", "+@all"];
        let closed = TestServer::builder().authority(&authority).client_certificates();
        let closed = closed.user("cache", &rights).max_memory("64mb", "allkeys-lru").start();
        let service = openai_test_server::TestServer::builder()
            .deployment("my-embeddings", "text-embedding-3-small")
            .deployment("my-chat", "gpt-4o-mini")
            .start_blocking();
        let user =
            User::of_redis(&redis.url()).with("LANG", if korean { "ko_KR.UTF-8" } else { "C" });
        user.file("texts.txt", "The first text.\nThe second text.\n");
        let client = authority.client();
        user.file("ca.pem", authority.pem());
        user.file("client.pem", client.certificate);
        user.file("client.key", client.key);
        let password = user.file("password", "a password\n").display().to_string();
        let replacements = vec![
            ("https://NAME.openai.azure.com", service.url().to_owned()),
            ("AZURE_OPENAI_API_KEY=…", "AZURE_OPENAI_API_KEY=test-key".to_owned()),
            ("redis.internal:6380", format!("localhost:{}", closed.tls_port())),
            ("/run/secrets/redis", password),
            ("127.0.0.1:9187", format!("127.0.0.1:{}", free_port())),
        ];
        let (_servers, _service) = ([redis, closed], service);
        let free_port = free_port();
        Self { user, exports: Vec::new(), replacements, free_port, _servers, _service }
    }

    pub(super) fn forget_exports(&mut self) {
        self.exports.clear();
    }

    /// Runs a command; gives what it has printed.
    pub(super) fn run(&mut self, place: &str, command: &Command, how: How) -> String {
        let line = self
            .replacements
            .iter()
            .fold(command.line.clone(), |line, (of, by)| line.replace(of, by));
        if command.words.first().is_some_and(|word| word == "export") {
            self.exports.push(line.clone());
        }
        match how {
            How::Serve { with, until } => {
                serves(self.shell(&with_arguments(&line, with)), place, until);
                String::new()
            }
            How::RunWith(arguments) => self.runs(place, &with_arguments(&line, arguments)),
            How::Run | How::Name(_) => self.runs(place, &line),
        }
    }

    fn runs(&self, place: &str, line: &str) -> String {
        let run = Run::of(self.shell(line).output().unwrap());
        assert_eq!(run.code, Some(0), "{place}: `{line}` failed: {run:#?}");
        run.stdout
    }

    fn shell(&self, line: &str) -> Process {
        let script = format!("{PRELUDE}{}\n{line}\n", self.exports.join("\n"));
        let mut shell = self.user.program("bash");
        shell
            .args(["--norc", "-c", &script])
            .env("CACHE_CLI", env!("CARGO_BIN_EXE_cache-cli"))
            .env("FREE_PORT", &self.free_port);
        shell
    }
}

impl Drop for Stage {
    /// What `setup` has started goes on running until it is told to stop.
    fn drop(&mut self) {
        self.user.run(["setup", "--using", "local", "--port", &self.free_port, "--stop"]);
    }
}

/// The line with more arguments, before its comment.
fn with_arguments(line: &str, arguments: &str) -> String {
    let (command, comment) = line.split_once(" #").unwrap_or((line, ""));
    format!("{command} {arguments} #{comment}")
}

/// A process and all that it has started, ended with it.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let kill = format!("kill -s INT -- -{}", self.0.id());
        let ended = Process::new("bash").args(["-c", &kill]).status();
        assert!(ended.is_ok_and(|status| status.success()) || std::thread::panicking());
        let _ = self.0.wait();
    }
}

fn serves(mut shell: Process, place: &str, until: &str) {
    shell.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group(shell.spawn().unwrap());
    let stdout = BufReader::new(group.0.stdout.take().unwrap());
    let ready = stdout.lines().map_while(Result::ok).any(|line| line.contains(until));
    if !ready {
        let mut said = String::new();
        let stderr = group.0.stderr.take().unwrap();
        BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| said += &line);
        panic!("{place}: it ended before it served: {said}");
    }
}

fn free_port() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port().to_string()
}
