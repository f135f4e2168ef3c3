//! Keeps what this process knows of an index in step with the server.
//!
//! Every search asks what has changed before it looks, so that it sees whatever was written before it
//! began. Searches that wait at the same time share a question: who came before it was sent needs no
//! other. A question goes on when those who wait for it are gone, so that an index that takes long to
//! load is loaded although nobody is that patient. Where a bound on staleness is allowed, nobody asks
//! while the server has told of no change.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use cache_core::vector::GraphInfo;
use cache_core::{CacheError, ErrorKind};
use tokio::sync::OwnedMutexGuard;
use vector_scan::{Guarded, Scan, off_runtime};

use super::figures::{Figures, LocalIndex};
use super::local::{Applied, Local};
use super::news::{Mark, Topic};
use super::page::{Page, Position};
use super::wire::{self, Wire};

/// One answer tells of no more: a few milliseconds of the server's time.
const MOST_ENTRIES: usize = 1_000;
const MOST_BYTES: usize = 1 << 20;

/// An index in this process.
#[derive(Debug)]
pub(super) struct Follower {
    wire: Arc<Wire>,
    max_bytes: u64,
    approximate_above: usize,
    local: Arc<Guarded<Local>>,
    /// Searches so far that have asked to be in step.
    arrivals: AtomicU64,
    last: Arc<tokio::sync::Mutex<Round>>,
    figures: Mutex<Figures>,
    /// What is told, where that is enough.
    topic: Option<Topic>,
    current: Mutex<Option<Mark>>,
}

/// The last question: it was sent after so many arrivals, and this came of it.
#[derive(Debug, Default)]
struct Round {
    arrivals: u64,
    failure: Option<(ErrorKind, String)>,
}

impl Follower {
    pub(super) fn new(
        wire: Arc<Wire>,
        max_bytes: u64,
        approximate_above: usize,
        topic: Option<Topic>,
    ) -> Self {
        let local = Arc::new(Guarded::new(Local::new(&wire.schema, approximate_above)));
        let (arrivals, last, figures) = (AtomicU64::new(0), Arc::default(), Mutex::default());
        let current = Mutex::default();
        Self { wire, max_bytes, approximate_above, local, arrivals, last, figures, topic, current }
    }

    /// Reads the index as it is now, or later; `read` is given the server's clock, and `passes` says
    /// how often it goes through all vectors.
    pub(super) async fn read<R, F>(
        self: &Arc<Self>,
        passes: usize,
        read: F,
    ) -> Result<R, CacheError>
    where
        R: Send + 'static,
        F: Fn(&Scan, u64) -> R + Clone + Send + 'static,
    {
        loop {
            self.catch_up().await?;
            let read = read.clone();
            let whole = move |local: &Local| local.whole().map(|(scan, now)| read(scan, now));
            let bytes = move |local: &Local| local.bytes_of_vectors() * passes;
            // Where it has just been found to be another index, it is being loaded.
            if let Some(result) = self.local.read(bytes, whole).await? {
                return Ok(result);
            }
        }
    }

    /// What this process has of the index.
    pub(super) fn figures(&self) -> LocalIndex {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).of(&self.wire.name)
    }

    /// What this process has of a graph of the index.
    pub(super) async fn graph_info(&self) -> Result<Option<GraphInfo>, CacheError> {
        self.local.read(|_| 0, Local::graph_info).await
    }

    /// This process has changed the index, or may have.
    pub(super) fn changed(&self) {
        self.topic.iter().for_each(Topic::changed);
    }

    /// Gives the memory back. The next search begins anew.
    pub(super) async fn forget(&self) -> Result<(), CacheError> {
        self.replace(Local::new(&self.wire.schema, self.approximate_above)).await
    }

    /// Asks what has changed, or waits for somebody's question that is sent after this was called.
    async fn catch_up(self: &Arc<Self>) -> Result<(), CacheError> {
        if self.is_current() {
            return Ok(());
        }
        let arrival = self.arrivals.fetch_add(1, Ordering::AcqRel) + 1;
        let last = Arc::clone(&self.last).lock_owned().await;
        if last.arrivals >= arrival {
            return last.result();
        }
        let follower = Arc::clone(self);
        let asking = tokio::spawn(async move { follower.ask_for_all(last).await });
        asking.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => {
                let message = "the runtime ended before the index was up to date";
                Err(CacheError::new(ErrorKind::Unavailable, message).with_source(error))
            }
        })
    }

    async fn ask_for_all(&self, mut round: OwnedMutexGuard<Round>) -> Result<(), CacheError> {
        let arrivals = self.arrivals.load(Ordering::Acquire);
        let mark = self.topic.as_ref().and_then(Topic::mark);
        let result = self.follow().await;
        *self.mark() = if result.is_ok() { mark } else { None };
        let failure = result.as_ref().err().map(|error| (error.kind(), error.to_string()));
        *round = Round { arrivals, failure };
        result
    }

    /// Whether there is nothing to ask for.
    fn is_current(&self) -> bool {
        let Some(topic) = &self.topic else { return false };
        self.mark().as_ref().is_some_and(|mark| topic.holds(mark))
    }

    fn mark(&self) -> MutexGuard<'_, Option<Mark>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks until everything is known.
    async fn follow(&self) -> Result<(), CacheError> {
        let mut doubted = false;
        loop {
            let from = self.local.read(|_| 0, |local| local.at().clone()).await?;
            let page = match self.changes(&from).await {
                Ok(Some(page)) => page,
                Ok(None) => return self.clear().await,
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    self.clear().await?;
                    return Err(error);
                }
                Err(error) => return Err(error),
            };
            match self.take(from, page).await? {
                Applied::All => return Ok(()),
                Applied::Some => {}
                Applied::Full => return Err(self.full()),
                Applied::Wrong if doubted => return Err(self.unsound()),
                Applied::Wrong => {
                    doubted = true;
                    self.forget().await?;
                }
            }
        }
    }

    /// What has changed since; nothing if there is no such index.
    async fn changes(&self, from: &Position) -> Result<Option<Page>, CacheError> {
        let mut call = self.wire.call();
        call.arg(from.generation.as_slice());
        call.arg(from.history.as_slice());
        let asked = Instant::now();
        for number in [from.number, from.now, MOST_ENTRIES as u64, MOST_BYTES as u64] {
            call.number(&number);
        }
        let answer = self.wire.one(&wire::CHANGES, call).await?;
        answer.map(|answer| Page::read(&self.wire.link, answer, asked)).transpose()
    }

    async fn take(&self, from: Position, page: Page) -> Result<Applied, CacheError> {
        let (entries, anew) = (page.entries, page.anew);
        let bytes = page.bytes(&self.wire.schema);
        let wire = Arc::clone(&self.wire);
        let changes = off_runtime(bytes, move || page.decode(&wire.schema)).await?;
        let now = changes.page.to.now;
        let (wire, max_bytes) = (Arc::clone(&self.wire), self.max_bytes);
        let apply = move |local: &mut Local| {
            (local.apply(&from, changes, &wire.schema, max_bytes), local.size())
        };
        let weight = move |local: &Local| bytes + local.bytes_to_go(anew, now);
        let (applied, size) = self.local.write(weight, apply).await?;
        self.note(|figures| figures.took(&self.wire.name, size, entries, anew, applied));
        Ok(applied)
    }

    /// There is no such index.
    async fn clear(&self) -> Result<(), CacheError> {
        self.replace(Local::empty(&self.wire.schema, self.approximate_above)).await
    }

    async fn replace(&self, mut by: Local) -> Result<(), CacheError> {
        *self.mark() = None;
        let is_whole = by.whole().is_some();
        let replace = move |local: &mut Local| std::mem::swap(local, &mut by);
        self.local.write(Local::bytes_of_vectors, replace).await?;
        self.note(|figures| figures.cleared(is_whole));
        Ok(())
    }

    fn note(&self, note: impl FnOnce(&mut Figures)) {
        note(&mut self.figures.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn full(&self) -> CacheError {
        let message = format!(
            "the index {} does not fit into the {} bytes that this process may take for it: raise \
             VectorOptions::with_max_local_bytes, or lower with_max_stored_bytes",
            self.wire.name, self.max_bytes
        );
        CacheError::new(ErrorKind::Full, message)
    }

    fn unsound(&self) -> CacheError {
        let message = format!(
            "the keys of the index {} do not fit each other: another program has written to them; \
             drop the index",
            self.wire.name
        );
        CacheError::new(ErrorKind::Corrupt, message)
    }
}

impl Round {
    fn result(&self) -> Result<(), CacheError> {
        match &self.failure {
            None => Ok(()),
            Some((kind, message)) => Err(CacheError::new(*kind, message.clone())),
        }
    }
}
