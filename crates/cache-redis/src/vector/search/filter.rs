//! A filter in the language of `FT.SEARCH`. Attributes are called by their number in the schema, tags
//! and words are hashed, numbers are formatted here: nothing of the caller's is ever part of a query.

use std::ops::Bound;

use cache_core::vector::{AttributeName, Filter, IndexSchema};

use super::super::terms;

/// What every entry passes: all have an end.
const ALL: &str = "(@e:[0 inf])";
/// What none passes.
const NONE: &str = "(@e:[-1 -1])";

/// The field of an attribute.
pub(super) fn field(schema: &IndexSchema, name: &AttributeName) -> String {
    let index = schema.attributes.keys().take_while(|known| *known != name).count();
    format!("a{index}")
}

/// A checked filter, in parentheses, which only living entries pass where `after` is a time; nothing
/// if every entry passes.
pub(super) fn text(schema: &IndexSchema, filter: &Filter, after: Option<u64>) -> Option<String> {
    match (filter.is_all(), after) {
        (true, None) => None,
        (true, Some(now)) => Some(living(now)),
        (false, None) => Some(part(schema, filter)),
        (false, Some(now)) => Some(format!("({} {})", living(now), part(schema, filter))),
    }
}

fn living(now: u64) -> String {
    format!("(@e:[({now} inf])")
}

fn part(schema: &IndexSchema, filter: &Filter) -> String {
    let parts =
        |filters: &[Filter]| -> Vec<_> { filters.iter().map(|it| part(schema, it)).collect() };
    match filter {
        Filter::All => ALL.to_owned(),
        Filter::Tags(_, tags) if tags.is_empty() => NONE.to_owned(),
        Filter::Tags(name, tags) => {
            let terms: Vec<_> = tags.iter().map(|tag| terms::term(tag)).collect();
            format!("(@{}:{{{}}})", field(schema, name), terms.join("|"))
        }
        Filter::Range(name, from, to) => {
            let (from, to) = (end(from, "-inf"), end(to, "inf"));
            format!("(@{}:[{from} {to}])", field(schema, name))
        }
        Filter::Words(name, words) => {
            let field = field(schema, name);
            let word = |term: &String| format!("(@{field}:{{{term}}})");
            let words: Vec<_> = terms::of_words(words).iter().map(word).collect();
            format!("({})", words.join(" "))
        }
        Filter::And(filters) if filters.is_empty() => ALL.to_owned(),
        Filter::And(filters) => format!("({})", parts(filters).join(" ")),
        Filter::Or(filters) if filters.is_empty() => NONE.to_owned(),
        Filter::Or(filters) => format!("({})", parts(filters).join("|")),
        Filter::Not(filter) => format!("(-{})", part(schema, filter)),
        // What is not known here is passed by nothing.
        _ => NONE.to_owned(),
    }
}

fn end(bound: &Bound<f64>, open: &str) -> String {
    match bound {
        Bound::Included(number) => terms::number(*number),
        Bound::Excluded(number) => format!("({}", terms::number(*number)),
        Bound::Unbounded => open.to_owned(),
    }
}
