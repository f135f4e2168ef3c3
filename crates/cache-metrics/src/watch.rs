//! One operation from its beginning to its end.

use std::time::{Duration, Instant};

use cache_core::trace::DROPPED;
pub(crate) use cache_core::trace::OK;
use tracing::Span;

/// Measures an operation and tells what came of it, once, whichever way it ends.
pub(crate) struct Watch<T: FnMut(&'static str, Duration)> {
    started: Instant,
    span: Span,
    tell: T,
    told: bool,
}

impl<T: FnMut(&'static str, Duration)> Watch<T> {
    /// Begins now. The span has a field `outcome`.
    pub(crate) fn new(span: Span, tell: T) -> Self {
        Self { started: Instant::now(), span, tell, told: false }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// It is over. Of several outcomes the first counts.
    pub(crate) fn end(&mut self, outcome: &'static str) {
        if !std::mem::replace(&mut self.told, true) {
            self.span.record("outcome", outcome);
            (self.tell)(outcome, self.started.elapsed());
        }
    }
}

impl<T: FnMut(&'static str, Duration)> Drop for Watch<T> {
    fn drop(&mut self) {
        self.end(DROPPED);
    }
}
