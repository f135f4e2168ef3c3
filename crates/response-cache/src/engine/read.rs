//! Reading entries and judging them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cache_core::{CacheError, CacheKey, ErrorKind, GetOptions, StoredValue};

use super::generations::{Stamps, id_of, life};
use super::model::{Answering, Reading};
use super::{Call, Core};
use crate::answer::age_of;
use crate::group::Id;
use crate::stored::{self, Kept};
use crate::{MissCause, Mode, Source};

/// What an entry means to one call.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// To be given.
    Fresh(Kept),
    /// To be given, and asked for anew.
    Stale(Kept),
    /// To be asked for; the entry may stand in when that fails.
    Missing(MissCause, Option<Kept>),
}

/// What was read for one call.
#[derive(Debug)]
pub(super) struct Read {
    /// The key that the call is about from now on.
    pub(super) slot: CacheKey,
    pub(super) stamps: Stamps,
    /// The store has a value under the key.
    pub(super) occupied: bool,
    /// Set when the store failed: it is then left alone for the rest of the call.
    pub(super) failed: Option<CacheError>,
}

impl Core {
    /// Looks the call up as its mode has it. One round trip, or two where an entry has tags that
    /// this process has not met lately.
    pub(super) async fn read(&self, call: &Call) -> (Found, Read) {
        match self.try_read(call).await {
            Ok(read) => read,
            Err(error) => {
                Self::store_failed("read", &error);
                let (slot, stamps) = (call.key().clone(), Stamps::default());
                let read = Read { slot, stamps, occupied: false, failed: Some(error) };
                (Found::Missing(MissCause::StoreError, None), read)
            }
        }
    }

    async fn try_read(&self, call: &Call) -> Result<(Found, Read), CacheError> {
        let unread = call.mode == Mode::Refresh;
        let slots = if unread { &[][..] } else { call.slots() };
        let tags = call.tags.iter().map(|(_, key)| key);
        let reading = self.answering.as_ref().and_then(Answering::reading_along);
        let record = reading.as_ref().map(Reading::record);
        let keys = slots.iter().chain(&call.view.groups).chain(tags).chain(record);
        let keys: Vec<_> = keys.cloned().collect();
        let mut values = self.get_many(&keys).await?;
        if let Some(reading) = reading {
            reading.end(values.pop().flatten().as_ref());
        }
        let (entries, ids) = values.split_at(slots.len());
        let ids =
            keys[slots.len()..].iter().zip(ids).map(|(key, value)| id_of(key, value.as_ref()));
        let mut groups: Vec<_> = ids.collect();
        let tags = groups.split_off(call.view.groups.len());
        let stamps = Stamps { groups, tags };
        if unread {
            let read = Read { slot: call.key().clone(), stamps, occupied: true, failed: None };
            return Ok((Found::Missing(MissCause::Refresh, None), read));
        }
        let mut found = Vec::with_capacity(slots.len());
        for (key, value) in slots.iter().zip(entries) {
            found.push(self.judge(call, key, value.as_ref(), &stamps).await?);
        }
        let (slot, found) = self.choose(call, found);
        let occupied = !matches!(found, Found::Missing(MissCause::Absent, _));
        Ok((found, Read { slot, stamps, occupied, failed: None }))
    }

    /// Of several answers the first that is missing, else one after the other.
    fn choose(&self, call: &Call, mut found: Vec<Found>) -> (CacheKey, Found) {
        let missing = |found: &Found| matches!(found, Found::Missing(..));
        let turn = || self.turn.fetch_add(1, Ordering::Relaxed) % found.len();
        let at = match found.len() {
            1 => 0,
            _ => found.iter().position(missing).unwrap_or_else(turn),
        };
        (call.slots()[at].clone(), found.swap_remove(at))
    }

    /// One value per key, or an error, whatever the backend does.
    pub(super) async fn get_many(
        &self,
        keys: &[CacheKey],
    ) -> Result<Vec<Option<StoredValue>>, CacheError> {
        let values = self.backend.get_many(keys, &GetOptions::default()).await?;
        if values.len() == keys.len() {
            return Ok(values);
        }
        let message = format!("the store gave {} values for {} keys", values.len(), keys.len());
        Err(CacheError::new(ErrorKind::Other, message))
    }

    /// What the stored value means to this call.
    pub(super) async fn judge(
        &self,
        call: &Call,
        key: &CacheKey,
        value: Option<&StoredValue>,
        stamps: &Stamps,
    ) -> Result<Found, CacheError> {
        let Some(value) = value else { return Ok(Found::Missing(MissCause::Absent, None)) };
        let Some(kept) = stored::decode(key, value) else {
            return Ok(Found::Missing(MissCause::Corrupt, None));
        };
        if !self.is_valid(call, &kept, stamps).await? {
            return Ok(Found::Missing(MissCause::Invalidated, None));
        }
        if self.is_superseded(&kept).await? {
            return Ok(Found::Missing(MissCause::ModelChanged, None));
        }
        if call.needs_usage && !kept.0.usage_asked {
            return Ok(Found::Missing(MissCause::NoUsage, Some(kept)));
        }
        Ok(self.judge_age(call, kept))
    }

    /// Whether every group of the entry still has the identifier that it was written under.
    async fn is_valid(
        &self,
        call: &Call,
        kept: &Kept,
        stamps: &Stamps,
    ) -> Result<bool, CacheError> {
        let meta = &kept.0.meta;
        if !meta.generations.iter().copied().map(Some).eq(stamps.groups.iter().copied()) {
            return Ok(false);
        }
        if meta.tags.is_empty() {
            return Ok(true);
        }
        let names = call.tags.iter().map(|(tag, _)| tag.as_str());
        let known: HashMap<_, _> = names.zip(stamps.tags.iter().copied()).collect();
        let (mut keys, mut expected) = (Vec::new(), Vec::new());
        for (tag, id) in &meta.tags {
            match known.get(tag.as_str()) {
                Some(now) if *now != Some(*id) => return Ok(false),
                Some(_) => {}
                None => {
                    keys.push(self.views.tag(tag));
                    expected.push(Some(*id));
                }
            }
        }
        if keys.is_empty() {
            return Ok(true);
        }
        let trusted = self.config.trust_tags_for;
        for trusted in [trusted, Duration::ZERO] {
            // What is remembered may be older than the entry: only the store condemns it.
            let now: Vec<Option<Id>> =
                self.generations.read(&*self.backend, &keys, trusted).await?;
            if now == expected {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn judge_age(&self, call: &Call, kept: Kept) -> Found {
        let meta = &kept.0.meta;
        if meta.fresh_for.is_none() && call.max_age.is_none() {
            return Found::Fresh(kept); // The store's own expiry says it all: no clock needed.
        }
        let age = age_of(meta.created_at_ms);
        if call.max_age.is_some_and(|longest| age > longest) {
            return Found::Missing(MissCause::TooOld, None);
        }
        let late = age.saturating_sub(meta.fresh_for.unwrap_or(Duration::MAX));
        if late.is_zero() {
            Found::Fresh(kept)
        } else if late <= self.config.stale_while_revalidate {
            Found::Stale(kept)
        } else {
            let usable = late <= self.config.stale_if_error;
            Found::Missing(MissCause::Expired, usable.then_some(kept))
        }
    }

    /// Counts a hit.
    pub(super) fn count_hit(&self, kept: &Kept, source: Source) {
        let meta = &kept.0.meta;
        let price = meta.usage.and_then(|_| self.price(meta.model.as_deref()));
        self.recorder.hit(source, meta.compute_time, meta.usage, price);
    }

    /// Puts off the day on which the entry's groups are forgotten, in the background.
    pub(super) fn keep_alive(self: &Arc<Self>, call: &Call, kept: &Kept) {
        let tags = kept.0.meta.tags.iter().map(|(tag, _)| self.views.tag(tag)).collect();
        let mut due = self.generations.due_touches(tags);
        if call.view.touched.begins_anew() {
            due.extend(call.view.groups.iter().cloned());
        }
        if due.is_empty() {
            return;
        }
        let due: Vec<_> = due.into_iter().map(|key| (key, life())).collect();
        let core = Arc::clone(self);
        self.background.spawn(async move {
            if let Err(error) = core.backend.touch_many(&due).await {
                Self::store_failed("touch", &error);
            }
        });
    }
}
