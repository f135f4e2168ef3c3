//! Answers in chunks: live ones and replayed ones.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{ChatChunk, ChatRequest, ChatStream, ProviderError};
use futures_util::{StreamExt, stream};

use super::open::Opened;
use super::run::{Ended, Seen, Watcher};
use super::{Call, Core};
use crate::answer::age_of;
use crate::stored::{Kept, Timed};
use crate::{AnswerStream, Error, Pace, Source, usage};

impl Core {
    pub(crate) async fn stream(
        self: &Arc<Self>,
        call: Call,
        request: &ChatRequest,
    ) -> Result<AnswerStream, Error> {
        if let Some(cause) = call.passes_by() {
            return Box::pin(self.stream_directly(&call, request, cause)).await;
        }
        let call = Arc::new(call);
        let (pace, usage) = (call.pace, call.needs_usage);
        let mut retry = self.config.retry_joined;
        loop {
            let (watcher, joined, key, fallback) = match self.open(&call, request).await? {
                Opened::Kept { kept, source, key, semantic } => {
                    let (chunks, age) =
                        (replay(&kept, usage, pace), age_of(kept.0.meta.created_at_ms));
                    return Ok(AnswerStream { chunks, source, key, semantic, age });
                }
                Opened::Running { watcher, joined, key, fallback } => {
                    (watcher, joined, key, fallback)
                }
            };
            let source = match (watcher.begun().await, fallback) {
                (Some(Ok(ended)), _) => self.source_of(&ended, joined),
                (None, _) if joined => Source::Coalesced,
                (None, _) => Source::Computed,
                (Some(Err(_)), _) if joined && retry => {
                    retry = false;
                    continue;
                }
                (Some(Err(error)), Some(kept)) => {
                    self.count_stand_in(&error, &kept);
                    let (chunks, age) =
                        (replay(&kept, usage, pace), age_of(kept.0.meta.created_at_ms));
                    let source = Source::Stale;
                    return Ok(AnswerStream { chunks, source, key, semantic: None, age });
                }
                (Some(Err(error)), None) => return Err(error),
            };
            let chunks = live(watcher, usage);
            return Ok(AnswerStream { chunks, source, key, semantic: None, age: Duration::ZERO });
        }
    }
}

/// A run's chunks as they come, from its beginning. One that gave no chunks is replayed at its end.
fn live(watcher: Watcher, include_usage: bool) -> ChatStream {
    let state = Live { watcher: Some(watcher), rest: vec![].into_iter(), include_usage };
    Box::pin(stream::unfold(state, Live::next).fuse())
}

struct Live {
    /// Until the run's end.
    watcher: Option<Watcher>,
    rest: std::vec::IntoIter<Timed>,
    include_usage: bool,
}

impl Live {
    async fn next(mut self) -> Option<(Result<ChatChunk, ProviderError>, Self)> {
        while let Some(watcher) = &mut self.watcher {
            let first = !watcher.has_begun();
            match watcher.next().await {
                Seen::Chunk(timed) => {
                    let shown = if self.include_usage {
                        Some(timed.chunk)
                    } else {
                        usage::without(timed.chunk)
                    };
                    if let Some(chunk) = shown {
                        return Some((Ok(chunk), self));
                    }
                }
                Seen::End(end) => {
                    self.watcher = None;
                    match end {
                        Ok(Ended { kept, .. }) if first => {
                            self.rest = kept.0.form.chunks(self.include_usage).into_iter();
                        }
                        Ok(_) => {}
                        Err(error) => return Some((Err(error.into()), self)),
                    }
                }
            }
        }
        let timed = self.rest.next()?;
        Some((Ok(timed.chunk), self))
    }
}

/// A kept answer's chunks, at this pace.
fn replay(kept: &Kept, include_usage: bool, pace: Pace) -> ChatStream {
    let chunks = kept.0.form.chunks(include_usage).into_iter();
    let replayed = stream::unfold(chunks, move |mut chunks| async move {
        let timed = chunks.next()?;
        let pause = pace.pause(timed.gap);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Some((Ok(timed.chunk), chunks))
    });
    Box::pin(replayed.fuse()) // Whoever asks again after the end is told so again.
}
