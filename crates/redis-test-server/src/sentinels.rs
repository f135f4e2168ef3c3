//! Sentinels that watch over a server.

use crate::{Builder, TestServer};

/// Three Sentinels, stopped on drop. They call the service `main`, take a server for dead after
/// half a second without an answer, and need two voices for a failover.
#[derive(Debug)]
pub struct TestSentinels {
    sentinels: Vec<TestServer>,
}

impl TestSentinels {
    pub(crate) fn start_with(base: &Builder, primary: &TestServer) -> Self {
        let port = primary.port().to_string();
        let mut options = base
            .clone()
            .directive("sentinel", &["monitor", "main", "127.0.0.1", &port, "2"])
            .directive("sentinel", &["down-after-milliseconds", "main", "500"])
            .directive("sentinel", &["failover-timeout", "main", "3000"]);
        options.sentinel = true;
        if let Some(password) = primary.password() {
            options = options.directive("sentinel", &["auth-pass", "main", password]);
        }
        let sentinels: Vec<_> = (0..3).map(|_| options.clone().start()).collect();
        let replicas = primary.command(&["INFO", "replication"]);
        let replicas = replicas.lines().filter(|line| line.starts_with("slave")).count();
        let expected = format!("status=ok,address=127.0.0.1:{port},slaves={replicas},sentinels=3");
        for sentinel in &sentinels {
            sentinel.wait("a Sentinel knows the others and all replicas", |sentinel| {
                sentinel.command(&["INFO", "sentinel"]).contains(&expected)
            });
        }
        Self { sentinels }
    }

    /// `redis+sentinel://{hosts}/main`, without credentials.
    #[must_use]
    pub fn url(&self) -> String {
        let host = |sentinel: &TestServer| format!("127.0.0.1:{}", sentinel.port());
        let hosts: Vec<_> = self.sentinels.iter().map(host).collect();
        format!("redis+sentinel://{}/main", hosts.join(","))
    }

    /// `rediss+sentinel://{hosts}/main`; they must have been built with TLS.
    #[must_use]
    pub fn tls_url(&self) -> String {
        let host = |sentinel: &TestServer| format!("localhost:{}", sentinel.tls_port());
        let hosts: Vec<_> = self.sentinels.iter().map(host).collect();
        format!("rediss+sentinel://{}/main", hosts.join(","))
    }

    /// The Sentinels themselves.
    #[must_use]
    pub fn nodes(&self) -> &[TestServer] {
        &self.sentinels
    }

    /// The same, to be stopped one by one.
    pub fn nodes_mut(&mut self) -> &mut [TestServer] {
        &mut self.sentinels
    }

    /// The port of the server that they call the primary.
    #[must_use]
    pub fn primary_port(&self) -> u16 {
        let reply = self.sentinels[0].command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"]);
        let port = reply.lines().nth(1).expect("an address and a port");
        port.parse().expect("a port is a number")
    }
}
