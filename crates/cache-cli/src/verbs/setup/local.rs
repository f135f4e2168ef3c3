//! A Redis as a program of this machine, in the background.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use caching_with_redis::ByteSize;
use etcetera::BaseStrategy;

use super::server::Server;
use crate::failure::Failure;
use crate::language::Language;

const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// The first server program that can be started.
pub(super) fn program() -> Option<&'static str> {
    let answers = |program: &&&str| {
        let version = Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        version.is_ok_and(|status| status.success())
    };
    PROGRAMS.iter().find(answers).copied()
}

/// The server of one port: a folder for its configuration, log and process number.
#[derive(Debug)]
pub(super) struct LocalServer {
    folder: PathBuf,
    port: u16,
}

impl LocalServer {
    pub(super) fn at(port: u16, language: Language) -> Result<Self, Failure> {
        let folders = etcetera::choose_base_strategy()
            .map_err(|error| Failure::Machine(language.no_state_folder(&error.to_string())))?;
        let state = folders.state_dir().unwrap_or_else(|| folders.data_dir());
        Ok(Self { folder: state.join("caching_with_redis").join(format!("redis-{port}")), port })
    }

    /// Whether the server is the one that was started here.
    pub(super) fn is(&self, server: &Server) -> bool {
        Path::new(&server.config_file) == self.config()
    }

    /// Starts the program, which goes on in a session of its own.
    pub(super) fn launch(&self, program: &str, memory: ByteSize, policy: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let _ = fs::remove_file(self.path("redis.log"));
        fs::write(self.config(), self.directives(memory, policy))?;
        let output = Command::new(program).arg(self.config()).stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        Err(io::Error::other(words))
    }

    fn directives(&self, memory: ByteSize, policy: &str) -> String {
        let quoted = |path: PathBuf| {
            let path = path.display().to_string();
            format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
        };
        format!(
            "bind 127.0.0.1\nport {}\ndaemonize yes\nmaxmemory {}\nmaxmemory-policy {policy}\n\
             save \"\"\nappendonly no\ndir {}\nlogfile {}\npidfile {}\n",
            self.port,
            memory.0,
            quoted(self.folder.clone()),
            quoted(self.path("redis.log")),
            quoted(self.path("redis.pid")),
        )
    }

    /// Where it logs.
    pub(super) fn log(&self) -> String {
        self.path("redis.log").display().to_string()
    }

    /// What it said last, if it said anything.
    pub(super) fn last_words(&self) -> Option<String> {
        let log = fs::read_to_string(self.path("redis.log")).ok()?;
        log.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned)
    }

    fn config(&self) -> PathBuf {
        self.path("redis.conf")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
