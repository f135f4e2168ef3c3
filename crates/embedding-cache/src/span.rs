//! The spans of calls: `cache_embedding`, with `operation`, `texts` (how many), `cause` (of misses) and
//! `outcome`.

use cache_core::trace::{self, CallSpan, MISS, OK};
use tracing::field;

use crate::{Error, Lookup, MissCause};

const NAME: &str = "cache_embedding";

/// A call with so many texts begins.
pub(crate) fn begin(operation: &'static str, texts: usize) -> CallSpan {
    new(operation, Some(texts))
}

/// A call about the store begins.
pub(crate) fn of_cache(operation: &'static str) -> CallSpan {
    new(operation, None)
}

fn new(operation: &'static str, texts: Option<usize>) -> CallSpan {
    CallSpan::new(tracing::debug_span!(
        NAME,
        operation,
        texts,
        cause = field::Empty,
        outcome = field::Empty
    ))
}

/// Says why the call under way misses, when it does.
pub(crate) fn record_causes(causes: impl Iterator<Item = MissCause>) {
    if tracing::enabled!(tracing::Level::DEBUG)
        && let Some(cause) = trace::in_common(causes.map(MissCause::as_str))
    {
        trace::record_cause(NAME, cause);
    }
}

/// The outcome of a call that has none but its success.
pub(crate) fn done<T>(result: &Result<T, Error>) -> &'static str {
    result.as_ref().map_or_else(Error::label, |_| OK)
}

/// The outcome of a lookup.
pub(crate) fn of_one(result: &Result<Lookup, Error>) -> &'static str {
    result.as_ref().map_or_else(Error::label, |lookup| lookup.source.as_str())
}

/// The outcome of lookups: the first error's, else that of all.
pub(crate) fn of_each(results: &[Result<Lookup, Error>]) -> &'static str {
    let failed = results.iter().find(|result| result.is_err());
    failed.map(of_one).or_else(|| trace::in_common(results.iter().map(of_one))).unwrap_or(OK)
}

/// The outcome of lookups that may fail together.
pub(crate) fn of_all(results: &Result<Vec<Result<Lookup, Error>>, Error>) -> &'static str {
    results.as_ref().map_or_else(Error::label, |results| of_each(results))
}

/// The outcome of a look at what is stored.
pub(crate) fn of_found(result: &Result<Vec<Option<Lookup>>, Error>) -> &'static str {
    let of = |found: &Option<Lookup>| found.as_ref().map_or(MISS, |lookup| lookup.source.as_str());
    result
        .as_ref()
        .map_or_else(Error::label, |all| trace::in_common(all.iter().map(of)).unwrap_or(OK))
}

/// The outcome of a call about texts that may not be there: this one of those that are.
pub(crate) fn of_there(
    there: &'static str,
) -> impl FnOnce(&Result<Vec<bool>, Error>) -> &'static str {
    move |result| {
        let of = |found: &bool| if *found { there } else { MISS };
        let all = |all: &Vec<bool>| trace::in_common(all.iter().map(of)).unwrap_or(OK);
        result.as_ref().map_or_else(Error::label, all)
    }
}
