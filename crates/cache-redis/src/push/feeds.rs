//! A feed to each primary.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinHandle};

use super::feed::{Feed, Keeper};
use super::{FeedState, Listener, Session, Settings};
use crate::address::Endpoint;
use crate::topology::{Nodes, Topology};

/// While no primary is known, they are looked for at this interval.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Feeds to all primaries, whichever they are at the moment.
pub(crate) struct Feeds {
    topology: Arc<Topology>,
    settings: Settings,
    known: Arc<RwLock<Known>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// The primaries, and the feed of each.
#[derive(Default)]
struct Known {
    nodes: Option<Arc<Nodes>>,
    feeds: HashMap<Endpoint, Kept>,
}

/// A feed and the task that keeps it, which ends with this.
struct Kept {
    feed: Arc<Feed>,
    task: AbortHandle,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feeds {
    /// Connects to nothing yet.
    pub(crate) fn new(topology: Arc<Topology>, settings: Settings) -> Self {
        Self { topology, settings, known: Arc::default(), task: Mutex::default() }
    }

    /// Sees to it that the feeds are kept, by the current runtime if the last one is gone.
    pub(crate) fn ensure_kept(&self, listener: &Weak<dyn Listener>) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            let supervisor = Supervisor {
                topology: Arc::clone(&self.topology),
                settings: self.settings.clone(),
                known: Arc::clone(&self.known),
                listener: Weak::clone(listener),
            };
            *task = Some(tokio::spawn(supervisor.run()));
        }
    }

    /// The session with the primary that serves this key, as long as it vouches and it is known who
    /// serves what.
    pub(crate) fn session(&self, key: &[u8]) -> Option<Arc<Session>> {
        let known = read(&self.known);
        let latest = self.topology.nodes();
        let nodes = known.nodes.as_ref().filter(|nodes| Arc::ptr_eq(nodes, &latest))?;
        let session = known.feeds.get(nodes.of_key(key)?)?.feed.session()?;
        session.vouches().then_some(session)
    }

    /// What the feeds do: the worst of them counts.
    pub(crate) fn state(&self) -> FeedState {
        let known = read(&self.known);
        let states: Vec<_> = known.feeds.values().map(|kept| kept.feed.state()).collect();
        let any = |wanted| states.contains(&wanted);
        if states.is_empty() || any(FeedState::Down) {
            FeedState::Down
        } else if any(FeedState::Refused) {
            FeedState::Refused
        } else {
            FeedState::Telling
        }
    }

    /// Why a server refuses to tell, if one does.
    pub(crate) fn refusal(&self) -> Option<String> {
        read(&self.known).feeds.values().find_map(|kept| kept.feed.refusal())
    }
}

impl Drop for Feeds {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
        // The feeds' own tasks hold nothing that leads here, and end with their entries.
        write(&self.known).feeds.clear();
    }
}

impl fmt::Debug for Feeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feeds").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// Follows the primaries.
struct Supervisor {
    topology: Arc<Topology>,
    settings: Settings,
    known: Arc<RwLock<Known>>,
    listener: Weak<dyn Listener>,
}

impl Supervisor {
    async fn run(self) {
        // Of another runtime, which is gone.
        write(&self.known).feeds.clear();
        let mut changes = self.topology.changes();
        loop {
            let nodes = Arc::clone(&changes.borrow_and_update());
            if nodes.primaries().is_empty() {
                if let Err(error) = self.topology.discover().await {
                    tracing::debug!(%error, "no primary is known that could tell of changes");
                }
            } else {
                self.follow(nodes);
            }
            let again = self.topology.nodes().primaries().is_empty();
            let pause = if again { LOOK_AGAIN } else { Duration::MAX };
            if let Ok(Err(_)) = tokio::time::timeout(pause, changes.changed()).await {
                return;
            }
        }
    }

    /// Keeps a feed to each of these and to no others. What was read of any of them may meanwhile
    /// be another's.
    fn follow(&self, nodes: Arc<Nodes>) {
        let mut known = write(&self.known);
        let known = &mut *known;
        known.feeds.retain(|server, _| nodes.primaries().contains(server));
        if let Some(listener) = self.listener.upgrade() {
            let sessions = known.feeds.values().filter_map(|kept| kept.feed.session());
            sessions.for_each(|session| listener.all_changed(&session));
        }
        for server in nodes.primaries() {
            known.feeds.entry(server.clone()).or_insert_with(|| self.keep(server));
        }
        known.nodes = Some(nodes);
    }

    fn keep(&self, server: &Endpoint) -> Kept {
        let feed = Arc::new(Feed::default());
        let keeper = Keeper {
            topology: Arc::clone(&self.topology),
            server: server.clone(),
            settings: self.settings.clone(),
            listener: Weak::clone(&self.listener),
            feed: Arc::clone(&feed),
        };
        Kept { feed, task: tokio::spawn(keeper.run()).abort_handle() }
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
