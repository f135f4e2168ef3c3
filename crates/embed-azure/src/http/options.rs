//! How requests travel, and how long they may take.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Proxy};
use secrecy::{ExposeSecret, SecretString};

use crate::build_error::BuildError;

/// How requests travel, and how long they may take. `Debug` shows no header's value and no proxy's
/// password.
///
/// | | default |
/// |---|---|
/// | one attempt, whole answer included | 60 s |
/// | a call, retries and waiting included | 120 s |
/// | connecting | 5 s |
/// | silence within a stream | 60 s |
/// | longest delay that is waited for | 60 s |
/// | attempts after failures other than HTTP 429 | 6 |
/// | proxy | the system's: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` |
/// | certificates | the system's |
#[derive(Clone)]
pub struct HttpOptions {
    pub(super) timeout: Duration,
    pub(super) deadline: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) max_delay: Duration,
    pub(super) max_attempts: u32,
    headers: Vec<(String, SecretString)>,
    proxy: ProxyChoice,
    ca_pem: Option<String>,
    http1_only: bool,
}

#[derive(Clone)]
enum ProxyChoice {
    System,
    None,
    Url(SecretString),
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            deadline: Duration::from_secs(120),
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(60),
            max_delay: Duration::from_secs(60),
            max_attempts: 6,
            headers: Vec::new(),
            proxy: ProxyChoice::System,
            ca_pem: None,
            http1_only: false,
        }
    }
}

/// Longer times are taken for this one: clocks do not count to the end of `Duration`.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

impl HttpOptions {
    /// Bounds one attempt, from the request to the last byte of the answer (of a stream: to its
    /// HTTP status).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST);
        self
    }

    /// Bounds a call of `embed` or `complete`, with its attempts, its waiting for limits and, of
    /// `embed`, all of its requests. Of a stream it bounds the time to the HTTP status.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.min(LONGEST);
        self
    }

    /// Bounds connecting, TLS included.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.min(LONGEST);
        self
    }

    /// Bounds the silence between two pieces of a stream. A stream that keeps speaking may last as
    /// long as it likes.
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout.min(LONGEST);
        self
    }

    /// The longest delay that a call waits when the service names one (`retry-after`). When it names
    /// a longer one the call fails at once, and its error says how long to wait.
    #[must_use]
    pub fn with_max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// How often a request is sent while the service or the network fails; at least once. Requests
    /// that are refused because of a rate limit (HTTP 429) are repeated until the deadline.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Adds a header to every request, for example `ocp-apim-subscription-key`. Its value counts as
    /// a secret. It is not sent on to another host that a redirect names.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Goes through this proxy: `http://[user:password@]host:port`, or https.
    #[must_use]
    pub fn with_proxy(mut self, url: impl Into<SecretString>) -> Self {
        self.proxy = ProxyChoice::Url(url.into());
        self
    }

    /// Goes through no proxy, whatever the system says.
    #[must_use]
    pub fn without_proxy(mut self) -> Self {
        self.proxy = ProxyChoice::None;
        self
    }

    /// Trusts these certificates (PEM, one or more) besides the system's.
    #[must_use]
    pub fn with_ca_pem(mut self, pem: impl Into<String>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// Speaks HTTP/1.1 only. HTTP/2 is offered otherwise, over TLS.
    #[must_use]
    pub fn with_http1_only(mut self) -> Self {
        self.http1_only = true;
        self
    }

    /// The extra headers, marked sensitive.
    pub(super) fn headers(&self) -> Result<HeaderMap, BuildError> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let bad = |why| BuildError::Header(name.clone(), why);
            let header: HeaderName =
                name.parse().map_err(|_| bad("no HTTP header has such a name"))?;
            if ["host", "content-length", "transfer-encoding", "connection"]
                .contains(&header.as_str())
            {
                return Err(bad("it belongs to the HTTP client"));
            }
            let mut value = HeaderValue::from_str(value.expose_secret())
                .map_err(|_| bad("its value holds characters that no HTTP header takes"))?;
            value.set_sensitive(true);
            map.append(header, value);
        }
        Ok(map)
    }

    /// The HTTP client. Connects to nothing.
    pub(super) fn client(&self) -> Result<Client, BuildError> {
        let mut builder = Client::builder()
            .user_agent(concat!("embed-azure/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(self.connect_timeout)
            .tcp_nodelay(true);
        builder = match &self.proxy {
            ProxyChoice::System => builder,
            ProxyChoice::None => builder.no_proxy(),
            ProxyChoice::Url(url) => {
                builder.proxy(Proxy::all(url.expose_secret()).map_err(|_| BuildError::Proxy)?)
            }
        };
        if self.http1_only {
            builder = builder.http1_only();
        }
        if let Some(pem) = &self.ca_pem {
            let certificates = Certificate::from_pem_bundle(pem.as_bytes())
                .map_err(|_| BuildError::CaCertificate)?;
            if certificates.is_empty() {
                return Err(BuildError::CaCertificate);
            }
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(|error| BuildError::Client(error.without_url().into()))
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let proxy = match self.proxy {
            ProxyChoice::System => "system",
            ProxyChoice::None => "none",
            ProxyChoice::Url(_) => "given",
        };
        f.debug_struct("HttpOptions")
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("max_delay", &self.max_delay)
            .field("max_attempts", &self.max_attempts)
            .field("headers", &headers)
            .field("proxy", &proxy)
            .field("ca_pem", &self.ca_pem.is_some())
            .field("http1_only", &self.http1_only)
            .finish()
    }
}
