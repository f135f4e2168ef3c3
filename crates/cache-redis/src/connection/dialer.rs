//! Opens connections: address, TLS, authentication, database.

use std::sync::Arc;
use std::time::Duration;

use cache_core::CacheError;
use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError, Value, cmd};
use secrecy::ExposeSecret;
use tokio::task::JoinHandle;

use super::renewal::{self, Renewal};
use super::stream::Stream;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::address::{self, Address, Endpoint};
use crate::error::{self, Phase};
use crate::{Credentials, CredentialsSource, Protocol, RedisConfig};

/// Calls that may queue at one connection before callers wait for a place.
const QUEUE: usize = 512;

/// How all servers of a configuration are connected to.
pub(crate) struct Dialer {
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    login: Login,
    db: i64,
    timeout: Duration,
    uses_tls: bool,
    protocol: Protocol,
}

enum Login {
    Fixed(Option<Credentials>),
    Asked(Arc<dyn CredentialsSource>),
}

/// What a connection is for.
#[derive(Default)]
pub(crate) struct Wanted {
    /// Speaks RESP3, and what the server sends unasked goes there.
    pub(crate) pushes: Option<Arc<dyn AsyncPushSender>>,
    /// A replica in a cluster: it refuses readings unless it is told that they are meant for it.
    pub(crate) replica: bool,
}

/// A connection and its tasks, which end with this.
pub(crate) struct Opened {
    connection: MultiplexedConnection,
    driver: JoinHandle<()>,
    renewal: Option<JoinHandle<()>>,
    protocol: Protocol,
}

impl Opened {
    /// A handle to send with. Whoever uses it keeps the `Opened` meanwhile.
    pub(crate) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    /// What is spoken over it.
    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.driver.abort();
        if let Some(renewal) = &self.renewal {
            renewal.abort();
        }
    }
}

impl Dialer {
    /// To the servers that hold the data.
    pub(crate) fn new(config: &RedisConfig, address: &Address) -> Result<Self, CacheError> {
        let login = match &config.credentials {
            Some(source) => Login::Asked(Arc::clone(source)),
            None => Login::Fixed(address.credentials.clone()),
        };
        Self::with(config, address, login, address.db, address.tls)
    }

    /// To the Sentinels that watch over them.
    pub(crate) fn to_sentinels(
        config: &RedisConfig,
        address: &Address,
    ) -> Result<Self, CacheError> {
        let login = match &config.sentinel_credentials {
            Some(source) => Login::Asked(Arc::clone(source)),
            None => Login::Fixed(address.parameters.sentinel_credentials.clone()),
        };
        Self::with(config, address, login, 0, address.sentinels_use_tls(config))
    }

    #[cfg_attr(not(feature = "tls"), allow(unused_variables))]
    fn with(
        config: &RedisConfig,
        address: &Address,
        login: Login,
        db: i64,
        uses_tls: bool,
    ) -> Result<Self, CacheError> {
        Ok(Self {
            #[cfg(feature = "tls")]
            tls: uses_tls.then(|| Tls::new(config, address)).transpose()?,
            login,
            db,
            timeout: config.connect_timeout,
            uses_tls,
            protocol: config.protocol.or(address.parameters.protocol).unwrap_or_default(),
        })
    }

    /// How long a connection may take to be ready.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How this server is called in messages.
    pub(crate) fn location(&self, endpoint: &Endpoint) -> String {
        let user = match &self.login {
            Login::Fixed(login) => login.as_ref().and_then(Credentials::user),
            Login::Asked(_) => None,
        };
        address::location(self.uses_tls, user, endpoint, self.db)
    }

    /// A connection of its own to this server, within the connect timeout.
    pub(crate) async fn open(
        &self,
        endpoint: &Endpoint,
        wanted: &Wanted,
    ) -> Result<Opened, CacheError> {
        match tokio::time::timeout(self.timeout, self.open_in_time(endpoint, wanted)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(error::connect_timeout(&self.location(endpoint))),
        }
    }

    async fn open_in_time(
        &self,
        endpoint: &Endpoint,
        wanted: &Wanted,
    ) -> Result<Opened, CacheError> {
        let failed = |error: RedisError| {
            error::of_connection(&error, &self.location(endpoint), Phase::Connecting)
        };
        let source = match &self.login {
            Login::Fixed(login) => {
                return self.attempt(endpoint, wanted, login.as_ref()).await.map_err(failed);
            }
            Login::Asked(source) => source,
        };
        let change = Renewal::begin(source);
        let login = source.credentials().await?;
        let mut outcome = self.attempt(endpoint, wanted, Some(&login)).await;
        // What was given may just have been replaced.
        if outcome.as_ref().is_err_and(renewal::is_refusal) {
            let login = source.credentials().await?;
            outcome = self.attempt(endpoint, wanted, Some(&login)).await;
        }
        let mut opened = outcome.map_err(failed)?;
        let driver = opened.driver.abort_handle();
        let renewal = change.run(opened.connection(), driver, self.timeout);
        opened.renewal = Some(tokio::spawn(renewal));
        Ok(opened)
    }

    async fn attempt(
        &self,
        endpoint: &Endpoint,
        wanted: &Wanted,
        login: Option<&Credentials>,
    ) -> Result<Opened, RedisError> {
        let stream = self.stream(endpoint).await?;
        let mut settings = AsyncConnectionConfig::new()
            .set_connection_timeout(None) // ours is about all of it
            .set_response_timeout(None) // the link's affair
            .set_pipeline_buffer_size(QUEUE);
        if let Some(pushes) = &wanted.pushes {
            settings = settings.set_push_sender(Arc::clone(pushes));
        }
        let protocol = if wanted.pushes.is_some() { Protocol::Resp3 } else { self.protocol };
        let login = greeting(self.db, protocol, login);
        let (connection, driver) =
            MultiplexedConnection::new_with_config(&login, stream, settings).await?;
        let driver = tokio::spawn(driver);
        let mut opened = Opened { connection, driver, renewal: None, protocol };
        if wanted.replica {
            let reply = opened.connection.send_packed_command(&cmd("READONLY")).await?;
            if let Value::ServerError(error) = reply {
                return Err(error.into());
            }
        }
        Ok(opened)
    }

    async fn stream(&self, endpoint: &Endpoint) -> Result<Stream, RedisError> {
        match Stream::open(endpoint).await? {
            #[cfg(feature = "tls")]
            Stream::Tcp(stream) => match &self.tls {
                Some(tls) => Ok(tls.shake_hands(stream, endpoint).await?),
                None => Ok(Stream::Tcp(stream)),
            },
            stream => Ok(stream),
        }
    }
}

/// How a connection introduces itself.
fn greeting(db: i64, protocol: Protocol, login: Option<&Credentials>) -> RedisConnectionInfo {
    let mut settings = RedisConnectionInfo::default()
        .set_db(db)
        .set_protocol(protocol.version())
        .set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    if let Some(login) = login {
        settings = settings.set_password(login.secret().expose_secret());
        if let Some(user) = login.user() {
            settings = settings.set_username(user);
        }
    }
    settings
}
