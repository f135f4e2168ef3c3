//! Calls that leave the cache out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{ChatChunk, ChatRequest, ChatStream, ProviderError, TokenUsage};
use futures_util::StreamExt;

use super::{Call, Core};
use crate::answer::now_ms;
use crate::{Answer, AnswerStream, Error, MissCause, Source};

impl Core {
    pub(super) async fn complete_directly(
        self: &Arc<Self>,
        call: &Call,
        request: &ChatRequest,
        cause: MissCause,
    ) -> Result<Answer, Error> {
        self.missed(cause);
        let start = Instant::now();
        let answer = self.provider.complete(request).await;
        let usage = answer.as_ref().ok().and_then(cache_core::ChatResponse::usage);
        let price = answer.as_ref().ok().and_then(|answer| self.price(answer.model()));
        self.recorder.provider_call(start.elapsed(), usage, price, answer.is_err());
        self.share_later();
        Ok(Answer {
            response: answer?,
            source: Source::Computed,
            key: call.key().clone(),
            semantic: None,
            created_at_ms: now_ms(),
        })
    }

    /// The provider's own stream, counted as it goes by.
    pub(super) async fn stream_directly(
        self: &Arc<Self>,
        call: &Call,
        request: &ChatRequest,
        cause: MissCause,
    ) -> Result<AnswerStream, Error> {
        self.missed(cause);
        let core = Arc::clone(self);
        let mut meter =
            Meter { core, start: Instant::now(), usage: None, model: None, failed: true };
        let stream = self.provider.stream(request).await?;
        meter.failed = false;
        let chunks: ChatStream = Box::pin(stream.inspect(move |item| meter.see(item)));
        let key = call.key().clone();
        Ok(AnswerStream {
            chunks,
            source: Source::Computed,
            key,
            semantic: None,
            age: Duration::ZERO,
        })
    }
}

/// Counts a stream when it is dropped.
struct Meter {
    core: Arc<Core>,
    start: Instant,
    usage: Option<TokenUsage>,
    model: Option<String>,
    failed: bool,
}

impl Meter {
    fn see(&mut self, item: &Result<ChatChunk, ProviderError>) {
        match item {
            Ok(chunk) => {
                if let Some(usage) = chunk.usage() {
                    self.usage = Some(usage);
                    self.model = chunk.model().map(str::to_owned);
                }
            }
            Err(_) => self.failed = true,
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let price = self.core.price(self.model.as_deref());
        self.core.recorder.provider_call(self.start.elapsed(), self.usage, price, self.failed);
        if tokio::runtime::Handle::try_current().is_ok() {
            self.core.share_later();
        }
    }
}
