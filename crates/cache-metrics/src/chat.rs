//! The wrapper of a chat model.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    ChatChunk, ChatProvider, ChatRequest, ChatResponse, ChatStream, ModelIdentity, ProviderError,
    TokenUsage,
};
use futures_core::Stream;
use tracing::Instrument;

use crate::provider_meter::{COMPLETE, ProviderMeter, STREAM};
use crate::watch::{OK, Watch};

/// A chat model whose calls are counted and measured: any other one, wrapped.
///
/// Labels and outcomes are those of [`MeteredProvider`](crate::MeteredProvider). A stream's time ends
/// with its last chunk, or where the caller stops reading (`dropped`); its tokens are counted where a
/// chunk says them. An answer has begun with the first chunk that has a choice: what Azure OpenAI
/// says before of its content filter is no part of it.
#[derive(Debug, Clone)]
pub struct MeteredChat {
    inner: Arc<dyn ChatProvider>,
    meter: ProviderMeter,
}

impl MeteredChat {
    /// Measures what this chat model does.
    #[must_use]
    pub fn new(inner: Arc<dyn ChatProvider>) -> Self {
        let meter = ProviderMeter::new(inner.identity());
        Self { inner, meter }
    }

    fn watch(&self, operation: &'static str) -> Watch<Tell> {
        self.meter.inputs(operation, 1);
        let meter = self.meter.clone();
        let tell = move |outcome: &'static str, time| meter.took(operation, outcome, time);
        Watch::new(self.meter.span(operation, 1), Box::new(tell))
    }
}

type Tell = Box<dyn FnMut(&'static str, Duration) + Send>;

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ChatProvider for MeteredChat {
    fn identity(&self) -> ModelIdentity {
        self.inner.identity()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        let mut watch = self.watch(COMPLETE);
        let result = self.inner.complete(request).instrument(watch.span().clone()).await;
        match &result {
            Ok(response) => {
                self.meter.usage(response.usage().unwrap_or_default());
                watch.end(OK);
            }
            Err(error) => {
                self.meter.failed(COMPLETE, error.kind());
                watch.end(error.kind().as_str());
            }
        }
        result
    }

    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        let mut watch = self.watch(STREAM);
        match self.inner.stream(request).instrument(watch.span().clone()).await {
            Ok(inner) => {
                let meter = self.meter.clone();
                Ok(Box::pin(MeteredStream { inner, meter, watch, begun: false, usage: None }))
            }
            Err(error) => {
                self.meter.failed(STREAM, error.kind());
                watch.end(error.kind().as_str());
                Err(error)
            }
        }
    }
}

/// An answer on its way.
struct MeteredStream {
    inner: ChatStream,
    meter: ProviderMeter,
    watch: Watch<Tell>,
    begun: bool,
    /// What the answer cost. Some services say it in every chunk so far: the last one counts.
    usage: Option<TokenUsage>,
}

impl MeteredStream {
    fn take(&mut self, next: Option<&Result<ChatChunk, ProviderError>>) {
        match next {
            Some(Ok(chunk)) => {
                if !self.begun && !chunk.choices().is_empty() {
                    self.begun = true;
                    self.meter.began(self.watch.elapsed());
                }
                self.usage = chunk.usage().or(self.usage);
            }
            Some(Err(error)) => {
                self.meter.failed(STREAM, error.kind());
                self.watch.end(error.kind().as_str());
                self.bill();
            }
            None => {
                self.watch.end(OK);
                self.bill();
            }
        }
    }

    /// Counts what it cost, once.
    fn bill(&mut self) {
        self.meter.usage(self.usage.take().unwrap_or_default());
    }
}

impl Stream for MeteredStream {
    type Item = Result<ChatChunk, ProviderError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = {
            let span = self.watch.span().clone();
            let _inside = span.enter();
            self.inner.as_mut().poll_next(context)
        };
        if let Poll::Ready(next) = &polled {
            self.take(next.as_ref());
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl Drop for MeteredStream {
    fn drop(&mut self) {
        self.bill();
    }
}
