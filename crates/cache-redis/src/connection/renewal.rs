//! Authenticating an open connection anew when the credentials have changed.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, Value, cmd};
use secrecy::ExposeSecret;
use tokio::task::AbortHandle;

use crate::{Credentials, CredentialsSource};

/// Waits for a change of credentials, from before they are asked for, so that none is missed.
pub(super) struct Renewal {
    source: Arc<dyn CredentialsSource>,
    changed: BoxFuture<'static, ()>,
}

impl Renewal {
    pub(super) fn begin(source: &Arc<dyn CredentialsSource>) -> Self {
        let mut changed = wait(Arc::clone(source));
        // The first poll begins the waiting; what is there already is in what is asked for next.
        if (&mut changed).now_or_never().is_some() {
            changed = wait(Arc::clone(source));
        }
        Self { source: Arc::clone(source), changed }
    }

    /// Keeps the connection's user authenticated. Where that fails, the connection is ended, and
    /// the next is made with what is valid then.
    pub(super) async fn run(
        self,
        mut connection: MultiplexedConnection,
        driver: AbortHandle,
        limit: Duration,
    ) {
        let Self { source, mut changed } = self;
        loop {
            changed.await;
            changed = Self::begin(&source).changed;
            let Ok(credentials) = source.credentials().await else {
                // The old ones may serve for a while; if not, the server says so.
                continue;
            };
            let command = auth(&credentials);
            match tokio::time::timeout(limit, connection.send_packed_command(&command)).await {
                Ok(Ok(reply)) if !matches!(reply, Value::ServerError(_)) => {
                    tracing::debug!("authenticated anew");
                }
                _ => return driver.abort(),
            }
        }
    }
}

fn wait(source: Arc<dyn CredentialsSource>) -> BoxFuture<'static, ()> {
    Box::pin(async move { source.changed().await })
}

fn auth(credentials: &Credentials) -> Cmd {
    let mut command = cmd("AUTH");
    if let Some(user) = credentials.user() {
        command.arg(user);
    }
    command.arg(credentials.secret().expose_secret());
    command
}

/// Whether the server refused the user or password.
pub(super) fn is_refusal(error: &RedisError) -> bool {
    error.kind() == redis::ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("WRONGPASS" | "NOAUTH"))
}
