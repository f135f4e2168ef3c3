//! How to reach a server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::{CredentialsSource, Protocol, ReadFrom};

/// Where the servers are, who we are to them, and how long to wait for them.
///
/// ```
/// use std::time::Duration;
/// use cache_redis::RedisConfig;
///
/// let config = RedisConfig::new("rediss://app:s3cret@cache.example.com:6380/0")
///     .with_connect_timeout(Duration::from_secs(2))
///     .with_response_timeout(Duration::from_millis(250));
/// assert!(!format!("{config:?}").contains("s3cret"));
/// ```
#[derive(Clone)]
pub struct RedisConfig {
    pub(crate) url: SecretString,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) nodes: Vec<String>,
    pub(crate) replicas: Vec<String>,
    pub(crate) read_from: Option<ReadFrom>,
    pub(crate) credentials: Option<Arc<dyn CredentialsSource>>,
    pub(crate) ca_certificate: Option<String>,
    pub(crate) client_certificate: Option<ClientCertificate>,
    pub(crate) server_name: Option<String>,
    pub(crate) sentinel_credentials: Option<Arc<dyn CredentialsSource>>,
    pub(crate) sentinel_tls: Option<bool>,
    pub(crate) protocol: Option<Protocol>,
}

/// Who we are, in PEM.
#[derive(Clone)]
#[cfg_attr(not(feature = "tls"), allow(dead_code))] // refused, where TLS is not built in
pub(crate) struct ClientCertificate {
    pub(crate) certificate: String,
    pub(crate) key: SecretString,
}

impl RedisConfig {
    /// One second.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

    /// Half a second.
    pub const DEFAULT_RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);

    /// The servers at this URL:
    ///
    /// * `redis://[[user]:password@]host[:port][/db]`, port 6379 and database 0 by default: one
    ///   server. `?replicas=host:port,…` names those that replicate it. A node of a cluster is
    ///   noticed, and then its cluster is used;
    /// * `redis+cluster://[[user]:password@]host[:port],…`: the cluster of which these are nodes;
    /// * `redis+sentinel://[[user]:password@]host[:port],…/service[/db]`: the primary of the service
    ///   that these Sentinels watch over, port 26379 by default. User and password are for the
    ///   servers; `?sentinel_user=…&sentinel_password=…` are for the Sentinels. With `rediss` the
    ///   Sentinels are spoken to over TLS, too, unless `?sentinel_tls=no` follows;
    /// * `rediss` in place of `redis`: the same over TLS, with certificate and name verified;
    /// * `unix:///path[?db=0&user=…&pass=…]` or `redis+unix://…` for a Unix socket.
    ///
    /// `?read_from=` is `primary`, `prefer-replica` or `any`, see [`ReadFrom`]; `?protocol=` is `resp2` or
    /// `resp3`, see [`Protocol`]. `valkey` may stand
    /// for `redis`, and `-` for `+`. Special characters of a user name or password are
    /// percent-encoded (`@` is `%40`). The URL is checked when the backend is opened.
    #[must_use]
    pub fn new(url: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            response_timeout: Self::DEFAULT_RESPONSE_TIMEOUT,
            nodes: Vec::new(),
            replicas: Vec::new(),
            read_from: None,
            credentials: None,
            ca_certificate: None,
            client_certificate: None,
            server_name: None,
            sentinel_credentials: None,
            sentinel_tls: None,
            protocol: None,
        }
    }

    /// How long a connection may take to be ready: name, TCP, TLS and authentication together.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a call waits for the server's answer, for every begun thousand keys and for every
    /// begun 4 MiB that it sends: a batch of 2,500 keys waits three times as long as a single read.
    #[must_use]
    pub fn with_response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// More nodes of the cluster, or more Sentinels, each `host[:port]`: any one that answers tells
    /// of the rest.
    #[must_use]
    pub fn with_nodes<N: Into<String>>(mut self, nodes: impl IntoIterator<Item = N>) -> Self {
        self.nodes.extend(nodes.into_iter().map(Into::into));
        self
    }

    /// Replicas of the one server of a `redis://` URL, each `host[:port]`. Clusters and Sentinels
    /// know theirs.
    #[must_use]
    pub fn with_replicas<N: Into<String>>(mut self, nodes: impl IntoIterator<Item = N>) -> Self {
        self.replicas.extend(nodes.into_iter().map(Into::into));
        self
    }

    /// Which servers answer readings, in place of what the URL says; the primary by default.
    #[must_use]
    pub fn with_read_from(mut self, read_from: ReadFrom) -> Self {
        self.read_from = Some(read_from);
        self
    }

    /// Where user and password come from, in place of the URL: for those that change.
    #[must_use]
    pub fn with_credentials(mut self, source: impl CredentialsSource) -> Self {
        self.credentials = Some(Arc::new(source));
        self
    }

    /// The same for the Sentinels, which have users of their own.
    #[must_use]
    pub fn with_sentinel_credentials(mut self, source: impl CredentialsSource) -> Self {
        self.sentinel_credentials = Some(Arc::new(source));
        self
    }

    /// Whether the Sentinels speak TLS, in place of what the URL says.
    #[must_use]
    pub fn with_sentinel_tls(mut self, tls: bool) -> Self {
        self.sentinel_tls = Some(tls);
        self
    }

    /// Which version of the protocol is spoken with the servers, in place of what the URL says; RESP2 by
    /// default.
    #[must_use]
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Our own certificate, with those between it and its authority, and its private key, in PEM:
    /// for servers that ask for one.
    #[must_use]
    pub fn with_client_certificate(
        mut self,
        certificate: impl Into<String>,
        key: impl Into<SecretString>,
    ) -> Self {
        let (certificate, key) = (certificate.into(), key.into());
        self.client_certificate = Some(ClientCertificate { certificate, key });
        self
    }

    /// The name that is sent to the servers in the TLS handshake and that their certificates must
    /// be valid for, in place of the host by which each is reached: for tunnels, addresses and
    /// private names. Without it the nodes of a cluster that are listed by address may also have
    /// the certificate of the URL's first host.
    #[must_use]
    pub fn with_server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// The certificates, in PEM, of the only authorities that may vouch for a `rediss://` server,
    /// in place of the system's.
    #[must_use]
    pub fn with_ca_certificate(mut self, pem: impl Into<String>) -> Self {
        self.ca_certificate = Some(pem.into());
        self
    }

    /// Whether something was given that only TLS uses.
    pub(crate) fn mentions_tls(&self) -> bool {
        self.ca_certificate.is_some()
            || self.client_certificate.is_some()
            || self.server_name.is_some()
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("read_from", &self.read_from)
            .field("credentials", &self.credentials.is_some())
            .field("ca_certificate", &self.ca_certificate.is_some())
            .field("client_certificate", &self.client_certificate.is_some())
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}
