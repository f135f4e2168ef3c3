//! Waiting for others' leases without asking over and over.
//!
//! All waiters share one [feed](crate::push) to each primary, on which keys are tracked one by one:
//! reading the type of an entry and of its lease there makes the server tell when either changes.
//! A waiter notes what it waits for, then looks, then sleeps; a message that comes in between is not
//! lost. Renewals of the lease wake it, too: then it looks again and sleeps on.

mod waiters;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use cache_core::{CacheKey, Wakeup};
use futures_util::future::join_all;
use redis::{Pipeline, Value};

use crate::entries::on_key;
use crate::key_writer::KeyWriter;
use crate::link::{Link, Weight};
use crate::push::{FeedState, Feeds, Listener, Session, Settings, Tracked};
use waiters::Waiters;

/// How long a waiter waits for the connections to be made.
const CONNECTING: Duration = Duration::from_millis(100);

/// The connections are closed when nobody has waited for about so long.
const IDLE: Duration = Duration::from_secs(30);

/// A sign of life every second is enough: what is missed, the next question finds.
const MAX_STALENESS: Duration = Duration::from_secs(4);

/// Who waits, and the connections that wake them.
pub(crate) struct Watch {
    link: Link,
    waiters: Arc<Waiters>,
    feeds: Mutex<Option<Arc<Feeds>>>,
}

/// The stored forms of an entry and its lease.
type Names = [Vec<u8>; 2];

impl Watch {
    /// Connects when somebody waits.
    pub(crate) fn new(link: Link) -> Self {
        Self { link, waiters: Arc::default(), feeds: Mutex::default() }
    }

    /// As [`Leases::changed`](cache_core::Leases::changed) has it.
    pub(crate) async fn changed(self: &Arc<Self>, keys: &[CacheKey]) -> Wakeup {
        let mut writer = KeyWriter::default();
        let mut names = |key| [writer.stored(key).to_vec(), writer.lease(key).to_vec()];
        let names: Vec<Names> = keys.iter().map(&mut names).collect();
        let waiter = self.waiters.wait(names.iter().flatten());
        let feeds = self.feeds();
        if feeds.state() == FeedState::Down {
            // Most of the time it is just being connected to. If not, it is too long to wait for.
            let _ = tokio::time::timeout(CONNECTING, waiter.woken()).await;
        }
        loop {
            match self.look(&feeds, &names).await {
                None => return Wakeup::Unknown,
                Some(true) => return Wakeup::Changed,
                Some(false) => waiter.woken().await,
            }
        }
    }

    fn feeds(self: &Arc<Self>) -> Arc<Feeds> {
        let mut known = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let feeds = known.get_or_insert_with(|| {
            tokio::spawn(close_when_idle(Arc::downgrade(self)));
            let settings = Settings { tracked: Tracked::Read, max_staleness: MAX_STALENESS };
            Arc::new(Feeds::new(Arc::clone(self.link.topology()), settings))
        });
        let listener: Weak<dyn Listener> = Arc::downgrade(&self.waiters) as _;
        feeds.ensure_kept(&listener);
        Arc::clone(feeds)
    }

    /// Whether one of the entries is there or one of the leases is not; from now on a change of
    /// any is told. None if that cannot be had now.
    async fn look(&self, feeds: &Feeds, names: &[Names]) -> Option<bool> {
        let mut groups: Vec<(Arc<Session>, Vec<&Names>)> = Vec::new();
        for pair in names {
            let session = feeds.session(&pair[0])?;
            match groups.iter_mut().find(|(of, _)| Arc::ptr_eq(of, &session)) {
                Some((_, members)) => members.push(pair),
                None => groups.push((session, vec![pair])),
            }
        }
        let looked = groups.iter().map(|(session, names)| self.look_at(session, names));
        let looked: Option<Vec<bool>> = join_all(looked).await.into_iter().collect();
        Some(looked?.contains(&true))
    }

    async fn look_at(&self, session: &Session, names: &[&Names]) -> Option<bool> {
        let mut connection = session.connection()?;
        let mut pipeline = Pipeline::with_capacity(2 * names.len());
        for name in names.iter().copied().flatten() {
            pipeline.add_command(on_key("TYPE", name));
        }
        let limit = self.link.limit(Weight { keys: pipeline.len(), bytes: 0 });
        let replies = connection.send_packed_commands(&pipeline, 0, pipeline.len());
        let replies = tokio::time::timeout(limit, replies).await.ok()?.ok()?;
        let mut changed = false;
        for (index, reply) in replies.iter().enumerate() {
            let Value::SimpleString(kind) = reply else { return None };
            // An entry is a string. A lease of whatever type is there.
            changed |= if index % 2 == 0 { kind == "string" } else { kind == "none" };
        }
        Some(changed)
    }
}

async fn close_when_idle(watch: Weak<Watch>) {
    loop {
        tokio::time::sleep(IDLE).await;
        let Some(watch) = watch.upgrade() else { return };
        let mut feeds = watch.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.waiters.were_idle() {
            *feeds = None;
            return;
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("waiters", &self.waiters).finish_non_exhaustive()
    }
}
