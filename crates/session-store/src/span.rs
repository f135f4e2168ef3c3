//! The spans of calls: `cache_session`, with `operation`, `messages` (how many came of it) and
//! `outcome`.

use std::future::Future;

use cache_core::trace::{CallSpan, MISS, OK};
use tracing::field;

use crate::Error;

const NAME: &str = "cache_session";

/// What came of a call that succeeded.
pub(crate) struct Told {
    outcome: &'static str,
    messages: Option<usize>,
}

impl Told {
    /// It did what it was to do.
    pub(crate) fn done<T>(_: &T) -> Self {
        Self { outcome: OK, messages: None }
    }

    /// It did so to these messages, or gave them.
    pub(crate) fn messages(count: usize) -> Self {
        Self { outcome: OK, messages: Some(count) }
    }

    /// As [`messages`](Self::messages), by a count of the store.
    pub(crate) fn counted(count: u64) -> Self {
        Self::messages(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Whether what it was about is there.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "of a result that is not given away")]
    pub(crate) fn there(there: &bool) -> Self {
        Self { outcome: if *there { OK } else { MISS }, messages: None }
    }

    /// Whether what it was about was found.
    pub(crate) fn found<T>(found: &Option<T>) -> Self {
        Self::there(&found.is_some())
    }
}

/// Carries a call out in its span.
pub(crate) fn traced<T, F>(
    operation: &'static str,
    call: F,
    told: impl FnOnce(&T) -> Told,
) -> impl Future<Output = Result<T, Error>>
where
    F: Future<Output = Result<T, Error>>,
{
    let span =
        tracing::debug_span!(NAME, operation, messages = field::Empty, outcome = field::Empty);
    CallSpan::new(span.clone()).follow(call, move |result: &Result<T, Error>| match result {
        Ok(value) => {
            let Told { outcome, messages } = told(value);
            span.record("messages", messages);
            outcome
        }
        Err(error) => error.kind().as_str(),
    })
}
