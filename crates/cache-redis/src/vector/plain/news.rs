//! Being told of changes, so that a search need not ask: where a bound on staleness is allowed.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::link::Link;
use crate::push::{Feeds, Listener, Session, Settings, Tracked};

/// The server is asked at least so often: clocks do not run alike.
const LONGEST: Duration = Duration::from_secs(60);

/// A connection to each primary on which it tells of changes, for all indexes of a store.
#[derive(Debug)]
pub(super) struct News {
    feeds: Feeds,
    prefixes: watch::Sender<Vec<String>>,
    heard: Arc<Heard>,
}

/// What one index hears.
#[derive(Debug)]
pub(super) struct Topic {
    news: Arc<News>,
    /// One of the keys: all are in the same place.
    key: Vec<u8>,
    prefix: usize,
    changes: Arc<AtomicU64>,
}

/// That everything was known at a moment. It stays known until something is told.
#[derive(Debug)]
pub(super) struct Mark {
    session: Arc<Session>,
    changes: u64,
    made: Instant,
}

/// Changes that were told so far, by key.
#[derive(Default)]
struct Heard(Mutex<HashMap<Vec<u8>, Arc<AtomicU64>>>);

impl News {
    /// Connects when there is an index that is asked for.
    pub(super) fn new(link: &Link, max_staleness: Duration) -> Self {
        let (prefixes, wanted) = watch::channel(Vec::new());
        let settings = Settings { tracked: Tracked::Prefixes(wanted), max_staleness };
        let feeds = Feeds::new(Arc::clone(link.topology()), settings);
        Self { feeds, prefixes, heard: Arc::default() }
    }

    /// What is told about these keys, which are all that begin so.
    pub(super) fn topic(self: &Arc<Self>, prefix: &str, keys: &[Vec<u8>]) -> Topic {
        let mut number = 0;
        self.prefixes.send_if_modified(|prefixes| {
            let known = prefixes.iter().position(|known| known == prefix);
            number = known.unwrap_or(prefixes.len());
            if known.is_none() {
                prefixes.push(prefix.to_owned());
            }
            known.is_none()
        });
        let changes = self.heard.listen(keys);
        Topic { news: Arc::clone(self), key: keys[0].clone(), prefix: number, changes }
    }
}

impl Topic {
    /// Made before a question is sent, it holds once the answer is here. None where nothing is told.
    pub(super) fn mark(&self) -> Option<Mark> {
        let listener: Weak<dyn Listener> = Arc::downgrade(&self.news.heard) as _;
        self.news.feeds.ensure_kept(&listener);
        let session = self.news.feeds.session(&self.key)?;
        let changes = self.changes.load(Ordering::Acquire);
        let tells = session.tells() && session.tracks(self.prefix);
        tells.then(|| Mark { session, changes, made: Instant::now() })
    }

    /// Whether nothing has changed since, as far as the bound allows not to know.
    pub(super) fn holds(&self, mark: &Mark) -> bool {
        mark.made.elapsed() < LONGEST
            && self.changes.load(Ordering::Acquire) == mark.changes
            && self
                .news
                .feeds
                .session(&self.key)
                .is_some_and(|now| Arc::ptr_eq(&now, &mark.session))
    }

    /// This process has changed something itself.
    pub(super) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }
}

impl Heard {
    fn listen(&self, keys: &[Vec<u8>]) -> Arc<AtomicU64> {
        let mut known = self.known();
        let changes = keys.iter().find_map(|key| known.get(key).cloned()).unwrap_or_default();
        known.extend(keys.iter().map(|key| (key.clone(), Arc::clone(&changes))));
        changes
    }

    fn all(&self) {
        for changes in self.known().values() {
            changes.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Arc<AtomicU64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Heard {
    fn changed(&self, key: &[u8]) {
        if let Some(changes) = self.known().get(key) {
            changes.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn all_changed(&self, _: &Arc<Session>) {
        self.all();
    }

    fn lost(&self, _: &Arc<Session>) {
        self.all();
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Heard").field(&self.known().len()).finish()
    }
}
