//! What a test server is to be like.

use std::fmt::Write;
use std::path::Path;

use crate::TestServer;
use crate::tls::Certificates;

/// Options of a [`TestServer`]. Without any it is an unbounded server without a password.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    directives: Vec<(String, Vec<String>)>,
    pub(crate) password: Option<String>,
    pub(crate) tls: bool,
    pub(crate) unix_socket: bool,
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
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
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

    /// Starts the server and waits until it answers.
    ///
    /// # Panics
    /// When the program is missing or does not come up; the message says why and what to do.
    #[must_use]
    pub fn start(self) -> TestServer {
        TestServer::start_with(self)
    }

    /// The text of `redis.conf`. `tls_port` counts only where TLS was asked for.
    pub(crate) fn config(&self, folder: &Path, port: u16, tls_port: u16) -> String {
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
        line("port", &[&port.to_string()]);
        line("dir", &[&folder.display().to_string()]);
        line("logfile", &[&path("redis.log")]);
        line("save", &[""]);
        line("appendonly", &["no"]);
        if self.unix_socket {
            line("unixsocket", &[&path("redis.sock")]);
        }
        if self.tls {
            line("tls-port", &[&tls_port.to_string()]);
            line("tls-cert-file", &[&path(Certificates::CERTIFICATE)]);
            line("tls-key-file", &[&path(Certificates::KEY)]);
            line("tls-ca-cert-file", &[&path(Certificates::CA)]);
            line("tls-auth-clients", &["no"]);
        }
        for (name, values) in &self.directives {
            line(name, &values.iter().map(String::as_str).collect::<Vec<_>>());
        }
        text
    }
}
