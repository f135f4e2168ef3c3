//! The spans of calls: `cache_response`, with `operation`, `messages` (how many the request has),
//! `cause` (of a miss) and `outcome`.

use cache_core::ChatRequest;
use cache_core::trace::{self, CallSpan, MISS, OK};
use tracing::field;

use crate::{Answer, AnswerStream, Error, MissCause};

const NAME: &str = "cache_response";

/// A call about a request begins.
pub(crate) fn about(operation: &'static str, request: &ChatRequest) -> CallSpan {
    begin(operation, Some(request.messages().len()))
}

/// A call about the store begins.
pub(crate) fn of_cache(operation: &'static str) -> CallSpan {
    begin(operation, None)
}

fn begin(operation: &'static str, messages: Option<usize>) -> CallSpan {
    CallSpan::new(tracing::debug_span!(
        NAME,
        operation,
        messages,
        cause = field::Empty,
        outcome = field::Empty
    ))
}

/// Says why the call under way misses.
pub(crate) fn record_cause(cause: MissCause) {
    trace::record_cause(NAME, cause.as_str());
}

/// The outcome of a call that has none but its success.
pub(crate) fn done<T>(result: &Result<T, Error>) -> &'static str {
    result.as_ref().map_or_else(Error::label, |_| OK)
}

/// The outcome of a call for an answer.
pub(crate) fn of_answer(result: &Result<Answer, Error>) -> &'static str {
    result.as_ref().map_or_else(Error::label, |answer| answer.source.as_str())
}

/// The outcome of a call for a stream: how it begins.
pub(crate) fn of_stream(result: &Result<AnswerStream, Error>) -> &'static str {
    result.as_ref().map_or_else(Error::label, |stream| stream.source.as_str())
}

/// The outcome of a look at what is stored.
pub(crate) fn of_found(result: &Result<Option<Answer>, Error>) -> &'static str {
    let of = |found: &Option<Answer>| found.as_ref().map_or(MISS, |answer| answer.source.as_str());
    result.as_ref().map_or_else(Error::label, of)
}

/// The outcome of a call about something that may not be there.
pub(crate) fn of_there(result: &Result<bool, Error>) -> &'static str {
    result.as_ref().map_or_else(Error::label, |there| if *there { OK } else { MISS })
}
