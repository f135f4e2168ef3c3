//! How to reach a server.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

/// Where the server is and how long to wait for it.
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
    pub(crate) ca_certificate: Option<String>,
}

impl RedisConfig {
    /// One second.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

    /// Half a second.
    pub const DEFAULT_RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);

    /// A server at this URL:
    ///
    /// * `redis://[[user]:password@]host[:port][/db]`, port 6379 and database 0 by default;
    /// * `rediss://…` the same over TLS, with the server's certificate and name verified;
    /// * `unix:///path[?db=0&user=…&pass=…]` or `redis+unix://…` for a Unix socket.
    ///
    /// Special characters of a user name or password are percent-encoded (`@` is `%40`). The URL is
    /// checked when the backend is opened.
    #[must_use]
    pub fn new(url: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            response_timeout: Self::DEFAULT_RESPONSE_TIMEOUT,
            ca_certificate: None,
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

    /// The certificates, in PEM, of the only authorities that may vouch for a `rediss://` server,
    /// in place of the system's.
    #[must_use]
    pub fn with_ca_certificate(mut self, pem: impl Into<String>) -> Self {
        self.ca_certificate = Some(pem.into());
        self
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("ca_certificate", &self.ca_certificate.is_some())
            .finish_non_exhaustive()
    }
}
