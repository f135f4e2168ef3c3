//! Whole answers.

use std::sync::Arc;

use cache_core::{CacheKey, ChatRequest};

use super::open::Opened;
use super::run::Ended;
use super::{Call, Core};
use crate::semantic::SemanticHit;
use crate::stored::Kept;
use crate::{Answer, Error, Source};

impl Core {
    pub(crate) async fn complete(
        self: &Arc<Self>,
        call: Call,
        request: &ChatRequest,
    ) -> Result<Answer, Error> {
        if let Some(cause) = call.passes_by() {
            return Box::pin(self.complete_directly(&call, request, cause)).await;
        }
        let call = Arc::new(call);
        let mut retry = self.config.retry_joined;
        loop {
            let (watcher, joined, key, fallback) = match self.open(&call, request).await? {
                Opened::Kept { kept, source, key, semantic } => {
                    return Ok(answer(kept, source, key, semantic));
                }
                Opened::Running { watcher, joined, key, fallback } => {
                    (watcher, joined, key, fallback)
                }
            };
            match (watcher.ended().await, fallback) {
                (Ok(ended), _) => {
                    let source = self.source_of(&ended, joined);
                    return Ok(answer(ended.kept, source, key, None));
                }
                (Err(_), _) if joined && retry => retry = false,
                (Err(error), Some(kept)) => return Ok(self.stand_in(&error, kept, key)),
                (Err(error), None) => return Err(error),
            }
        }
    }

    /// Where the result of a run came from, to one who watched it.
    pub(super) fn source_of(&self, ended: &Ended, joined: bool) -> Source {
        if ended.elsewhere && !joined {
            self.recorder.coalesced(); // Those who joined here are counted.
        }
        if ended.elsewhere || joined { Source::Coalesced } else { Source::Computed }
    }

    fn stand_in(self: &Arc<Self>, error: &Error, kept: Kept, key: CacheKey) -> Answer {
        self.count_stand_in(error, &kept);
        answer(kept, Source::Stale, key, None)
    }

    /// A stale answer is given in place of an error.
    pub(super) fn count_stand_in(self: &Arc<Self>, error: &Error, kept: &Kept) {
        tracing::warn!(%error, "the provider failed; an answer past its TTL is given");
        self.count_hit(kept, Source::Stale);
        self.share_later();
    }
}

pub(super) fn answer(
    kept: Kept,
    source: Source,
    key: CacheKey,
    semantic: Option<SemanticHit>,
) -> Answer {
    let created_at_ms = kept.0.meta.created_at_ms;
    Answer { response: kept.into_whole(), source, key, semantic, created_at_ms }
}
