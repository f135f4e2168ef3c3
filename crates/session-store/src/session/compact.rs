//! Putting a summary in the place of the oldest messages.

use cache_core::{
    BoxError, CacheError, Compaction, ErrorKind, LogHead, LogRead, LogRefusal, NewRecord,
};

use super::Session;
use crate::span::{Told, traced};
use crate::{Error, Message, NewMessage};

/// Those who append meanwhile do not touch the oldest part.
pub(super) const ATTEMPTS: usize = 1_000;

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// Messages that the summary stands for; 0 when there was nothing to be done, and no summary
    /// was asked for.
    pub replaced: u64,
    /// Messages that the session has now.
    pub len: u64,
    /// Their tokens.
    pub tokens: u64,
}

impl Session {
    /// Puts a summary in the place of all but the last messages, which together have at most
    /// `keep_last_tokens`. Pinned messages stay, and count in neither part.
    ///
    /// `summarize` gets the messages that go, the summary of the compaction before this one among
    /// them, and gives the message that stands for them: of the role `system` or `assistant`,
    /// usually. It is called once or, when there is nothing to summarize, not at all. The summary
    /// is pinned, so that every window has it, until the next compaction takes it in.
    ///
    /// The exchange is atomic. Messages that come while the summary is being made are not lost:
    /// they stand after it. A tool call and its results go together or stay together.
    ///
    /// # Errors
    /// [`Error::Summary`] when `summarize` fails; of the kind
    /// [`Conflict`](cache_core::ErrorKind::Conflict) when one of the messages that go was changed
    /// meanwhile. The messages are as they were then.
    pub async fn compact<F, E>(
        &self,
        keep_last_tokens: u64,
        summarize: impl FnOnce(Vec<Message>) -> F,
    ) -> Result<Compacted, Error>
    where
        F: Future<Output = Result<NewMessage, E>>,
        E: Into<BoxError>,
    {
        let call = self.summarize_oldest(keep_last_tokens, summarize);
        traced("compact", call, |done| Told::counted(done.replaced)).await
    }

    async fn summarize_oldest<F, E>(
        &self,
        keep_last_tokens: u64,
        summarize: impl FnOnce(Vec<Message>) -> F,
    ) -> Result<Compacted, Error>
    where
        F: Future<Output = Result<NewMessage, E>>,
        E: Into<BoxError>,
    {
        let Some((head, until)) = self.boundary_by_tokens(keep_last_tokens).await? else {
            return Ok(Compacted { replaced: 0, len: 0, tokens: 0 });
        };
        let oldest = self.oldest(until).await?;
        // A summary alone is not summarized again.
        if oldest.iter().all(|message| message.summary) {
            return Ok(Compacted { replaced: 0, len: head.len, tokens: head.weight });
        }
        let summary = summarize(oldest.clone()).await.map_err(|e| Error::Summary(e.into()))?;
        let summary = NewMessage { pinned: Some(true), summary: true, ..summary };
        let summary = self.store.record(&self.log, summary)?;
        summary.check().map_err(CacheError::from)?;
        self.unpin(&oldest).await?;
        let done = self.exchange(&oldest, until, &summary).await;
        if done.is_err() {
            self.pin_again(&oldest).await?;
        }
        done
    }

    /// Puts the summary in, as soon as nobody else changes the session at that very moment.
    async fn exchange(
        &self,
        oldest: &[Message],
        until: u64,
        summary: &NewRecord,
    ) -> Result<Compacted, Error> {
        for _ in 0..ATTEMPTS {
            let expected_version = self.unchanged_version(oldest, until).await?;
            let replacement = vec![summary.clone()];
            let compaction = Compaction { until, replacement, expected_version };
            match self.store.backend().compact(&self.log, &compaction).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error.into()),
                Ok(None) => break,
                Ok(Some(LogHead { len, weight: tokens, .. })) => {
                    return Ok(Compacted { replaced: oldest.len() as u64, len, tokens });
                }
            }
        }
        Err(CacheError::from(LogRefusal::Version).into())
    }

    /// [`boundary`](Self::boundary) of what stays by tokens, those of pinned messages not counted.
    pub(super) async fn boundary_by_tokens(
        &self,
        keep_last_tokens: u64,
    ) -> Result<Option<(LogHead, u64)>, Error> {
        let Some((_, pinned)) = self.page(window(0, 0)).await? else { return Ok(None) };
        let pinned: u64 = pinned.iter().map(|message| u64::from(message.tokens)).sum();
        self.boundary(window(pinned.saturating_add(keep_last_tokens), usize::MAX)).await
    }

    /// The head, and the number of the last message that goes when a window stays; `None` when there
    /// is no session.
    pub(super) async fn boundary(&self, kept: LogRead) -> Result<Option<(LogHead, u64)>, Error> {
        let Some((head, messages)) = self.page(kept).await? else { return Ok(None) };
        // Results at the beginning belong to a call that goes.
        let is_kept = |m: &&Message| !m.pinned && m.chat.tool_call_id().is_none();
        let first = messages.iter().find(is_kept).map(|message| message.seq);
        let until = first.map_or(head.last_seq, |first| first - 1);
        Ok(Some((head, until)))
    }

    /// The messages that go: those that are not pinned, and the summaries of before.
    async fn oldest(&self, until: u64) -> Result<Vec<Message>, Error> {
        let (mut oldest, mut from) = (Vec::new(), 0);
        while let Some((page, next)) = self.page_from(from, until).await? {
            oldest.extend(page.into_iter().filter(|message| !message.pinned || message.summary));
            from = next;
        }
        Ok(oldest)
    }

    /// Summaries of before are released, so that the store lets them go.
    async fn unpin(&self, oldest: &[Message]) -> Result<(), Error> {
        for message in oldest.iter().filter(|message| message.pinned) {
            let released = message.clone().into_new().pinned(false);
            let record = self.store.record(&self.log, released)?;
            self.store.backend().replace(&self.log, &record).await?;
        }
        Ok(())
    }

    /// Summaries that were not replaced after all stay in every window.
    async fn pin_again(&self, oldest: &[Message]) -> Result<(), Error> {
        for Message { id, .. } in oldest.iter().filter(|message| message.pinned) {
            if let Some(message) = self.find(id).await? {
                let record = self.store.record(&self.log, message.into_new().pinned(true))?;
                self.store.backend().replace(&self.log, &record).await?;
            }
        }
        Ok(())
    }

    /// The session's version, when the messages that go are still what was summarized.
    async fn unchanged_version(&self, oldest: &[Message], until: u64) -> Result<u64, Error> {
        let Some((before, _)) = self.page(LogRead::Last(0)).await? else {
            return Err(CacheError::from(LogRefusal::Version).into());
        };
        let same = |a: &Message, b: &Message| {
            (a.seq, &a.id, &a.chat, &a.metadata) == (b.seq, &b.id, &b.chat, &b.metadata)
        };
        let now = self.oldest(until).await?;
        let unchanged =
            now.len() == oldest.len() && now.iter().zip(oldest).all(|(a, b)| same(a, b));
        // What changes after the version was read makes the store refuse.
        if unchanged {
            Ok(before.version)
        } else {
            Err(CacheError::from(LogRefusal::Version).into())
        }
    }
}

pub(super) fn window(max_weight: u64, max_records: usize) -> LogRead {
    LogRead::Window { max_weight, max_records }
}
