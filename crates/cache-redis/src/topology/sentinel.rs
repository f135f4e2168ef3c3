//! Sentinels: who the primary is, and when that changes.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use cache_core::{CacheError, ErrorKind};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::{Cmd, PushInfo, PushKind, Value, cmd};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::Nodes;
use crate::address::{Address, Endpoint};
use crate::connection::{Connector, Dialer, Greeting, Live, Opened, Place, Wanted};
use crate::{ReadFrom, RedisConfig, error};

/// Events of a Sentinel that mean another primary, or other replicas.
pub(crate) const EVENTS: [&str; 5] =
    ["+switch-master", "+slave", "+sdown", "-sdown", "+convert-to-slave"];

/// How long after a lost Sentinel another one is listened to.
const PAUSE: Duration = Duration::from_secs(1);

/// Replicas are asked for so often even if nothing is said: that one has caught up is no event.
const REPLICAS_EVERY: Duration = Duration::from_secs(5);

/// The Sentinels of one service.
pub(crate) struct Sentinels {
    dialer: Dialer,
    addresses: Vec<Endpoint>,
    service: String,
    location: String,
    /// For replicas, if readings may go to them.
    replicas: Option<Mutex<Vec<Arc<Connector>>>>,
    servers: Arc<Dialer>,
    nodes: Arc<watch::Sender<Arc<Nodes>>>,
    listener: Mutex<Option<JoinHandle<()>>>,
}

impl Sentinels {
    pub(super) fn new(
        config: &RedisConfig,
        address: &Address,
        service: &str,
        servers: &Arc<Dialer>,
        nodes: &Arc<watch::Sender<Arc<Nodes>>>,
    ) -> Result<Arc<Self>, CacheError> {
        let read_from = config.read_from.or(address.parameters.read_from).unwrap_or_default();
        Ok(Arc::new(Self {
            dialer: Dialer::to_sentinels(config, address)?,
            addresses: address.seeds.clone(),
            service: service.to_owned(),
            location: address.location(),
            replicas: (read_from != ReadFrom::Primary).then(Mutex::default),
            servers: Arc::clone(servers),
            nodes: Arc::clone(nodes),
            listener: Mutex::default(),
        }))
    }

    /// The URL without the password.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// The replicas that are well as far as the Sentinels know.
    pub(super) fn replicas(&self) -> Vec<Arc<Connector>> {
        let replicas = self.replicas.as_ref().map(lock);
        replicas.map(|replicas| replicas.clone()).unwrap_or_default()
    }

    /// A connection to the server that the Sentinels call the primary, and that is it. All are
    /// asked at the same time, so that those that are down, or behind, cost nothing.
    pub(crate) async fn reach_primary(&self, servers: &Dialer) -> Result<Live, CacheError> {
        let mut asked: FuturesUnordered<_> =
            self.addresses.iter().map(|sentinel| self.primary_by(sentinel)).collect();
        let (mut failure, mut tried) = (None, Vec::new());
        while let Some(answer) = asked.next().await {
            let outcome = match answer {
                Ok(primary) if tried.contains(&primary) => continue,
                Ok(primary) => {
                    tried.push(primary.clone());
                    match self.connect(servers, &primary).await {
                        Ok(live) => {
                            self.take(primary);
                            return Ok(live);
                        }
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            // What a server says outweighs what a Sentinel says, and any answer that none came.
            let telling = |old: &CacheError| old.is_retryable() && !outcome.is_retryable();
            if !tried.is_empty() || failure.as_ref().is_none_or(telling) {
                failure = Some(outcome);
            }
        }
        Err(failure.unwrap_or_else(|| {
            CacheError::new(ErrorKind::Unavailable, "no Redis Sentinel is known")
        }))
    }

    async fn connect(&self, servers: &Dialer, primary: &Endpoint) -> Result<Live, CacheError> {
        let opened = servers.open(primary, &Wanted::default()).await?;
        let greeting = Greeting::with_role(&opened).await;
        if greeting.primary == Some(false) {
            let message = format!(
                "{} is not the primary any more, and the Sentinels have not agreed on another \
                 yet: a failover is under way",
                servers.location(primary)
            );
            return Err(CacheError::new(ErrorKind::Unavailable, message));
        }
        Ok(Live::new(opened, greeting))
    }

    fn take(&self, primary: Endpoint) {
        let nodes = Nodes::one(primary);
        self.nodes.send_if_modified(|known| {
            let changed = **known != nodes;
            if changed {
                *known = Arc::new(nodes);
            }
            changed
        });
    }

    async fn primary_by(&self, sentinel: &Endpoint) -> Result<Endpoint, CacheError> {
        let opened = self.dialer.open(sentinel, &Wanted::default()).await?;
        let mut command = cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.service);
        match self.ask(&opened, &command, sentinel).await? {
            Value::Array(parts) => match &parts[..] {
                [Value::BulkString(host), Value::BulkString(port)] => address(host, port, sentinel),
                _ => None,
            },
            Value::Nil => {
                let message = format!(
                    "the Sentinel at {} watches over no service of the name that stands behind the \
                     hosts in the URL",
                    self.dialer.location(sentinel)
                );
                return Err(CacheError::new(ErrorKind::InvalidInput, message));
            }
            _ => None,
        }
        .ok_or_else(|| error::unexpected(&self.dialer.location(sentinel), "SENTINEL"))
    }

    async fn ask(
        &self,
        opened: &Opened,
        command: &Cmd,
        sentinel: &Endpoint,
    ) -> Result<Value, CacheError> {
        let location = || self.dialer.location(sentinel);
        let limit = self.dialer.timeout();
        let mut connection = opened.connection();
        match tokio::time::timeout(limit, connection.send_packed_command(command)).await {
            Ok(Ok(Value::ServerError(error))) => Err(error::of_sentinel(&error, &location())),
            Ok(Ok(reply)) => Ok(opened.protocol().plain(reply)),
            Ok(Err(error)) => {
                Err(error::of_connection(&error, &location(), error::Phase::Connected))
            }
            Err(_) => Err(error::timeout(&location(), limit)),
        }
    }

    /// Asks who replicates the primary, where readings may go there; the first answer counts.
    async fn learn_replicas(&self) {
        let Some(known) = &self.replicas else {
            return;
        };
        let mut asked: FuturesUnordered<_> =
            self.addresses.iter().map(|sentinel| self.replicas_by(sentinel)).collect();
        while let Some(answer) = asked.next().await {
            let Ok(endpoints) = answer else {
                continue;
            };
            let mut known = lock(known);
            let connectors = endpoints.into_iter().map(|endpoint| {
                let same = known.iter().find(|known| known.endpoint() == Some(&endpoint));
                same.cloned().unwrap_or_else(|| {
                    Arc::new(Connector::new(Arc::clone(&self.servers), Place::Fixed(endpoint)))
                })
            });
            let connectors = connectors.collect();
            *known = connectors;
            return;
        }
    }

    async fn replicas_by(&self, sentinel: &Endpoint) -> Result<Vec<Endpoint>, CacheError> {
        let opened = self.dialer.open(sentinel, &Wanted::default()).await?;
        let mut command = cmd("SENTINEL");
        command.arg("REPLICAS").arg(&self.service);
        let Value::Array(replicas) = self.ask(&opened, &command, sentinel).await? else {
            return Err(error::unexpected(&self.dialer.location(sentinel), "SENTINEL"));
        };
        Ok(replicas.iter().filter_map(|replica| healthy(replica, sentinel)).collect())
    }

    /// Listens, in a task of its own, to what the Sentinels say unasked, as long as there is the
    /// connector.
    pub(crate) fn follow(self: &Arc<Self>, primary: &Arc<Connector>) {
        let mut listener = lock(&self.listener);
        // It ends with the runtime in which it was begun.
        if listener.as_ref().is_none_or(JoinHandle::is_finished) {
            let (sentinels, primary) = (Arc::downgrade(self), Arc::downgrade(primary));
            *listener = Some(tokio::spawn(listen(sentinels, primary)));
        }
    }

    /// A connection that is told of events.
    async fn subscribe(
        &self,
        sentinel: &Endpoint,
    ) -> Result<(Opened, mpsc::UnboundedReceiver<PushInfo>), CacheError> {
        let (sender, events) = mpsc::unbounded_channel();
        let wanted = Wanted { pushes: Some(Arc::new(sender)), replica: false };
        let opened = self.dialer.open(sentinel, &wanted).await?;
        let mut connection = opened.connection();
        let subscribed = connection.subscribe(&EVENTS[..]);
        match tokio::time::timeout(self.dialer.timeout(), subscribed).await {
            Ok(Ok(())) => Ok((opened, events)),
            _ => Err(error::unexpected(&self.dialer.location(sentinel), "SUBSCRIBE")),
        }
    }

    /// Whether this is `+switch-master` of our service: "{service} {old} {port} {new} {port}".
    fn says_another_primary(&self, event: &PushInfo) -> bool {
        let [Value::BulkString(channel), Value::BulkString(text)] = &event.data[..] else {
            return false;
        };
        let service = text.split(|&byte| byte == b' ').next();
        channel == b"+switch-master" && service == Some(self.service.as_bytes())
    }
}

impl Drop for Sentinels {
    fn drop(&mut self) {
        if let Some(listener) = lock(&self.listener).take() {
            listener.abort();
        }
    }
}

/// Listens to one Sentinel after the other.
async fn listen(sentinels: Weak<Sentinels>, primary: Weak<Connector>) {
    for turn in 0.. {
        let Some(strong) = sentinels.upgrade() else {
            return;
        };
        let sentinel = strong.addresses[turn % strong.addresses.len()].clone();
        let subscribed = strong.subscribe(&sentinel).await;
        drop(strong);
        if let Ok((_opened, events)) = subscribed {
            listen_to(events, &sentinels, &primary).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection ends.
async fn listen_to(
    mut events: mpsc::UnboundedReceiver<PushInfo>,
    sentinels: &Weak<Sentinels>,
    primary: &Weak<Connector>,
) {
    loop {
        let Some(strong) = sentinels.upgrade() else {
            return;
        };
        strong.learn_replicas().await;
        drop(strong);
        let event = match tokio::time::timeout(REPLICAS_EVERY, events.recv()).await {
            Ok(Some(event)) if event.kind != PushKind::Disconnection => event,
            Ok(_) => return,
            Err(_) => continue,
        };
        let switched =
            sentinels.upgrade().is_some_and(|strong| strong.says_another_primary(&event));
        if switched && let Some(primary) = primary.upgrade() {
            // The next call asks the Sentinels.
            primary.start_over();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn address(host: &[u8], port: &[u8], by: &Endpoint) -> Option<Endpoint> {
    let (host, port) = (std::str::from_utf8(host).ok()?, std::str::from_utf8(port).ok()?);
    Endpoint::of_announced(host, port.parse().ok()?, by)
}

/// The address of a replica that can be read from.
fn healthy(replica: &Value, by: &Endpoint) -> Option<Endpoint> {
    let Value::Array(fields) = replica else {
        return None;
    };
    let field = |wanted: &[u8]| {
        fields.chunks_exact(2).find_map(|pair| match pair {
            [Value::BulkString(name), Value::BulkString(value)] if name == wanted => {
                Some(&value[..])
            }
            _ => None,
        })
    };
    let flags = std::str::from_utf8(field(b"flags")?).ok()?;
    let ill = ["s_down", "o_down", "disconnected", "master"];
    let well = !flags.split(',').any(|flag| ill.contains(&flag))
        && field(b"master-link-status") == Some(b"ok");
    if well { address(field(b"ip")?, field(b"port")?, by) } else { None }
}
