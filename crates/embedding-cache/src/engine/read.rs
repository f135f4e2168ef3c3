//! Reading entries and judging them.

use std::sync::Arc;
use std::time::Duration;

use cache_core::codec::{self, Codec, DecodedEntry, EntryMeta};
use cache_core::{CacheError, CacheKey, Embedding, ErrorKind, GetOptions, StoredValue, Ttl};

use super::{Call, Core};
use crate::lookup::{Lookup, Source, now_ms};
use crate::{Error, MissCause, Mode, span};

/// An entry that verified.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) embedding: Embedding,
    pub(super) meta: EntryMeta,
    pub(super) codec: Codec,
    pub(super) stored_bytes: usize,
}

impl Entry {
    pub(super) fn into_lookup(self, source: Source) -> Lookup {
        Lookup {
            embedding: self.embedding,
            source,
            codec: Some(self.codec),
            stored_bytes: self.stored_bytes,
            created_at_ms: self.meta.created_at_ms,
        }
    }
}

/// What a key turned out to hold, for one call.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// To be served.
    Fresh(Entry),
    /// To be served, and refreshed.
    Stale(Entry),
    /// To be computed; the entry may stand in when that fails.
    Missing(MissCause, Option<Entry>),
    /// This very call has computed it already.
    Given(Lookup),
}

impl Found {
    fn into_lookup(self) -> Option<Lookup> {
        match self {
            Self::Fresh(entry) => Some(entry.into_lookup(Source::Hit)),
            Self::Stale(entry) => Some(entry.into_lookup(Source::Stale)),
            Self::Given(lookup) => Some(lookup),
            Self::Missing(..) => None,
        }
    }
}

/// What was read for one call.
pub(super) struct Read {
    /// In the order of the keys.
    pub(super) found: Vec<Found>,
    /// Set when the store failed: it is then left alone for the rest of the call.
    pub(super) failed: Option<CacheError>,
}

impl Read {
    /// Says in the call's span why anything was missed.
    pub(super) fn record_causes(&self) {
        span::record_causes(self.found.iter().filter_map(|found| match found {
            Found::Missing(cause, _) => Some(*cause),
            Found::Given(_) => Some(MissCause::Absent), // Before the call had computed it.
            Found::Fresh(_) | Found::Stale(_) => None,
        }));
    }
}

impl Core {
    /// Looks the keys up as the call's mode has it, and counts. One round trip, or none.
    pub(super) async fn read(self: &Arc<Self>, call: &Call, keys: &[CacheKey]) -> Read {
        let given = call.given.as_deref();
        let place = given.and_then(|(key, _)| keys.iter().position(|asked| asked == key));
        let (Some((_, lookup)), Some(place)) = (given, place) else {
            return self.read_unknown(call, keys).await;
        };
        let mut others = keys.to_vec();
        others.remove(place);
        let mut read = self.read_unknown(call, &others).await;
        read.found.insert(place, Found::Given(lookup.clone()));
        read
    }

    async fn read_unknown(self: &Arc<Self>, call: &Call, keys: &[CacheKey]) -> Read {
        let skipped = match call.mode {
            Mode::ReadWrite | Mode::ReadOnly => None,
            Mode::Refresh => Some(MissCause::Refresh),
            Mode::Bypass => Some(MissCause::Bypass),
        };
        if let Some(cause) = skipped {
            self.recorder.misses(cause, keys.len() as u64);
            return Read { found: vec![Found::Missing(cause, None); keys.len()], failed: None };
        }
        self.read_store(call, keys, &self.what_is_there()).await
    }

    /// Where a part of the store is lost, entries of the others are hits all the same. What is lost is
    /// computed, as any miss.
    pub(super) fn what_is_there(&self) -> GetOptions {
        GetOptions::default().with_partial(!self.config.strict)
    }

    async fn read_store(
        self: &Arc<Self>,
        call: &Call,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Read {
        match self.get_many(keys, options).await {
            Ok(values) => {
                let found: Vec<_> =
                    keys.iter().zip(values).map(|(key, v)| self.judge(call, key, v)).collect();
                found.iter().for_each(|found| self.count(call, found));
                self.slide(call, keys, &found);
                Read { found, failed: None }
            }
            Err(error) => {
                Self::store_failed("read", &error);
                self.recorder.misses(MissCause::StoreError, keys.len() as u64);
                let missing = Found::Missing(MissCause::StoreError, None);
                Read { found: vec![missing; keys.len()], failed: Some(error) }
            }
        }
    }

    /// One value per key, or an error, whatever the backend does.
    pub(super) async fn get_many(
        &self,
        keys: &[CacheKey],
        options: &GetOptions,
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        let values = self.backend.get_many(keys, options).await?;
        if values.len() == keys.len() {
            return Ok(values);
        }
        let message = format!("the store gave {} values for {} keys", values.len(), keys.len());
        Err(CacheError::new(ErrorKind::Other, message))
    }

    /// Reads keys for their own sake: nothing is computed, and a failing store is an error.
    pub(crate) async fn peek(
        self: &Arc<Self>,
        call: &Call,
        keys: &[CacheKey],
    ) -> Result<Vec<Option<Lookup>>, Error> {
        let read = self.read_store(call, keys, &GetOptions::default()).await;
        read.record_causes();
        self.share_later();
        let Read { found, failed } = read;
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(found.into_iter().map(Found::into_lookup).collect()),
        }
    }

    /// Counts what was found.
    pub(super) fn count(&self, call: &Call, found: &Found) {
        let (stale, meta) = match found {
            Found::Fresh(entry) => (false, &entry.meta),
            Found::Stale(entry) => (true, &entry.meta),
            Found::Missing(cause, _) => return self.recorder.misses(*cause, 1),
            Found::Given(_) => return,
        };
        self.recorder.hit(stale, meta.compute_time, meta.tokens, call.token_price);
    }

    /// What the stored value means to this call.
    pub(super) fn judge(&self, call: &Call, key: &CacheKey, value: Option<StoredValue>) -> Found {
        match value {
            Some(value) => self.judge_value(call, key, &self.with_decoded(key, value)),
            None => Found::Missing(MissCause::Absent, None),
        }
    }

    /// The value with its decoded form, which the store gets, too, if it keeps such.
    fn with_decoded(&self, key: &CacheKey, value: StoredValue) -> StoredValue {
        if !self.keeps_decoded || value.decoded::<DecodedEntry>().is_some() {
            return value;
        }
        let Ok(decoded) = codec::decode(key.hash(), value.bytes()) else { return value };
        let size = decoded_size(&decoded);
        let value = value.with_decoded(Arc::new(decoded), size);
        self.backend.attach_decoded(key, &value);
        value
    }

    pub(super) fn judge_value(&self, call: &Call, key: &CacheKey, value: &StoredValue) -> Found {
        let Some(entry) = verify(key, value) else {
            return Found::Missing(MissCause::Corrupt, None);
        };
        let expected = call.dimensions.unwrap_or(entry.embedding.dimensions());
        if entry.embedding.dimensions() != expected {
            tracing::warn!(
                %key,
                stored = entry.embedding.dimensions(),
                expected,
                "an entry of other dimensions than its model's was ignored"
            );
            return Found::Missing(MissCause::Corrupt, None);
        }
        self.judge_age(call, entry)
    }

    fn judge_age(&self, call: &Call, entry: Entry) -> Found {
        let sliding = self.config.sliding;
        // A sliding entry is fresh as long as the store has it: every hit moves the end.
        let fresh_for = entry.meta.fresh_for.filter(|_| sliding.is_none());
        if fresh_for.is_none() && sliding.is_none() && call.max_age.is_none() {
            return Found::Fresh(entry); // The store's own expiry says it all: no clock needed.
        }
        let age = Duration::from_millis(now_ms().saturating_sub(entry.meta.created_at_ms));
        if sliding.is_some_and(|longest| age > longest) {
            return Found::Missing(MissCause::Expired, None);
        }
        if call.max_age.is_some_and(|longest| age > longest) {
            return Found::Missing(MissCause::TooOld, None);
        }
        let late = age.saturating_sub(fresh_for.unwrap_or(Duration::MAX));
        if late.is_zero() {
            Found::Fresh(entry)
        } else if late <= self.config.stale_while_revalidate {
            Found::Stale(entry)
        } else {
            let usable = late <= self.config.stale_if_error;
            Found::Missing(MissCause::Expired, usable.then_some(entry))
        }
    }

    /// Starts the TTL of hits anew, in the background, where the cache is set up so.
    pub(super) fn slide(self: &Arc<Self>, call: &Call, keys: &[CacheKey], found: &[Found]) {
        let Some(longest) = self.config.sliding else { return };
        if call.mode == Mode::ReadOnly {
            return;
        }
        let touches: Vec<_> = keys
            .iter()
            .zip(found)
            .filter_map(|(key, found)| match found {
                Found::Fresh(entry) => Some((key.clone(), slid_ttl(&entry.meta, longest)?)),
                _ => None,
            })
            .collect();
        if touches.is_empty() {
            return;
        }
        let core = Arc::clone(self);
        self.background.spawn(async move {
            if let Err(error) = core.backend.touch_many(&touches).await {
                Self::store_failed("touch", &error);
            }
        });
    }
}

/// The whole TTL again that the entry was written with, but not past its longest life.
fn slid_ttl(meta: &EntryMeta, longest: Duration) -> Option<Ttl> {
    let age = Duration::from_millis(now_ms().saturating_sub(meta.created_at_ms));
    let left = Ttl::new(longest.checked_sub(age)?.min(Ttl::MAX)).ok()?;
    let ttl = Ttl::new(meta.fresh_for?).ok()?;
    Some(ttl.min(left))
}

/// What a decoded entry takes in memory.
pub(super) fn decoded_size(entry: &DecodedEntry) -> usize {
    4 * entry.embedding.dimensions() + size_of_val(entry)
}

/// The entry of a value, when the value verifies.
fn verify(key: &CacheKey, value: &StoredValue) -> Option<Entry> {
    let entry = |decoded: &DecodedEntry| Entry {
        embedding: decoded.embedding.clone(),
        meta: decoded.meta,
        codec: decoded.codec,
        stored_bytes: value.bytes().len(),
    };
    if let Some(decoded) = value.decoded::<DecodedEntry>() {
        return Some(entry(decoded));
    }
    match codec::decode(key.hash(), value.bytes()) {
        Ok(decoded) => Some(entry(&decoded)),
        Err(error) => {
            tracing::warn!(%key, %error, "a stored value did not verify and was ignored");
            None
        }
    }
}
