//! One call, one `tracing` span: what the spans of all services have in common. Programs see them
//! through their subscriber.
//!
//! A service makes the span, of the level DEBUG, with the fields `operation`, `outcome` and what it
//! counts. No field ever holds a text, a key, an id or a scope.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tracing::Span;
use tracing::instrument::{Instrument, Instrumented};

use crate::CacheError;

/// The outcome of a call that did what it was to do.
pub const OK: &str = "ok";
/// What the call was about is not there.
pub const MISS: &str = "miss";
/// What the call was about came out in several ways.
pub const MIXED: &str = "mixed";
/// The caller went away before there was an outcome, often since it would wait no longer.
pub const DROPPED: &str = "dropped";

/// The span of a call, which gets its outcome once, whichever way the call ends: [`DROPPED`] when it
/// is told none. It costs next to nothing where nobody listens.
#[derive(Debug)]
pub struct CallSpan {
    span: Span,
    told: bool,
}

impl CallSpan {
    /// A call begins. The span has a field `outcome`.
    #[must_use]
    pub fn new(span: Span) -> Self {
        Self { span, told: false }
    }

    /// The span itself, for more fields.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Carries out a part of the call that waits for nothing.
    pub fn in_scope<T>(&self, part: impl FnOnce() -> T) -> T {
        self.span.in_scope(part)
    }

    /// The call is over. Of several outcomes the first counts.
    pub fn end(&mut self, outcome: &'static str) {
        if !std::mem::replace(&mut self.told, true) {
            self.span.record("outcome", outcome);
        }
    }

    /// Carries the call out, and ends it with the outcome that its result has.
    pub fn follow<F, O>(self, call: F, outcome: O) -> Followed<F, O>
    where
        F: Future,
        O: FnOnce(&F::Output) -> &'static str,
    {
        let call = call.instrument(self.span.clone());
        Followed { call, outcome: Some(outcome), span: self }
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        self.end(DROPPED);
    }
}

pin_project! {
    /// A call under way in its span. Whenever it is not polled, the span is not the current one.
    #[must_use = "futures do nothing unless polled"]
    pub struct Followed<F, O> {
        // Before the span: what the call does when it is dropped is within it.
        #[pin]
        call: Instrumented<F>,
        outcome: Option<O>,
        span: CallSpan,
    }
}

impl<F, O> Future for Followed<F, O>
where
    F: Future,
    O: FnOnce(&F::Output) -> &'static str,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let result = ready!(this.call.poll(context));
        if let Some(outcome) = this.outcome.take().filter(|_| !this.span.span.is_disabled()) {
            this.span.end(outcome(&result));
        }
        Poll::Ready(result)
    }
}

impl<F, O> fmt::Debug for Followed<F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed").field("span", &self.span).finish_non_exhaustive()
    }
}

/// Tells the call under way why it missed, in the field `cause` of its span: the current one, if it
/// has this name. Others' spans are left alone.
pub fn record_cause(span: &'static str, cause: &'static str) {
    let current = Span::current();
    if current.metadata().is_some_and(|metadata| metadata.name() == span) {
        current.record("cause", cause);
    }
}

/// What all of these are, [`MIXED`] when they differ; `None` of none.
pub fn in_common(all: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    all.into_iter().reduce(|common, next| if common == next { common } else { MIXED })
}

/// The outcome of a call of a store: [`OK`] or the error's kind.
pub fn of_store<T>(result: &Result<T, CacheError>) -> &'static str {
    result.as_ref().map_or_else(|error| error.kind().as_str(), |_| OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_mixed() {
        assert_eq!(in_common([]), None);
        assert_eq!(in_common(["hit", "hit"]), Some("hit"));
        assert_eq!(in_common(["hit", "computed", "hit"]), Some(MIXED));
    }
}
