//! One call from its texts to its results.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cache_core::{Abandoned, CacheKey, Follower, Joined, ProviderError, Ticket};

use super::compute::{Expected, Fresh};
use super::job::{Job, Lead, blame};
use super::read::{Entry, Found, Read};
use super::{Call, Compute, Computed, Core, Outcome};
use crate::lookup::{Lookup, Source};
use crate::{Error, MissCause, Mode};

type Results = Vec<Result<Lookup, Error>>;
type Inline<'a> = Option<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>;

impl Core {
    /// Looks texts up and computes the missing ones in tasks of their own, which go on when the
    /// caller goes away.
    pub(crate) async fn detached(
        self: &Arc<Self>,
        call: &Call,
        texts: &[&str],
        compute: Compute<'static>,
    ) -> Results {
        let launch = |job: Job<'static>| -> Inline<'static> {
            self.background.spawn(job.run());
            None
        };
        self.run(call, texts, compute, launch).await
    }

    /// As [`detached`](Self::detached), for computations that borrow from their caller and so
    /// end with it.
    pub(crate) async fn inline<'a>(
        self: &Arc<Self>,
        call: &Call,
        texts: &[&str],
        compute: Compute<'a>,
    ) -> Results {
        self.run(call, texts, compute, |job: Job<'a>| Some(Box::pin(job.run()))).await
    }

    async fn run<'a>(
        self: &Arc<Self>,
        call: &Call,
        texts: &[&str],
        compute: Compute<'a>,
        launch: impl Fn(Job<'a>) -> Inline<'a>,
    ) -> Results {
        let normalized: Vec<_> = texts.iter().map(|text| self.normalized(text)).collect();
        let texts: Vec<&str> = normalized.iter().map(AsRef::as_ref).collect();
        let results = match &texts[..] {
            [text] if !text.is_empty() => self.run_one(call, text, compute, launch).await,
            texts => self.run_many(call, texts, compute, launch).await,
        };
        self.share_later();
        results
    }

    /// A hit of one text: no tables, no copies of the text.
    async fn run_one<'a>(
        self: &Arc<Self>,
        call: &Call,
        text: &str,
        compute: Compute<'a>,
        launch: impl Fn(Job<'a>) -> Inline<'a>,
    ) -> Results {
        let key = call.profile.key(text);
        let ticket = self.flights.ticket();
        let mut read = self.read(call, std::slice::from_ref(&key)).await;
        if let Some(Found::Fresh(_)) = read.found.first()
            && let Some(Found::Fresh(entry)) = read.found.pop()
        {
            return vec![Ok(entry.into_lookup(Source::Hit))];
        }
        let distinct = Distinct { keys: vec![key], first: vec![0], of: vec![Some(0)] };
        Box::pin(self.compute_missing(call, &[text], distinct, read, ticket, compute, launch)).await
    }

    async fn run_many<'a>(
        self: &Arc<Self>,
        call: &Call,
        texts: &[&str],
        compute: Compute<'a>,
        launch: impl Fn(Job<'a>) -> Inline<'a>,
    ) -> Results {
        let distinct = Distinct::new(call, texts);
        if distinct.keys.is_empty() {
            return (0..texts.len()).map(|index| Err(Error::EmptyText(index))).collect();
        }
        let ticket = self.flights.ticket();
        let read = self.read(call, &distinct.keys).await;
        Box::pin(self.compute_missing(call, texts, distinct, read, ticket, compute, launch)).await
    }

    /// Boxed where it is called: it is big, and a hit would carry it along.
    #[expect(clippy::too_many_arguments, reason = "the second half of one procedure")]
    async fn compute_missing<'a>(
        self: &Arc<Self>,
        call: &Call,
        texts: &[&str],
        distinct: Distinct,
        read: Read,
        ticket: Ticket,
        compute: Compute<'a>,
        launch: impl Fn(Job<'a>) -> Inline<'a>,
    ) -> Results {
        read.record_causes();
        if call.mode == Mode::Bypass {
            return self.around(call, texts, &distinct, compute).await;
        }
        if self.config.strict
            && let Some(error) = read.failed
        {
            let error = Error::from(error);
            return texts.iter().map(|_| Err(error.clone())).collect();
        }
        let store = read.failed.is_none() && call.mode != Mode::ReadOnly;
        let dimensions = call.dimensions.or_else(|| dimensions_of(&read.found));
        let mut plan = Plan::new(self, call, texts, &distinct, read.found, ticket);
        let mut compute = Some(compute);
        loop {
            let leads = std::mem::take(&mut plan.leads);
            let job = compute.take_if(|_| !leads.is_empty()).map(|mine| {
                let (now, later) = mine.split();
                compute = later;
                let (core, call) = (Arc::clone(self), call.clone());
                let expected = Expected::new(dimensions);
                Job { core, call, leads, compute: now, expected, store }
            });
            match job.and_then(&launch) {
                Some(inline) => {
                    tokio::join!(inline, plan.wait());
                }
                None => plan.wait().await,
            }
            if !plan.rejoin(texts, &distinct, compute.is_some()) {
                return plan.into_results(&distinct);
            }
        }
    }

    /// Computes every text, leaving store and flights out.
    async fn around(
        self: &Arc<Self>,
        call: &Call,
        texts: &[&str],
        distinct: &Distinct,
        compute: Compute<'_>,
    ) -> Results {
        let unique: Vec<&str> = distinct.first.iter().map(|&index| texts[index]).collect();
        let mut lookups = Vec::with_capacity(unique.len());
        for (part, vectors) in self.bypass(call, compute, &unique).await {
            let indices = &distinct.first[part];
            match vectors {
                Ok(vectors) => {
                    let lookup = |(vector, &index): (Result<Fresh, ProviderError>, &usize)| {
                        let fresh = vector.map_err(|error| error.with_input(index))?;
                        Ok(Lookup::unstored(fresh.embedding))
                    };
                    lookups.extend(vectors.into_iter().zip(indices).map(lookup));
                }
                Err(error) => {
                    let error = Error::from(blame(error, |input| indices.get(input).copied()));
                    lookups.extend(indices.iter().map(|_| Err(error.clone())));
                }
            }
        }
        distinct.spread(lookups)
    }
}

impl<'a> Compute<'a> {
    /// What to use now, and what is left for later.
    fn split(self) -> (Self, Option<Compute<'a>>) {
        match self {
            Self::Provider(provider) => {
                (Self::Provider(Arc::clone(&provider)), Some(Self::Provider(provider)))
            }
            Self::Once(once) => (Self::Once(once), None),
        }
    }
}

fn dimensions_of(found: &[Found]) -> Option<usize> {
    found.iter().find_map(|found| match found {
        Found::Fresh(entry) | Found::Stale(entry) => Some(entry.embedding.dimensions()),
        Found::Given(lookup) => Some(lookup.embedding.dimensions()),
        Found::Missing(..) => None,
    })
}

/// The distinct texts of a call. Empty ones have no place among them.
struct Distinct {
    keys: Vec<CacheKey>,
    /// Where each distinct text first stands in the call.
    first: Vec<usize>,
    /// For each text of the call, its place among the distinct ones.
    of: Vec<Option<usize>>,
}

impl Distinct {
    fn new(call: &Call, texts: &[&str]) -> Self {
        let mut places = HashMap::with_capacity(texts.len());
        let (mut keys, mut first) = (Vec::with_capacity(texts.len()), Vec::new());
        let mut place = |(index, text): (usize, &&str)| {
            if text.is_empty() {
                return None;
            }
            let key = call.profile.key(text);
            Some(match places.entry(key) {
                MapEntry::Occupied(known) => *known.get(),
                MapEntry::Vacant(vacant) => {
                    keys.push(vacant.key().clone());
                    first.push(index);
                    *vacant.insert(keys.len() - 1)
                }
            })
        };
        let of = texts.iter().enumerate().map(&mut place).collect();
        Self { keys, first, of }
    }

    /// From one result per distinct text to one per text.
    fn spread(&self, results: Results) -> Results {
        if self.of.len() == results.len() && self.keys.len() == results.len() {
            return results; // No duplicates, nothing empty: the order is the same.
        }
        let result = |(index, place): (usize, &Option<usize>)| match place {
            Some(place) => results[*place].clone(),
            None => Err(Error::EmptyText(index)),
        };
        self.of.iter().enumerate().map(result).collect()
    }
}

/// The state of each distinct text of a call.
enum Slot {
    Settled(Result<Lookup, Error>),
    Waiting { follower: Follower<Outcome>, own: bool, missed: Missed },
    Abandoned(Missed),
}

/// What a call knows of a text that it missed.
#[derive(Default)]
struct Missed {
    /// The store has a value under the key, one that will not do.
    occupied: bool,
    /// What to serve when computing fails.
    stand_in: Option<Entry>,
}

struct Plan<'c> {
    core: &'c Arc<Core>,
    /// Of before the read: whoever leads a flight that began later must look again.
    ticket: Ticket,
    slots: Vec<Slot>,
    /// What this call must compute next.
    leads: Vec<Lead>,
}

impl<'c> Plan<'c> {
    fn new(
        core: &'c Arc<Core>,
        call: &Call,
        texts: &[&str],
        distinct: &Distinct,
        found: Vec<Found>,
        ticket: Ticket,
    ) -> Self {
        let slots = Vec::with_capacity(found.len());
        let mut plan = Self { core, ticket, slots, leads: Vec::new() };
        for ((found, key), &index) in found.into_iter().zip(&distinct.keys).zip(&distinct.first) {
            let slot = match found {
                Found::Fresh(entry) => Slot::Settled(Ok(entry.into_lookup(Source::Hit))),
                Found::Given(lookup) => Slot::Settled(Ok(lookup)),
                Found::Stale(entry) => {
                    // Served as it is. The first to see it refreshes it; nobody waits for that.
                    if call.mode != Mode::ReadOnly {
                        drop(plan.join(key, texts[index], index, true));
                    }
                    Slot::Settled(Ok(entry.into_lookup(Source::Stale)))
                }
                Found::Missing(cause, stand_in) => {
                    let occupied = !matches!(cause, MissCause::Absent | MissCause::StoreError);
                    let (follower, own) = plan.join(key, texts[index], index, occupied);
                    Slot::Waiting { follower, own, missed: Missed { occupied, stand_in } }
                }
            };
            plan.slots.push(slot);
        }
        plan
    }

    /// Joins the key's flight; as its leader, this call has one more text to compute.
    fn join(
        &mut self,
        key: &CacheKey,
        text: &str,
        index: usize,
        occupied: bool,
    ) -> (Follower<Outcome>, bool) {
        match self.core.flights.join(key, self.ticket) {
            Joined::Follower(follower) => (follower, false),
            Joined::Leader(guard) => {
                let follower = guard.follower();
                let text = text.to_owned();
                self.leads.push(Lead { guard, text, index, occupied, leased: false });
                (follower, true)
            }
        }
    }

    /// Waits for all flights. Those that were abandoned by others are marked so.
    async fn wait(&mut self) {
        for slot in &mut self.slots {
            if let Slot::Waiting { follower, own, missed } = slot {
                let (outcome, own) = (follower.await, *own);
                let missed = std::mem::take(missed);
                *slot = match outcome {
                    Ok(outcome) => Slot::Settled(settle(self.core, outcome, own, missed)),
                    Err(Abandoned { .. }) if own => {
                        Slot::Settled(settle(self.core, Err(Error::Aborted), own, missed))
                    }
                    Err(Abandoned { .. }) => Slot::Abandoned(missed),
                };
            }
        }
    }

    /// Joins the flights of abandoned texts once more. Says whether there is anything to wait for.
    fn rejoin(&mut self, texts: &[&str], distinct: &Distinct, can_compute: bool) -> bool {
        let mut waiting = false;
        for place in 0..self.slots.len() {
            let Slot::Abandoned(missed) = &mut self.slots[place] else { continue };
            let missed = std::mem::take(missed);
            let index = distinct.first[place];
            let key = &distinct.keys[place];
            let (follower, own) = self.join(key, texts[index], index, missed.occupied);
            self.slots[place] = if own && !can_compute {
                self.leads.pop();
                Slot::Settled(settle(self.core, Err(Error::Abandoned), own, missed))
            } else {
                waiting = true;
                Slot::Waiting { follower, own, missed }
            };
        }
        waiting
    }

    fn into_results(self, distinct: &Distinct) -> Results {
        let settled = self.slots.into_iter().map(|slot| match slot {
            Slot::Settled(result) => result,
            Slot::Waiting { .. } | Slot::Abandoned(_) => Err(Error::Abandoned),
        });
        distinct.spread(settled.collect())
    }
}

/// What a flight's outcome is to one of its callers.
fn settle(core: &Core, outcome: Outcome, own: bool, missed: Missed) -> Result<Lookup, Error> {
    match (outcome, missed.stand_in) {
        (Ok(computed), _) => {
            let coalesced = !own || computed.elsewhere;
            if coalesced {
                core.recorder.coalesced();
            }
            Ok(lookup(computed, if coalesced { Source::Coalesced } else { Source::Computed }))
        }
        (Err(error), Some(entry)) => {
            tracing::warn!(%error, "computing failed; a stale vector was served");
            Ok(entry.into_lookup(Source::Stale))
        }
        (Err(error), None) => Err(error),
    }
}

fn lookup(computed: Computed, source: Source) -> Lookup {
    Lookup {
        embedding: computed.embedding,
        source,
        codec: computed.codec,
        stored_bytes: computed.stored_bytes,
        created_at_ms: computed.created_at_ms,
    }
}
