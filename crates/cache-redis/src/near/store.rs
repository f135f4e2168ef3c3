//! What is kept near, and when.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cache_core::{CacheKey, LocalTable, Namespace, StoredValue};

use super::epochs::{Epoch, Epochs};
use super::spaces::Spaces;
use super::stats::Counts;
use super::{NearConfig, WithoutTracking};
use crate::push::{Listener, Session};

/// A value that takes more than this part of the bound would cost too many others.
const LARGEST_SHARE: u64 = 16;

/// The values, each with the session in which it was read.
pub(super) struct Store {
    pub(super) config: NearConfig,
    pub(super) table: LocalTable<Arc<Session>>,
    epochs: Epochs,
    pub(super) spaces: Spaces,
    pub(super) counts: Counts,
}

/// The right to keep what a read gives, drawn before it is sent.
pub(super) struct Ticket {
    session: Arc<Session>,
    epoch: Epoch,
    drawn: Instant,
}

/// For how long the server keeps an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Forever,
    Left(Duration),
}

impl Ticket {
    pub(super) fn session(&self) -> &Arc<Session> {
        &self.session
    }
}

impl Store {
    pub(super) fn new(config: NearConfig) -> Self {
        Self {
            table: LocalTable::new(config.max_bytes),
            config,
            epochs: Epochs::new(),
            spaces: Spaces::new(),
            counts: Counts::default(),
        }
    }

    /// What `read` makes of a value that may be shown.
    pub(super) fn read<R>(
        &self,
        key: &CacheKey,
        read: impl FnOnce(&StoredValue) -> R,
    ) -> Option<R> {
        let shown =
            |value: &StoredValue, session: &Arc<Session>| session.vouches().then(|| read(value));
        let found = self.table.read(key, shown);
        if found.is_some() {
            self.counts.hit();
        }
        found
    }

    /// A ticket for a read of this key in a session, if what it gives may be kept.
    pub(super) fn ticket(&self, key: &CacheKey, session: Arc<Session>) -> Option<Ticket> {
        let prefix = self.spaces.prefix_of(key)?;
        let kept = session.tells() || self.config.without_tracking == WithoutTracking::ShortLived;
        (kept && session.tracks(prefix)).then(|| Ticket {
            session,
            epoch: self.epochs.now(key),
            drawn: Instant::now(),
        })
    }

    /// Keeps what a read gave, if the ticket still holds.
    pub(super) fn keep(&self, key: &CacheKey, value: &StoredValue, life: Life, ticket: Ticket) {
        let Ticket { session, epoch, drawn } = ticket;
        if value.memory_bytes() as u64 > self.config.max_bytes / LARGEST_SHARE {
            return;
        }
        let mut longest = self.config.max_age;
        if !session.tells() {
            longest = longest.min(self.config.max_staleness);
        }
        if let Life::Left(left) = life {
            longest = longest.min(left);
        }
        // Beyond the clock's range there is no end.
        let end = drawn.checked_add(longest);
        let tag = Arc::clone(&session);
        let holds = || session.vouches() && self.epochs.now(key) == epoch;
        self.table.insert_if(key, value.clone(), end, tag, holds);
    }

    /// Forgets a key, and whatever is being read of it.
    pub(super) fn forget(&self, key: &CacheKey) -> bool {
        // In this order: see `LocalTable::insert_if`.
        self.epochs.changed(key);
        self.table.remove(key)
    }

    /// Forgets a namespace, and whatever is being read.
    pub(super) fn forget_namespace(&self, namespace: &Namespace) {
        self.epochs.all_changed();
        self.table.remove_where(|key, _| key.space().namespace() == namespace);
    }

    fn forget_session(&self, session: &Arc<Session>) {
        self.epochs.all_changed();
        let dropped = self.table.remove_where(|_, of| Arc::ptr_eq(of, session));
        self.counts.dropped.fetch_add(dropped, Ordering::Relaxed);
    }
}

impl Listener for Store {
    fn changed(&self, key: &[u8]) {
        if let Some(key) = self.spaces.key(key)
            && self.forget(&key)
        {
            self.counts.invalidations.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn all_changed(&self, session: &Arc<Session>) {
        self.forget_session(session);
    }

    fn lost(&self, session: &Arc<Session>) {
        self.forget_session(session);
        if session.tells() {
            self.counts.disconnects.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)
    }
}
