//! Tests among real processes.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use crate::Store;

const ROLE: &str = "CACHE_TEST_ROLE";
const GIVEN: &str = "CACHE_TEST_GIVEN_";

/// What this process is to do, when [`Process::start`] began it: then the test does its part, tells
/// what came of it, and tests nothing else.
#[derive(Debug)]
pub struct Role {
    pub name: String,
    pub given: Vec<OsString>,
}

impl Role {
    pub fn of_this_process() -> Option<Self> {
        let name = std::env::var(ROLE).ok()?;
        let given = (0..).map_while(|i| std::env::var_os(format!("{GIVEN}{i}"))).collect();
        Some(Self { name, given })
    }

    /// What was given, as text.
    pub fn text(&self, index: usize) -> &str {
        self.given[index].to_str().unwrap()
    }
}

/// Says something to the process that started this one.
pub fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n@{line}").unwrap();
    out.flush().unwrap();
}

/// Says "ready" and waits for [`Process::go`].
pub fn wait_for_go() {
    say("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// A process that runs one test of this very program in a role. It is killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    pub fn start<G: AsRef<OsStr>>(test: &str, role: impl Display, given: &[G]) -> Self {
        Self::start_by(Command::new(std::env::current_exe().unwrap()), test, role, given)
    }

    /// Starts it through a command that takes the program's arguments.
    pub fn start_by<G: AsRef<OsStr>>(
        mut command: Command,
        test: &str,
        role: impl Display,
        given: &[G],
    ) -> Self {
        let given = given.iter().enumerate().map(|(i, given)| (format!("{GIVEN}{i}"), given));
        let mut child = command
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(ROLE, role.to_string())
            .envs(given)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next thing it says; panics if it ends without.
    pub fn hear(&mut self) -> String {
        self.hear_if_any().expect("the process ended without saying what was expected")
    }

    fn hear_if_any(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if let Some(said) = line.trim_end().strip_prefix('@') {
                return Some(said.to_owned());
            }
            line.clear();
        }
        None
    }

    /// Waits until it is ready, and lets it go.
    pub fn go(&mut self) {
        assert_eq!(self.hear(), "ready");
        self.child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }

    /// SIGKILL: it has no time to give anything up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end; panics if its part of the test failed.
    pub fn finish(self) {
        self.hear_the_rest();
    }

    /// The same, and gives what it had left to say.
    pub fn hear_the_rest(mut self) -> Vec<String> {
        drop(self.child.stdin.take());
        let said = std::iter::from_fn(|| self.hear_if_any()).collect();
        assert!(self.child.wait().unwrap().success(), "the process failed");
        said
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where processes on one store write down what their providers are asked for.
#[derive(Debug)]
pub struct Log {
    folder: TempDir,
}

impl Log {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("asked")
    }

    pub fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Starts a process that is given the store's address and this log's path.
    pub fn start(&self, test: &str, store: &Store, role: &str) -> Process {
        let (store, log) = (store.address(), self.path());
        Process::start(test, role, &[OsStr::new(&store), log.as_os_str()])
    }

    /// Writes lines into the log at this path, in one go: those of several processes do not mix.
    pub fn write(path: &Path, lines: &[&str]) {
        let mut log = OpenOptions::new().append(true).create(true).open(path).unwrap();
        log.write_all(format!("{}\n", lines.join("\n")).as_bytes()).unwrap();
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}
