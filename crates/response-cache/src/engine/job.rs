//! Asking the provider, recording what it says, storing it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{ChatRequest, ChatStream, ErrorDetail, ProviderError, TokenUsage};
use futures_util::{FutureExt, StreamExt};

use super::lease::Turn;
use super::run::Ended;
use super::runs::RunGuard;
use super::{Call, Core, Want};
use crate::answer::now_ms;
use crate::stored::{Form, Kept, Meta, Timed};
use crate::{Error, OnAbandon, usage};

/// One call of the provider. It owns all it needs, so that it can outlive its caller.
pub(super) struct Job {
    pub(super) core: Arc<Core>,
    pub(super) call: Arc<Call>,
    pub(super) guard: RunGuard,
    request: ChatRequest,
    /// The store has a value under the key, one that will not do.
    pub(super) occupied: bool,
    /// Whether the store takes part.
    pub(super) store: bool,
    /// Nobody waits: it refreshes a stale entry.
    pub(super) behind: bool,
    /// The lease is held.
    pub(super) leased: bool,
}

impl Job {
    pub(super) fn new(
        core: &Arc<Core>,
        call: &Arc<Call>,
        request: &ChatRequest,
        guard: RunGuard,
        occupied: bool,
        store: bool,
    ) -> Self {
        Self {
            core: Arc::clone(core),
            call: Arc::clone(call),
            guard,
            request: request.clone(),
            occupied,
            store,
            behind: false,
            leased: false,
        }
    }

    /// Nobody waits for it, and it leaves the field to others.
    pub(super) fn behind(mut self) -> Self {
        self.behind = true;
        self
    }

    pub(super) async fn run(mut self) {
        match self.turn().await {
            Turn::Ask => {}
            Turn::Found(kept) => return self.guard.end(Ok(Ended { kept, elsewhere: true })),
            Turn::Leave => return,
        }
        let asked = tokio::select! {
            biased;
            asked = self.while_renewing(self.ask_safely()) => asked,
            () = self.given_up() => {
                self.core.recorder.abandoned();
                return self.release().await;
            }
        };
        match asked {
            Ok(kept) => self.store_and_end(kept).await,
            Err(error) => {
                self.release().await;
                self.guard.end(Err(error));
            }
        }
    }

    /// Waits until nobody waits for the answer any more, where that matters.
    async fn given_up(&self) {
        match self.core.config.on_abandon {
            OnAbandon::Drop if !self.behind => self.guard.run().abandoned().await,
            _ => std::future::pending().await,
        }
    }

    /// A provider that panics leaves no lease behind.
    async fn ask_safely(&self) -> Result<Kept, Error> {
        AssertUnwindSafe(self.ask()).catch_unwind().await.unwrap_or(Err(Error::Aborted))
    }

    async fn ask(&self) -> Result<Kept, Error> {
        let start = Instant::now();
        let answer = match self.call.want {
            Want::Whole => self.ask_whole().await,
            Want::Stream => self.ask_stream(start).await,
        };
        let core = &self.core;
        let (model, usage) = match &answer {
            Ok((form, usage)) => (form.model().map(str::to_owned), *usage),
            Err(_) => (None, None),
        };
        let price = usage.and_then(|_| core.price(model.as_deref()));
        let time = start.elapsed();
        core.recorder.provider_call(time, usage, price, answer.is_err());
        core.share_later();
        let form = answer?.0;
        if matches!(form, Form::Whole(_)) {
            core.check_model(model.as_deref(), self.store)?;
        }
        let meta = self.new_meta(time, model, usage);
        Ok(Kept::new(form, meta, self.guard.key().with_usage))
    }

    async fn ask_whole(&self) -> Result<(Form, Option<TokenUsage>), Error> {
        let answer = self.core.provider.complete(&self.request).await?;
        let usage = answer.usage();
        Ok((Form::Whole(answer), usage))
    }

    async fn ask_stream(&self, start: Instant) -> Result<(Form, Option<TokenUsage>), Error> {
        let provider = &self.core.provider;
        let stream = if self.core.config.record_usage {
            provider.stream(&usage::asking(&self.request)).await?
        } else {
            provider.stream(&self.request).await?
        };
        self.guard.run().begin();
        self.record(stream, start).await
    }

    /// Shows every chunk as it comes.
    async fn record(
        &self,
        mut stream: ChatStream,
        start: Instant,
    ) -> Result<(Form, Option<TokenUsage>), Error> {
        let (run, mut last, mut usage, mut named) = (self.guard.run(), start, None, false);
        while let Some(chunk) = stream.next().await {
            let (chunk, now) = (chunk?, Instant::now());
            if !named {
                named = chunk.model().is_some();
                let checked = self.core.check_model(chunk.model(), self.store);
                checked.map_err(|error| interrupted(error, &run.chunks()))?;
            }
            usage = chunk.usage().or(usage);
            run.push(Timed { chunk, gap: now - last });
            last = now;
        }
        Ok((Form::Chunks(run.chunks()), usage))
    }

    fn new_meta(
        &self,
        compute_time: Duration,
        model: Option<String>,
        usage: Option<TokenUsage>,
    ) -> Meta {
        let stamps = &self.guard.key().stamps;
        let known = |ids: &[Option<u128>]| ids.iter().copied().flatten().collect::<Vec<_>>();
        let tags = self.call.tags.iter().map(|(tag, _)| tag.clone());
        Meta {
            created_at_ms: now_ms(),
            compute_time,
            fresh_for: self.lives().0,
            model,
            usage,
            generations: known(&stamps.groups),
            tags: tags.zip(known(&stamps.tags)).collect(),
            question: self.call.asked.as_ref().map(|asked| asked.question.clone()),
        }
    }
}

/// The error that a stream ends in after these chunks.
fn interrupted(error: ProviderError, chunks: &[Timed]) -> ProviderError {
    if chunks.is_empty() {
        return error;
    }
    let text = chunks.iter().filter_map(|timed| timed.chunk.content());
    let characters = text.map(|text| text.chars().count() as u64).sum();
    error.with_detail(ErrorDetail::Interrupted { chunks: chunks.len() as u64, characters })
}
