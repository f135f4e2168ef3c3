//! A search as a command, and what it answers.

use std::time::Duration;

use cache_core::CacheError;
use cache_core::vector::{IndexSchema, Similarity, VectorId, VectorMatch, VectorQuery};
use redis::{Cmd, Value, cmd};

use super::super::{id_of, payload};
use super::answer::{Answer, Row};
use super::filter;
use super::form::Form;
use crate::link::Link;
use crate::reply;

/// How much farther than asked for the module looks: it rounds, and what is too far is left out here.
const MARGIN: f32 = 1e-4;

/// What a search found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) matches: Vec<VectorMatch>,
    /// Some of what was found has ended, or is damaged, and there may be others behind it.
    pub(super) is_short: bool,
}

/// The command of a query; living entries only, where `after` is a time.
pub(super) fn command(
    index: &[u8],
    schema: &IndexSchema,
    form: Form,
    query: &VectorQuery,
    after: Option<u64>,
) -> Cmd {
    let filter = filter::text(schema, &query.filter, after);
    let mut parameters = vec![(&b"q"[..], form.blob(&query.vector))];
    let text = match query.at_least {
        None => {
            let filter = filter.unwrap_or_else(|| "*".to_owned());
            format!("{filter}=>[KNN {} @v $q AS s]", query.most)
        }
        Some(at_least) => {
            let radius = (at_least.distance().get() + MARGIN).to_string();
            parameters.push((&b"r"[..], radius.into_bytes()));
            let filter = filter.unwrap_or_default();
            format!("{filter} (@v:[VECTOR_RANGE $r $q]=>{{$YIELD_DISTANCE_AS: s}})")
        }
    };
    let mut command = cmd("FT.SEARCH");
    command.arg(index).arg(text).arg("PARAMS").arg(2 * parameters.len());
    for (name, value) in parameters {
        command.arg(name).arg(value);
    }
    let fields: &[&str] = if query.with_attributes {
        &["RETURN", "3", "s", "e", "p"]
    } else {
        &["RETURN", "2", "s", "e"]
    };
    command.arg(fields).arg(&["SORTBY", "s", "LIMIT", "0"]).arg(query.most);
    // In the module's own time it would answer with what it has by then, as if that were all.
    command.arg(&["TIMEOUT", "0", "DIALECT", "2"]);
    command
}

/// Reads the answer to a query that was asked at this time of the server.
pub(super) fn read(
    link: &Link,
    schema: &IndexSchema,
    entries: &[u8],
    query: &VectorQuery,
    now: u64,
    answer: Value,
) -> Result<Found, CacheError> {
    let rows = Answer::read(link, answer)?.rows;
    let mut found = Found::default();
    let seen = rows.len();
    for row in &rows {
        let row = row.as_ref();
        match row.and_then(|row| matched(schema, entries, query, now, row)) {
            Some(matched) => found.matches.push(matched),
            None => found.is_short = true,
        }
    }
    found.is_short &= seen >= query.most;
    let at_least = query.at_least.unwrap_or(Similarity::OPPOSITE);
    found.matches.retain(|found| found.similarity >= at_least);
    VectorMatch::sort(&mut found.matches);
    Ok(found)
}

fn matched(
    schema: &IndexSchema,
    entries: &[u8],
    query: &VectorQuery,
    now: u64,
    row: &Row,
) -> Option<VectorMatch> {
    let field = |name: &[u8]| row.field(name);
    let text = |name: &[u8]| std::str::from_utf8(field(name)?).ok();
    let ends: u64 = text(b"e")?.parse().ok()?;
    let distance: f32 = text(b"s")?.parse().ok()?;
    if ends <= now {
        return None;
    }
    let found = VectorMatch::new(
        unescaped(row.key.strip_prefix(entries)?)?,
        Similarity::rounded(1.0 - distance),
    );
    if !query.with_attributes {
        return Some(found);
    }
    Some(found.with_attributes(payload::unpack(field(b"p")?, schema)?))
}

/// An id as part of a key. To the module a key ends at its first zero byte, and it would return
/// another entry's fields.
pub(super) fn escaped(id: &VectorId) -> String {
    id.as_str().replace('%', "%25").replace('\0', "%00")
}

fn unescaped(stored: &[u8]) -> Option<VectorId> {
    let text = std::str::from_utf8(stored).ok()?.replace("%00", "\0").replace("%25", "%");
    id_of(text.as_bytes())
}

/// The server's clock in milliseconds since 1970, of an answer to `TIME`.
pub(super) fn time(link: &Link, answer: Value) -> Result<u64, CacheError> {
    let parts = reply::array(link, answer, "TIME")?;
    let number = |index: usize| match parts.get(index) {
        Some(Value::BulkString(text)) => std::str::from_utf8(text).ok()?.parse::<u64>().ok(),
        _ => None,
    };
    match (number(0), number(1)) {
        (Some(seconds), Some(micros)) => {
            let time = Duration::from_secs(seconds) + Duration::from_micros(micros);
            Ok(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
        }
        _ => Err(crate::error::unexpected(link.location(), "TIME")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_from_keys_without_zero_bytes() {
        for id in ["a", "%", "%00", "%25", "%2500", "a\0b", "\0%00\0"] {
            let id = VectorId::new(id).unwrap();
            let stored = escaped(&id);
            assert!(!stored.contains('\0'));
            assert_eq!(unescaped(stored.as_bytes()), Some(id));
        }
    }
}
