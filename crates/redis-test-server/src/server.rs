//! One running server.

use std::env;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Builder, control, tls};

const START_TIMEOUT: Duration = Duration::from_secs(20);
const PORT_ATTEMPTS: usize = 8;

/// A running `redis-server`, stopped on drop.
#[derive(Debug)]
pub struct TestServer {
    options: Builder,
    folder: TempDir,
    ports: Ports,
    process: Option<Child>,
}

/// Where a server listens, of what it listens to at all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) plain: u16,
    pub(crate) tls: u16,
    /// For the other nodes of a cluster.
    pub(crate) bus: u16,
}

/// Why a process did not come up.
enum Failure {
    PortTaken,
    Other(String),
}

impl TestServer {
    /// A server without any options.
    ///
    /// # Panics
    /// As [`Builder::start`].
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Options of a server.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn start_with(options: Builder) -> Self {
        let folder = options.folder().expect("a temporary folder can be made");
        if let Some(authority) = &options.authority {
            tls::write(authority, options.certificate, folder.path());
        }
        let mut server = Self { options, folder, ports: Ports::free(), process: None };
        for _ in 0..PORT_ATTEMPTS {
            match server.launch() {
                Ok(()) => return server,
                Err(Failure::PortTaken) => server.ports = Ports::free(),
                Err(Failure::Other(why)) => panic!("{why}"),
            }
        }
        panic!("{PORT_ATTEMPTS} free ports in a row were taken by others before the server was up");
    }

    /// `redis://127.0.0.1:{port}`, without credentials.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.ports.plain)
    }

    /// `rediss://localhost:{port}`; the server must have been built with TLS.
    #[must_use]
    pub fn tls_url(&self) -> String {
        assert!(self.options.authority.is_some(), "build the server with tls()");
        format!("rediss://localhost:{}", self.ports.tls)
    }

    /// `unix://{path}`; the server must have been built with a Unix socket.
    #[must_use]
    pub fn unix_url(&self) -> String {
        assert!(self.options.unix_socket, "build the server with unix_socket()");
        format!("unix://{}", self.path("redis.sock").display())
    }

    /// The certificate of the CA that signed the server's; the server must have been built with TLS.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        self.options.authority.as_ref().expect("build the server with tls()").pem()
    }

    /// The plain TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.plain
    }

    /// The port that speaks TLS; the server must have been built with TLS.
    #[must_use]
    pub fn tls_port(&self) -> u16 {
        assert!(self.options.authority.is_some(), "build the server with tls()");
        self.ports.tls
    }

    /// The port for TLS, whether it is listened on or not.
    pub(crate) fn tls_port_if_any(&self) -> u16 {
        self.ports.tls
    }

    /// The port at which the other nodes of a cluster reach it.
    pub(crate) fn bus_port(&self) -> u16 {
        self.ports.bus
    }

    /// The default user's, if there is one.
    pub(crate) fn password(&self) -> Option<&str> {
        self.options.password.as_deref()
    }

    /// Whether it was not killed.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// Stops answering without closing anything (SIGSTOP). The kernel still accepts connections.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Goes on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Ends the process at once (SIGKILL). All data are gone.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Both fail only for a process that has already ended.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts again, empty, on the same port; kills the process first if it runs.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn restart(&mut self) {
        self.kill();
        match self.launch() {
            Ok(()) => {}
            Err(Failure::PortTaken) => {
                panic!("port {} was taken by somebody else", self.ports.plain)
            }
            Err(Failure::Other(why)) => panic!("{why}"),
        }
    }

    /// Sends a command as the default user, over a connection of its own, and gives the reply, a
    /// status, a number or a text.
    ///
    /// # Panics
    /// When the server is down or answers with an error or anything else.
    pub fn command(&self, arguments: &[&str]) -> String {
        self.ask(self.options.password.as_deref(), arguments)
    }

    /// The same with another password, once a test has changed it.
    ///
    /// # Panics
    /// As [`command`](Self::command).
    pub fn command_as(&self, password: &str, arguments: &[&str]) -> String {
        self.ask(Some(password), arguments)
    }

    /// The same, or why it failed.
    ///
    /// # Errors
    /// When the server is down or answers with an error.
    pub fn try_command(&self, arguments: &[&str]) -> io::Result<String> {
        control::ask(self.ports.plain, self.options.password.as_deref(), arguments)
    }

    /// Whether it calls itself `master` or `slave`. A server that changes its role closes its clients'
    /// connections meanwhile: one that does not answer has none.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.try_command(&["ROLE"]).is_ok_and(|reply| reply.starts_with(role))
    }

    /// Waits until this holds.
    ///
    /// # Panics
    /// When that takes longer than 20 seconds; the message says what did not come.
    pub fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + START_TIMEOUT;
        while !holds(self) {
            assert!(Instant::now() < deadline, "not within {START_TIMEOUT:?}: {what}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// How often clients have called this command (in lower case, `config|set` for subcommands).
    #[must_use]
    pub fn command_calls(&self, command: &str) -> u64 {
        let report = self.command(&["INFO", "commandstats"]);
        let start = format!("cmdstat_{command}:calls=");
        let calls = report.lines().find_map(|line| line.strip_prefix(&start)?.split(',').next());
        calls.map_or(0, |calls| calls.parse().expect("INFO counts in whole numbers"))
    }

    fn ask(&self, password: Option<&str>, arguments: &[&str]) -> String {
        control::ask(self.ports.plain, password, arguments)
            .unwrap_or_else(|error| panic!("{arguments:?} failed: {error}"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn signal(&self, name: &str) {
        let process = self.process.as_ref().expect("the server runs");
        let id = process.id().to_string();
        let status = Command::new("sh")
            .args(["-c", &format!("kill -s {name} {id}")])
            .status()
            .expect("a shell can be started");
        assert!(status.success(), "signal {name} did not reach the server");
    }

    fn launch(&mut self) -> Result<(), Failure> {
        let config = self.path("redis.conf");
        let text = self.options.config(self.folder.path(), self.ports);
        fs::write(&config, text).expect("the temporary folder takes files");
        let _ = fs::remove_file(self.path("redis.log"));
        let _ = fs::remove_file(self.path("nodes.conf"));
        self.process = Some(spawn(&config, &self.options).map_err(Failure::Other)?);
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            if control::ask(self.ports.plain, self.options.password.as_deref(), &["PING"])
                .is_ok_and(|answer| answer == "PONG")
                && self.owns_port()
            {
                return Ok(());
            }
            if self.has_ended() {
                return Err(self.failure());
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.kill();
        Err(Failure::Other(format!("the server did not answer within {START_TIMEOUT:?}")))
    }

    /// Whether it is our process that answers, and not one that took the port in between.
    fn owns_port(&self) -> bool {
        let config = self.path("redis.conf").display().to_string();
        control::ask(self.ports.plain, self.options.password.as_deref(), &["INFO", "server"])
            .is_ok_and(|info| info.contains(&config))
    }

    fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_none_or(|process| !matches!(process.try_wait(), Ok(None)))
    }

    fn failure(&self) -> Failure {
        let log = fs::read_to_string(self.path("redis.log")).unwrap_or_default();
        if log.contains("Address already in use") {
            Failure::PortTaken
        } else {
            Failure::Other(format!("the server ended while starting. Its log:\n{log}"))
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(config: &Path, options: &Builder) -> Result<Child, String> {
    let line = match &options.line {
        Some(line) => line.clone(),
        None => env::var("TEST_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned()),
    };
    let mut words = line.split_whitespace();
    let program = words.next().ok_or("the command line that starts a server is empty")?;
    // The server takes its configuration before any option.
    let words: Vec<_> = words.collect();
    let split = words.iter().position(|word| word.starts_with("--")).unwrap_or(words.len());
    let (before, after) = words.split_at(split);
    let mut command = Command::new(program);
    command.args(before).arg(config).args(after);
    command.args(options.sentinel.then_some("--sentinel"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!(
            "these tests need a real Redis server, and there is no `{program}`: install it \
             (`apt-get install redis-server`, `brew install redis`) or set TEST_REDIS_SERVER to \
             the program to start"
        ),
        _ => format!("`{program}` cannot be started: {error}"),
    })
}

impl Ports {
    /// Ports that were free a moment ago.
    fn free() -> Self {
        let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port can be bound");
        let port = |listener: &TcpListener| listener.local_addr().expect("it is bound").port();
        let (plain, tls, bus) = (bind(), bind(), bind());
        Self { plain: port(&plain), tls: port(&tls), bus: port(&bus) }
    }
}
