//! The backend with something near.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use cache_core::{
    BackendInfo, BackendStatus, CacheBackend, CacheError, CacheKey, Capabilities, ClearOptions,
    ClearProgress, Counters, DiagnoseOptions, Finding, FindingCode, GetOptions, Leases, Namespace,
    PutEntry, PutOptions, Severity, StoredValue, Ttl, Usage,
};

use super::fetch::{self, Fetched};
use super::store::{Store, Ticket};
use super::{NearConfig, NearState, NearStats, Tracking, WithoutTracking};
use crate::RedisBackend;
use crate::push::{FeedState, Feeds, Listener, Session, Settings, Tracked};
use crate::topology::Nodes;

/// A [`RedisBackend`] that keeps what was read in this process's memory, too, up to a number of
/// bytes, and kept coherent: a hit costs no round trip, decodes nothing, and is never older than a
/// bound.
///
/// # Staleness
/// The server is asked to tell what changes (`CLIENT TRACKING`, over a RESP3 connection of its own to
/// each primary). As long as it does, a write, removal, expiry, eviction or clearing by anybody is
/// seen as soon as its message is here. Whatever happens, no read gives a value whose replacement was
/// complete [the maximum staleness](NearConfig::with_max_staleness) before the read began: when the
/// connection is silent for longer, nothing near is shown, and when it is lost, everything is dropped
/// and nothing kept until it is back. A server that cannot tell (one that speaks RESP2 only; a user
/// without the right `client|tracking`) gets [what is configured](NearConfig::without_tracking), and
/// [`status`](CacheBackend::status) warns.
///
/// Writes of this process through this backend and its clones take effect at once. What is written
/// is kept near when it is next read. That a key has no value is never kept.
///
/// # Expiry
/// By the server's clock, to the millisecond or a round trip early: never late.
///
/// # Eviction
/// What is near is evicted least recently used first. The server sees a use of an entry near at most
/// once in [the maximum age](NearConfig::with_max_age).
///
/// # Not together with
/// sliding expiry: prolonging an entry's life at each hit changes it for everybody, so that it is
/// dropped and read again each time.
///
/// Clones share everything. Logs stay with the [`RedisBackend`]. All methods must be called within a
/// Tokio runtime with I/O and time.
#[derive(Debug, Clone)]
pub struct NearBackend {
    redis: RedisBackend,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Arc<Store>,
    feeds: Feeds,
}

impl NearBackend {
    /// Keeps near what is read from this backend. The connections on which servers tell are made
    /// when something is first read, and again when they were lost; until then nothing is kept.
    #[must_use]
    pub fn new(redis: RedisBackend, config: NearConfig) -> Self {
        let max_staleness = config.max_staleness;
        let per_key = config.tracking == Tracking::PerKey;
        let store = Arc::new(Store::new(config));
        let tracked = match per_key {
            true => Tracked::Read,
            false => Tracked::Prefixes(store.spaces.prefixes()),
        };
        let settings = Settings { tracked, max_staleness };
        let feeds = Feeds::new(Arc::clone(redis.link.topology()), settings);
        Self { redis, shared: Arc::new(Shared { store, feeds }) }
    }

    /// The backend behind it, for logs, say.
    #[must_use]
    pub fn redis(&self) -> &RedisBackend {
        &self.redis
    }

    /// What the near cache did so far and does at the moment.
    #[must_use]
    pub fn near_stats(&self) -> NearStats {
        let Store { config, table, counts, .. } = self.store();
        let state = match (self.shared.feeds.state(), config.without_tracking) {
            (FeedState::Telling, _) => NearState::Tracking,
            (FeedState::Refused, WithoutTracking::ShortLived) => NearState::ShortLived,
            (FeedState::Refused, WithoutTracking::Off) => NearState::Off,
            (FeedState::Down, _) => NearState::Disconnected,
        };
        counts.stats(state, table.entries(), table.bytes())
    }

    fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Reads from the server, and keeps what may be kept.
    async fn read_through(
        &self,
        keys: &[&CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        let listener: Weak<dyn Listener> = Arc::downgrade(&self.shared.store) as _;
        self.shared.feeds.ensure_kept(&listener);
        let place = self.place();
        let tickets: Vec<_> = keys.iter().map(|key| self.ticket(key)).collect();
        let fetched = self.fetch(keys, &tickets, options).await?;
        // Sent on to another node, a reply is of a server that the ticket says nothing about.
        let (redirections, nodes) = self.place();
        let as_known = redirections == place.0 && Arc::ptr_eq(&nodes, &place.1);
        let tickets = tickets.into_iter().map(|ticket| ticket.filter(|_| as_known));
        let values = keys.iter().zip(fetched).zip(tickets);
        Ok(values.map(|((key, fetched), ticket)| self.keep(key, fetched, ticket)).collect())
    }

    fn ticket(&self, key: &CacheKey) -> Option<Ticket> {
        let session = self.shared.feeds.session(&key.to_bytes())?;
        self.store().ticket(key, session)
    }

    /// Changes whenever replies may come from other servers than was known.
    fn place(&self) -> (u64, Arc<Nodes>) {
        let link = &self.redis.link;
        (link.redirections(), link.topology().nodes())
    }

    async fn fetch(
        &self,
        keys: &[&CacheKey],
        tickets: &[Option<Ticket>],
        options: &GetOptions,
    ) -> Result<Vec<Fetched>, CacheError> {
        let link = &self.redis.link;
        if tickets.iter().all(Option::is_none) {
            return fetch::fetch_untracked(link, keys, options).await;
        }
        let sessions: Vec<_> = tickets.iter().flatten().map(Ticket::session).collect();
        let tells = |session: &&Arc<Session>| session.tells();
        if self.store().config.tracking == Tracking::Broadcast || !sessions.iter().any(tells) {
            return fetch::fetch(link, keys, options).await;
        }
        let all = sessions.len() == keys.len() && sessions.iter().all(tells);
        if all && let Some(fetched) = fetch::fetch_tracked(link, keys, &sessions).await {
            return Ok(fetched);
        }
        // Read elsewhere, it would not be tracked.
        fetch::fetch_untracked(link, keys, options).await
    }

    fn keep(
        &self,
        key: &CacheKey,
        fetched: Fetched,
        ticket: Option<Ticket>,
    ) -> Option<StoredValue> {
        let (value, life) = fetched?;
        if let (Some(ticket), Some(life)) = (ticket, life) {
            self.store().keep(key, &value, life, ticket);
        }
        Some(value)
    }

    fn writing<'a, K>(&'a self, keys: K) -> Writing<'a, K>
    where
        K: Iterator<Item = &'a CacheKey> + Clone,
    {
        Writing::begin(self.store(), keys)
    }
}

/// Keys are forgotten before they are written, and when that is over or given up.
struct Writing<'a, K: Iterator<Item = &'a CacheKey> + Clone> {
    store: &'a Store,
    keys: K,
}

impl<'a, K: Iterator<Item = &'a CacheKey> + Clone> Writing<'a, K> {
    fn begin(store: &'a Store, keys: K) -> Self {
        let writing = Self { store, keys };
        writing.forget();
        writing
    }

    fn forget(&self) {
        self.keys.clone().for_each(|key| {
            self.store.forget(key);
        });
    }
}

impl<'a, K: Iterator<Item = &'a CacheKey> + Clone> Drop for Writing<'a, K> {
    fn drop(&mut self) {
        self.forget();
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CacheBackend for NearBackend {
    fn info(&self) -> BackendInfo {
        self.redis.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.redis.capabilities().with_keeps_decoded(true)
    }

    async fn get_many(
        &self,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        let near = |key| self.store().read(key, StoredValue::clone);
        let mut values: Vec<_> = keys.iter().map(near).collect();
        let missing: Vec<_> = (0..keys.len()).filter(|&index| values[index].is_none()).collect();
        if missing.is_empty() {
            return Ok(values);
        }
        self.store().counts.missed(missing.len());
        let wanted: Vec<_> = missing.iter().map(|&index| &keys[index]).collect();
        for (index, value) in missing.iter().zip(self.read_through(&wanted, options).await?) {
            values[*index] = value;
        }
        Ok(values)
    }

    fn read_local(&self, key: &CacheKey, read: &mut dyn FnMut(&StoredValue)) -> bool {
        self.store().read(key, |value| read(value)).is_some()
    }

    fn attach_decoded(&self, key: &CacheKey, value: &StoredValue) {
        self.store().table.attach_decoded(key, value);
    }

    async fn put_many(&self, entries: &[PutEntry], options: &PutOptions) -> Result<(), CacheError> {
        let _writing = self.writing(entries.iter().map(|entry| &entry.key));
        self.redis.put_many(entries, options).await
    }

    async fn remove_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        let _writing = self.writing(keys.iter());
        self.redis.remove_many(keys).await
    }

    async fn contains_many(&self, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
        self.redis.contains_many(keys).await
    }

    async fn touch_many(&self, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
        let _writing = self.writing(keys.iter().map(|(key, _)| key));
        self.redis.touch_many(keys).await
    }

    async fn clear(
        &self,
        namespace: &Namespace,
        progress: ClearProgress,
        options: &ClearOptions,
    ) -> Result<ClearProgress, CacheError> {
        let progress = self.redis.clear(namespace, progress, options).await;
        // In between, the server tells what each step removes.
        if progress.as_ref().map_or(true, ClearProgress::is_done) {
            self.store().forget_namespace(namespace);
        }
        progress
    }

    async fn usage(&self, namespace: &Namespace) -> Result<Usage, CacheError> {
        self.redis.usage(namespace).await
    }

    async fn status(&self) -> Result<BackendStatus, CacheError> {
        let mut status = self.redis.status().await?;
        if let Some(refusal) = self.shared.feeds.refusal() {
            let then = match self.store().config.without_tracking {
                WithoutTracking::ShortLived => format!(
                    "entries are kept near for {} ms at most",
                    self.store().config.max_staleness.as_millis()
                ),
                WithoutTracking::Off => "nothing is kept near".to_owned(),
            };
            let what = format!("the server does not tell what changes, so that {then}");
            let to_do = format!(
                "allow the user +client|tracking on a server with RESP3, Redis 6 or newer ({refusal})"
            );
            let finding = Finding::new(FindingCode::NoTracking, Severity::Warning, what, to_do);
            status.findings.push(finding.with("reason", "client tracking"));
        }
        Ok(status)
    }

    async fn diagnose(&self, options: &DiagnoseOptions) -> Result<Vec<Finding>, CacheError> {
        self.redis.diagnose(options).await
    }

    async fn flush(&self) -> Result<(), CacheError> {
        self.redis.flush().await
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.redis.leases()
    }

    fn counters(&self) -> Option<&dyn Counters> {
        self.redis.counters()
    }
}
