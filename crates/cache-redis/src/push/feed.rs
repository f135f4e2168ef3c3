//! A connection to one server on which it tells what changes, made again when it is lost.

use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use cache_core::{CacheError, ErrorKind};
use futures_util::future::{Either, select};
use redis::aio::{AsyncPushSender, MultiplexedConnection, SendError};
use redis::{Cmd, PushInfo, RedisError, ServerError, Value, cmd};
use tokio::sync::{Notify, watch};

use super::{Listener, Message, Session, read};
use crate::address::Endpoint;
use crate::connection::Wanted;
use crate::error;
use crate::topology::Topology;

const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// A server that refuses to tell is asked again after so long: rights and servers change.
const REFUSED_FOR: Duration = Duration::from_secs(30);

/// Signs of life within the maximum staleness, so that a late one does no harm.
const SIGNS: u32 = 4;

/// A connection without an answer for less than this is not given up: what it vouched for has long
/// ended, but a server that is only slow need not be connected to again.
const LEAST_SILENCE: Duration = Duration::from_secs(1);

/// Which changes are told.
#[derive(Debug, Clone)]
pub(crate) enum Tracked {
    /// Of every key under these prefixes. Only more are ever added.
    Prefixes(watch::Receiver<Vec<String>>),
    /// Of the keys that were read on the connection, once.
    Read,
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) tracked: Tracked,
    /// For so long after a sign of life a session vouches.
    pub(crate) max_staleness: Duration,
}

/// What a feed does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedState {
    /// There is no connection, or it does not vouch.
    Down,
    /// The server tells what changes.
    Telling,
    /// The server refuses to.
    Refused,
}

/// What is known of one server.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    session: RwLock<Option<Arc<Session>>>,
    /// Why the server refuses, as long as it does.
    refusal: Mutex<Option<String>>,
}

/// Why a session ended, or none was had.
enum End {
    Lost(CacheError),
    Refused(CacheError),
}

impl Feed {
    /// The session, while there is one.
    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn state(&self) -> FeedState {
        match self.session() {
            Some(session) if !session.tells() => FeedState::Refused,
            Some(session) if session.vouches() => FeedState::Telling,
            _ => FeedState::Down,
        }
    }

    /// Why the server refuses to tell, as long as it does.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// There is no session. A reason to refuse is kept until the server has been asked again.
    fn clear(&self) {
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn set(&self, session: Option<Arc<Session>>, refusal: Option<String>) {
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = session;
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
    }
}

/// Keeps a feed going. Dropping its future ends the session.
pub(super) struct Keeper {
    pub(super) topology: Arc<Topology>,
    pub(super) server: Endpoint,
    pub(super) settings: Settings,
    pub(super) listener: Weak<dyn Listener>,
    pub(super) feed: Arc<Feed>,
}

impl Keeper {
    pub(super) async fn run(self) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let started = Instant::now();
            match self.once().await {
                End::Refused(error) => {
                    self.go_without(&error).await;
                    backoff = FIRST_BACKOFF;
                }
                End::Lost(error) => {
                    tracing::debug!(%error, "the server does not tell of changes at the moment");
                    if started.elapsed() > MAX_BACKOFF {
                        backoff = FIRST_BACKOFF;
                    }
                    tokio::time::sleep(backoff).await;
                    backoff = (backoff * 2).min(MAX_BACKOFF);
                }
            }
        }
    }

    /// A session with a server that does not tell, for a while.
    async fn go_without(&self, error: &CacheError) {
        if self.feed.refusal().is_none() {
            tracing::warn!(%error, "the server refuses to tell of changes");
        }
        let _live = Live::begin(self, Session::mute(), Some(error.to_string()));
        tokio::time::sleep(REFUSED_FOR).await;
    }

    /// Connects, and stays connected for as long as that lasts.
    async fn once(&self) -> End {
        let told = Arc::new(Told::new(Weak::clone(&self.listener)));
        let wanted = Wanted { pushes: Some(Told::sender(&told)), ..Wanted::default() };
        let opened = match self.topology.open(&self.server, &wanted).await {
            Ok(opened) => opened,
            Err(error) if speaks_no_resp3(&error) => return End::Refused(error),
            Err(error) => return End::Lost(error),
        };
        let live = Live::begin(self, Session::telling(opened.connection()), None);
        told.begin(&live.session);
        let kept = pin!(self.keep(opened.connection(), &live.session));
        match select(pin!(told.lost.notified()), kept).await {
            Either::Left(_) => End::Lost(self.lost()),
            Either::Right((end, _)) => end,
        }
    }

    /// Turns tracking on, then asks for signs of life, and tracks what is added.
    async fn keep(&self, mut connection: MultiplexedConnection, session: &Session) -> End {
        let mut tracked = self.settings.tracked.clone();
        let (mut so_many, mut begun) = (0, false);
        loop {
            if let Some((command, wanted)) = tracked.command(so_many) {
                match self.ask(&mut connection, &command).await {
                    Err(error) => return End::Lost(error),
                    Ok(Value::ServerError(error)) => return self.refused(&error),
                    Ok(_) => {
                        so_many = wanted;
                        session.set_tracked(wanted);
                    }
                }
            }
            let asked = Instant::now();
            match self.ask(&mut connection, &cmd("PING")).await {
                Err(error) => return End::Lost(error),
                // Any answer is one: some users may not ask this.
                Ok(_) => session.vouch(asked, self.settings.max_staleness),
            }
            if !std::mem::replace(&mut begun, true)
                && let Some(listener) = self.listener.upgrade()
            {
                listener.begun();
            }
            // Who adds prefixes is gone only when this is about to be dropped, too.
            let _ = tokio::time::timeout(self.settings.max_staleness / SIGNS, tracked.more()).await;
        }
    }

    /// Asks, and gives a silent server up.
    async fn ask(
        &self,
        connection: &mut MultiplexedConnection,
        command: &Cmd,
    ) -> Result<Value, CacheError> {
        let limit = self.settings.max_staleness.max(LEAST_SILENCE);
        let reply = tokio::time::timeout(limit, connection.send_packed_command(command)).await;
        reply.map_err(|_| self.lost())?.map_err(|error| self.lost().with_source(error))
    }

    fn refused(&self, error: &ServerError) -> End {
        let error = error::of_reply(error, self.topology.location());
        match error.kind() {
            ErrorKind::Unavailable | ErrorKind::Unauthenticated => End::Lost(error),
            _ => End::Refused(error),
        }
    }

    fn lost(&self) -> CacheError {
        let server = self.topology.location();
        let message = format!("the connection on which {server} tells of changes was lost");
        CacheError::new(ErrorKind::Unavailable, message)
    }
}

impl Tracked {
    /// What turns tracking on, where so many prefixes are tracked already, and how many are then.
    fn command(&mut self, so_many: usize) -> Option<(Cmd, usize)> {
        let mut command = cmd("CLIENT");
        command.arg("TRACKING").arg("ON");
        let wanted = match self {
            Self::Read => usize::MAX,
            // Without a prefix it would be told of every key there is.
            Self::Prefixes(prefixes) => {
                let prefixes = prefixes.borrow_and_update();
                command.arg("BCAST");
                for prefix in prefixes.iter().skip(so_many) {
                    command.arg("PREFIX").arg(prefix);
                }
                prefixes.len()
            }
        };
        (wanted != so_many).then_some((command, wanted))
    }

    /// Waits for more prefixes.
    async fn more(&mut self) {
        if let Self::Prefixes(prefixes) = self
            && prefixes.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// A session that is over, and is told to be, when this is dropped.
struct Live {
    feed: Arc<Feed>,
    listener: Weak<dyn Listener>,
    session: Arc<Session>,
}

impl Live {
    fn begin(keeper: &Keeper, session: Session, refusal: Option<String>) -> Self {
        let session = Arc::new(session);
        keeper.feed.set(Some(Arc::clone(&session)), refusal);
        let (feed, listener) = (Arc::clone(&keeper.feed), Weak::clone(&keeper.listener));
        Self { feed, listener, session }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.feed.clear();
        end(&self.listener, &self.session);
    }
}

fn end(listener: &Weak<dyn Listener>, session: &Arc<Session>) {
    if session.end()
        && let Some(listener) = listener.upgrade()
    {
        listener.lost(session);
    }
}

/// Hands a connection's messages on.
struct Told {
    listener: Weak<dyn Listener>,
    session: OnceLock<Arc<Session>>,
    lost: Notify,
}

impl Told {
    fn new(listener: Weak<dyn Listener>) -> Self {
        Self { listener, session: OnceLock::new(), lost: Notify::new() }
    }

    /// Nothing is tracked before, so that there are no messages but that the connection is lost.
    fn begin(&self, session: &Arc<Session>) {
        self.session.get_or_init(|| Arc::clone(session));
    }

    fn sender(told: &Arc<Self>) -> Arc<dyn AsyncPushSender> {
        let told = Arc::clone(told);
        Arc::new(move |message: PushInfo| {
            told.take(read(message));
            Ok::<(), SendError>(())
        })
    }

    fn take(&self, message: Message) {
        match message {
            Message::Other => {}
            Message::Lost => {
                if let Some(session) = self.session.get() {
                    end(&self.listener, session);
                }
                self.lost.notify_one();
            }
            Message::Keys(keys) => {
                if let Some(listener) = self.listener.upgrade() {
                    keys.iter().for_each(|key| listener.changed(key));
                }
            }
            Message::Everything => {
                if let (Some(listener), Some(session)) =
                    (self.listener.upgrade(), self.session.get())
                {
                    listener.all_changed(session);
                }
            }
        }
    }
}

/// Whether a server cannot send messages at all.
fn speaks_no_resp3(error: &CacheError) -> bool {
    let source = std::error::Error::source(error);
    let cause = source.and_then(|source| source.downcast_ref::<RedisError>());
    let no_hello = |cause: &RedisError| {
        cause.kind() == redis::ErrorKind::RESP3NotSupported || cause.code() == Some("NOPROTO")
    };
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied)
        || cause.is_some_and(no_hello)
}
