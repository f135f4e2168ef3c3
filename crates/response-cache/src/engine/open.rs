//! From a call to an answer that is there or under way.

use std::sync::Arc;

use cache_core::{CacheKey, ChatRequest};

use super::complete::answer;
use super::job::Job;
use super::read::{Found, Read};
use super::run::Watcher;
use super::runs::{Joined, RunKey, Ticket};
use super::{Call, Core};
use crate::group::Group;
use crate::semantic::SemanticHit;
use crate::stored::Kept;
use crate::{Answer, Error, MissCause, Mode, Source, span};

/// What there is for a call.
pub(super) enum Opened {
    /// The store has it.
    Kept { kept: Kept, source: Source, key: CacheKey, semantic: Option<SemanticHit> },
    /// The provider is being asked.
    Running { watcher: Watcher, joined: bool, key: CacheKey, fallback: Option<Kept> },
}

impl Core {
    /// Looks into the store; on a miss joins the run of the request or starts one.
    pub(super) async fn open(
        self: &Arc<Self>,
        call: &Arc<Call>,
        request: &ChatRequest,
    ) -> Result<Opened, Error> {
        let ticket = self.runs.ticket();
        let (found, mut read) = self.read(call).await;
        let opened = match found {
            Found::Fresh(kept) => self.hit(call, read.slot, kept, Source::Hit),
            Found::Stale(kept) => {
                self.refresh_behind(call, request, &read);
                self.hit(call, read.slot, kept, Source::Stale)
            }
            Found::Missing(cause, fallback) => {
                // In boxes: what a miss needs is big, and a hit would carry it along.
                if let Some((kept, hit)) = Box::pin(self.same_instead(call, &read)).await {
                    self.share_later();
                    return Ok(self.semantic_hit(call, kept, hit));
                }
                self.missed(cause);
                if let Some(error) = read.failed.take_if(|_| self.config.strict) {
                    self.share_later();
                    return Err(error.into());
                }
                let store = Box::pin(self.prepare(call, &mut read)).await?;
                self.join(call, request, &read, ticket, store, fallback)
            }
        };
        self.share_later();
        Ok(opened)
    }

    /// What would be given from the store.
    pub(crate) async fn peek(self: &Arc<Self>, call: &Call) -> Result<Option<Answer>, Error> {
        let (found, read) = self.read(call).await;
        if let Some(error) = read.failed {
            span::record_cause(MissCause::StoreError);
            return Err(error.into());
        }
        let (kept, source) = match found {
            Found::Fresh(kept) => (kept, Source::Hit),
            Found::Stale(kept) => (kept, Source::Stale),
            Found::Missing(cause, _) => {
                span::record_cause(cause);
                return Ok(None);
            }
        };
        Ok(Some(answer(kept, source, read.slot, None)))
    }

    /// Removes the identifier of a group: no entry was written under the next one.
    pub(crate) async fn invalidate(&self, group: &Group) -> Result<(), Error> {
        let key = self.views.group(group);
        self.generations.forget(&key);
        self.backend.remove_many(std::slice::from_ref(&key)).await?;
        self.generations.forget(&key); // Read again meanwhile, before it was removed.
        Ok(())
    }

    fn hit(self: &Arc<Self>, call: &Call, key: CacheKey, kept: Kept, source: Source) -> Opened {
        self.count_hit(&kept, source);
        self.keep_alive(call, &kept);
        Opened::Kept { kept, source, key, semantic: None }
    }

    /// The answer to a question that means the same, where the call takes one and the store is well.
    async fn same_instead(
        self: &Arc<Self>,
        call: &Call,
        read: &Read,
    ) -> Option<(Kept, SemanticHit)> {
        if call.mode == Mode::Refresh || read.failed.is_some() {
            return None;
        }
        self.look_for_same(call, read).await
    }

    fn semantic_hit(self: &Arc<Self>, call: &Call, kept: Kept, hit: SemanticHit) -> Opened {
        self.count_hit(&kept, Source::Semantic);
        self.keep_alive(call, &kept);
        let key = call.key().clone();
        Opened::Kept { kept, source: Source::Semantic, key, semantic: Some(hit) }
    }

    /// Makes the identifiers that a new entry needs, before the provider is asked: an invalidation
    /// from now on also reaches what is asked for now. Says whether the store takes part.
    async fn prepare(&self, call: &Call, read: &mut Read) -> Result<bool, Error> {
        if call.mode == Mode::ReadOnly || read.failed.is_some() {
            return Ok(false);
        }
        let tags = call.tags.iter().map(|(_, key)| key.clone());
        let keys: Vec<_> = call.view.groups.iter().cloned().chain(tags).collect();
        let mut ids: Vec<_> = read.stamps.groups.iter().chain(&read.stamps.tags).copied().collect();
        match self.generations.ensure(&*self.backend, &keys, &mut ids).await {
            Ok(()) => {
                read.stamps.tags = ids.split_off(call.view.groups.len());
                read.stamps.groups = ids;
                Ok(true)
            }
            Err(error) if self.config.strict => Err(error.into()),
            Err(error) => {
                Self::store_failed("prepare a write", &error);
                Ok(false)
            }
        }
    }

    fn join(
        self: &Arc<Self>,
        call: &Arc<Call>,
        request: &ChatRequest,
        read: &Read,
        ticket: Ticket,
        store: bool,
        fallback: Option<Kept>,
    ) -> Opened {
        let key = read.slot.clone();
        match self.runs.join(self.run_key(call, read), ticket) {
            Joined::Follower(watcher) => {
                self.recorder.coalesced();
                Opened::Running { watcher, joined: true, key, fallback }
            }
            Joined::Leader(guard, watcher) => {
                let job = Job::new(self, call, request, guard, read.occupied, store);
                self.background.spawn(job.run());
                Opened::Running { watcher, joined: false, key, fallback }
            }
        }
    }

    fn run_key(&self, call: &Call, read: &Read) -> RunKey {
        RunKey {
            slot: read.slot.clone(),
            stamps: read.stamps.clone(),
            with_usage: call.needs_usage || self.config.record_usage,
        }
    }

    /// Asks anew for a stale entry, unless somebody is at it.
    fn refresh_behind(self: &Arc<Self>, call: &Arc<Call>, request: &ChatRequest, read: &Read) {
        if call.mode == Mode::ReadOnly {
            return;
        }
        // Its groups were all there, or it would not have been valid.
        if let Some(guard) = self.runs.start(self.run_key(call, read)) {
            let job = Job::new(self, call, request, guard, true, true).behind();
            self.background.spawn(job.run());
        }
    }
}
