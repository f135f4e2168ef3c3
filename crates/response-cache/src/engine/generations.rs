//! The identifiers of groups: an entry is valid as long as all of its groups have those under which
//! it was written.
//!
//! Invalidating a group removes its identifier; whoever needs one next makes a new one. They are
//! random, so that the loss of one can only cause misses, never bring back what was invalidated.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache_core::codec::text;
use cache_core::{
    CacheBackend, CacheError, CacheKey, ErrorKind, GetOptions, LeaseOutcome, LeaseRequest,
    LeaseToken, Leases, PutEntry, PutOptions, StoredValue, Ttl,
};

use crate::group::{Id, new_id};

/// What is not used for this long is forgotten: with it, the entries of its group are missed.
const IDLE: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How often that time is started anew, in one process.
const TOUCH_EVERY: Duration = Duration::from_secs(3_600);
/// More groups than this are not remembered.
const MOST: usize = 16_384;
/// Somebody who makes an identifier has this long.
const LEASE: Duration = Duration::from_secs(2);
/// Nobody waits longer than this for another who makes one: the provider has not even been asked.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(5);

/// Identifiers as they were read: of the groups of a call's scope, and of its tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Stamps {
    pub(super) groups: Vec<Option<Id>>,
    pub(super) tags: Vec<Option<Id>>,
}

/// What this process knows of groups.
#[derive(Debug, Default)]
pub(super) struct Generations {
    copies: Mutex<HashMap<CacheKey, (Option<Id>, Instant)>>,
    touched: Mutex<HashMap<CacheKey, Touched>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The identifier in a value; one that does not verify is as good as none.
pub(super) fn id_of(key: &CacheKey, value: Option<&StoredValue>) -> Option<Id> {
    let bytes = text::unpack(key.hash(), value?.bytes(), size_of::<Id>()).ok()?;
    bytes.as_ref().try_into().ok().map(Id::from_le_bytes)
}

fn new_value(key: &CacheKey) -> (Id, StoredValue) {
    let id = new_id();
    let frame = text::pack(key.hash(), &id.to_le_bytes());
    (id, StoredValue::new(frame.expect("invariant: sixteen bytes fit into a frame")))
}

/// How long an identifier that is used now is kept.
pub(super) fn life() -> Ttl {
    Ttl::new(IDLE).unwrap_or(Ttl::FOREVER)
}

impl Generations {
    /// The identifiers of these groups, read at most `trusted` ago.
    pub(super) async fn read(
        &self,
        backend: &dyn CacheBackend,
        keys: &[CacheKey],
        trusted: Duration,
    ) -> Result<Vec<Option<Id>>, CacheError> {
        let known = self.known(keys, trusted);
        let unknown: Vec<_> = keys
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        if unknown.is_empty() {
            return Ok(known.into_iter().map(Option::flatten).collect());
        }
        let values = backend.get_many(&unknown, &GetOptions::default()).await?;
        let read = unknown.iter().zip(&values).map(|(key, value)| id_of(key, value.as_ref()));
        let mut read: Vec<_> = read.collect();
        self.remember(&unknown, &read);
        read.reverse();
        let read_now = |known: Option<Option<Id>>| known.unwrap_or_else(|| read.pop().flatten());
        Ok(known.into_iter().map(read_now).collect())
    }

    fn known(&self, keys: &[CacheKey], trusted: Duration) -> Vec<Option<Option<Id>>> {
        let copies = lock(&self.copies);
        let copy = |key: &CacheKey| {
            copies.get(key).filter(|(_, at)| at.elapsed() < trusted).map(|(id, _)| *id)
        };
        keys.iter().map(copy).collect()
    }

    /// Keeps what was just read.
    fn remember(&self, keys: &[CacheKey], ids: &[Option<Id>]) {
        let (mut copies, now) = (lock(&self.copies), Instant::now());
        if copies.len() > MOST {
            copies.clear();
        }
        copies.extend(keys.iter().cloned().zip(ids.iter().map(|id| (*id, now))));
    }

    /// Forgets what is known of a group.
    pub(super) fn forget(&self, key: &CacheKey) {
        lock(&self.copies).remove(key);
    }

    /// Makes the identifiers that are missing; one caller of all processes makes each, where the
    /// store has leases. When another takes too long for it, that is an error: the store then takes
    /// no part in the call.
    pub(super) async fn ensure(
        &self,
        backend: &dyn CacheBackend,
        keys: &[CacheKey],
        ids: &mut [Option<Id>],
    ) -> Result<(), CacheError> {
        let token = LeaseToken::unique();
        let end = Instant::now() + PATIENCE;
        loop {
            let missing: Vec<_> = (0..keys.len()).filter(|at| ids[*at].is_none()).collect();
            if missing.is_empty() {
                return Ok(());
            }
            let wanted: Vec<_> = missing.iter().map(|at| keys[*at].clone()).collect();
            let found = match backend.leases() {
                Some(leases) => make_leased(backend, leases, token, &wanted).await?,
                None => make(backend, &wanted).await?,
            };
            missing.iter().zip(found).for_each(|(at, id)| ids[*at] = id);
            if ids.contains(&None) {
                if Instant::now() >= end {
                    let message = "identifiers of groups that another makes do not come";
                    return Err(CacheError::new(ErrorKind::Timeout, message));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Of these groups in use, those whose time to be forgotten should start anew.
    pub(super) fn due_touches(&self, keys: Vec<CacheKey>) -> Vec<CacheKey> {
        if keys.is_empty() {
            return keys;
        }
        let mut touched = lock(&self.touched);
        if touched.len() > MOST {
            touched.clear();
        }
        let is_due = |key: &CacheKey| touched.entry(key.clone()).or_default().begins_anew();
        keys.into_iter().filter(is_due).collect()
    }
}

/// When a group, or several that are always used together, was last touched by this process.
#[derive(Debug, Default)]
pub(super) struct Touched(Mutex<Option<Instant>>);

impl Touched {
    /// Whether the time to be forgotten should start anew: true once in a while, to a group in use.
    pub(super) fn begins_anew(&self) -> bool {
        let (mut last, now) = (lock(&self.0), Instant::now());
        let due = last.is_none_or(|last| now.duration_since(last) >= TOUCH_EVERY);
        if due {
            *last = Some(now);
        }
        due
    }
}

/// Those that this caller may make get their identifiers; those that others have made are read;
/// those that others are making are left out.
async fn make_leased(
    backend: &dyn CacheBackend,
    leases: &dyn Leases,
    token: LeaseToken,
    keys: &[CacheKey],
) -> Result<Vec<Option<Id>>, CacheError> {
    let outcomes = leases.get_or_lease_many(keys, &LeaseRequest { token, duration: LEASE }).await?;
    let (mut ids, mut new) = (Vec::with_capacity(keys.len()), Vec::new());
    for (key, outcome) in keys.iter().zip(outcomes) {
        let there = match &outcome {
            LeaseOutcome::Value(value) => id_of(key, Some(value)),
            LeaseOutcome::Acquired => None,
            _ => {
                ids.push(None);
                continue;
            }
        };
        ids.push(Some(there.unwrap_or_else(|| {
            let (id, value) = new_value(key); // Also in place of a value that does not verify.
            new.push(PutEntry::new(key.clone(), value, life()));
            id
        })));
    }
    if !new.is_empty() {
        let put = backend.put_many(&new, &PutOptions::default().with_release(token)).await;
        if put.is_err() {
            // Others would wait for a lease that nobody keeps.
            let keys: Vec<_> = new.into_iter().map(|entry| entry.key).collect();
            leases.release_leases(&keys, token).await?;
        }
        put?;
    }
    Ok(ids)
}

/// Without leases: of several who make one at once, the last one's counts for all who read it
/// after. Entries of the others are missed.
async fn make(
    backend: &dyn CacheBackend,
    keys: &[CacheKey],
) -> Result<Vec<Option<Id>>, CacheError> {
    let new = keys.iter().map(|key| PutEntry::new(key.clone(), new_value(key).1, life()));
    backend.put_many(&new.collect::<Vec<_>>(), &PutOptions::default()).await?;
    let values = backend.get_many(keys, &GetOptions::default()).await?;
    Ok(keys.iter().zip(&values).map(|(key, value)| id_of(key, value.as_ref())).collect())
}
