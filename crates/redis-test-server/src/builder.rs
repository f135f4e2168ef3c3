//! What a test server is to be like.

use std::fmt::Write;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use crate::server::Ports;
use crate::tls::{self, Authority, Certificate};
use crate::{TestCluster, TestSentinels, TestServer};

/// Options of a [`TestServer`]. Without any it is an unbounded server without a password.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    directives: Vec<(String, Vec<String>)>,
    pub(crate) password: Option<String>,
    pub(crate) authority: Option<Authority>,
    pub(crate) certificate: Certificate,
    client_certificates: bool,
    pub(crate) unix_socket: bool,
    pub(crate) cluster: bool,
    pub(crate) sentinel: bool,
    /// The command line of another program than the usual one.
    pub(crate) line: Option<String>,
}

impl Builder {
    /// Bounds the memory (`64mb`) and says what happens at the bound (`allkeys-lru`, `noeviction`).
    #[must_use]
    pub fn max_memory(self, bytes: &str, policy: &str) -> Self {
        self.directive("maxmemory", &[bytes]).directive("maxmemory-policy", &[policy])
    }

    /// Asks clients for this password.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self.directive("requirepass", &[password])
    }

    /// Adds an ACL user by the rules of `ACL SETUSER`, such as `["on", ">secret", "~app:*", "+get"]`.
    #[must_use]
    pub fn user(self, name: &str, rules: &[&str]) -> Self {
        self.directive("user", &[&[name], rules].concat())
    }

    /// Also listens for TLS, with a certificate for `localhost` and 127.0.0.1 from a fresh CA.
    #[must_use]
    pub fn tls(self) -> Self {
        self.authority(&Authority::new())
    }

    /// Also listens for TLS, with a certificate from this authority.
    #[must_use]
    pub fn authority(mut self, authority: &Authority) -> Self {
        self.authority = Some(authority.clone());
        self
    }

    /// The kind of certificate, where TLS is listened for.
    #[must_use]
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Asks TLS clients for a certificate of the same authority.
    #[must_use]
    pub fn client_certificates(mut self) -> Self {
        self.client_certificates = true;
        self
    }

    /// Replicates this server. Starting waits until it does.
    #[must_use]
    pub fn replica_of(self, primary: &TestServer) -> Self {
        let replica = self.directive("replicaof", &["127.0.0.1", &primary.port().to_string()]);
        match primary.password() {
            Some(password) => replica.directive("masterauth", &[password]),
            None => replica,
        }
    }

    /// Also listens on a Unix socket.
    #[must_use]
    pub fn unix_socket(mut self) -> Self {
        self.unix_socket = true;
        self
    }

    /// Any other directive of `redis.conf`.
    #[must_use]
    pub fn directive(mut self, name: &str, values: &[&str]) -> Self {
        self.directives.push((name.to_owned(), values.iter().map(|v| (*v).to_owned()).collect()));
        self
    }

    /// Another program than the usual one.
    pub(crate) fn command_line(mut self, line: String) -> Self {
        self.line = Some(line);
        self
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Panics
    /// When the program is missing or does not come up; the message says why and what to do.
    #[must_use]
    pub fn start(self) -> TestServer {
        let replica = self.directives.iter().any(|(name, _)| name == "replicaof");
        let server = TestServer::start_with(self);
        if replica {
            server.wait("replicates", |server| {
                server.command(&["INFO", "replication"]).contains("master_link_status:up")
            });
        }
        server
    }

    /// Starts a cluster of three primaries and a replica for each, all of this kind.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_cluster(self) -> TestCluster {
        TestCluster::start_with(&self)
    }

    /// Starts three Sentinels of this kind that watch over this server under the name `main`, and
    /// waits until they know each other and its replicas.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_sentinels(self, primary: &TestServer) -> TestSentinels {
        TestSentinels::start_with(&self, primary)
    }

    /// Where it keeps its files. Nodes of clusters and Sentinels write down each change of who serves
    /// what, and answer nobody until the disk has it: on a busy one that may take seconds. They are
    /// in memory, where the system has a place for that.
    pub(crate) fn folder(&self) -> io::Result<TempDir> {
        if self.cluster || self.sentinel {
            let in_memory = TempDir::with_prefix_in("redis-test-", "/dev/shm");
            if in_memory.is_ok() {
                return in_memory;
            }
        }
        TempDir::with_prefix("redis-test-")
    }

    /// The text of `redis.conf`.
    pub(crate) fn config(&self, folder: &Path, ports: Ports) -> String {
        let mut text = String::new();
        let mut line = |name: &str, values: &[&str]| {
            text.push_str(name);
            for value in values {
                let value = value.replace('\\', "\\\\").replace('"', "\\\"");
                write!(text, " \"{value}\"").expect("invariant: a String takes any text");
            }
            text.push('\n');
        };
        let path = |name: &str| folder.join(name).display().to_string();
        line("bind", &["127.0.0.1"]);
        line("port", &[&ports.plain.to_string()]);
        line("dir", &[&folder.display().to_string()]);
        line("logfile", &[&path("redis.log")]);
        if !self.sentinel {
            line("save", &[""]);
            line("appendonly", &["no"]);
        }
        if self.unix_socket {
            line("unixsocket", &[&path("redis.sock")]);
        }
        if self.authority.is_some() {
            line("tls-port", &[&ports.tls.to_string()]);
            line("tls-cert-file", &[&path(tls::CERTIFICATE)]);
            line("tls-key-file", &[&path(tls::KEY)]);
            line("tls-ca-cert-file", &[&path(tls::CA)]);
            let clients = if self.client_certificates { "yes" } else { "no" };
            line("tls-auth-clients", &[clients]);
        }
        if self.cluster {
            line("cluster-enabled", &["yes"]);
            line("cluster-port", &[&ports.bus.to_string()]);
            line("cluster-node-timeout", &["1000"]);
            line("repl-ping-replica-period", &["1"]);
            // A replica replaces its primary whatever it may have missed.
            line("cluster-replica-validity-factor", &["0"]);
            if self.authority.is_some() {
                line("tls-cluster", &["yes"]);
                line("tls-replication", &["yes"]);
            }
        }
        for (name, values) in &self.directives {
            line(name, &values.iter().map(String::as_str).collect::<Vec<_>>());
        }
        text
    }
}
