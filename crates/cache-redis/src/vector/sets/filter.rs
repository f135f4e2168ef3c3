//! A filter in the language of `VSIM`, over the JSON that goes with an element.
//!
//! An expression that names a field which is not there is false as a whole, whatever is around it:
//! so every field of the schema is in every JSON, and a number has a flag beside it that says
//! whether it is meant.

use std::fmt::Write;
use std::ops::Bound;

use cache_core::vector::{
    AttributeKind, AttributeName, AttributeValue, Attributes, Filter, IndexSchema,
};

use super::super::terms;

const ALL: &str = "(1 == 1)";
const NONE: &str = "(1 == 2)";

/// What is asked of an entry, behind the time at which it ends: the rest of a JSON object.
pub(super) fn json(schema: &IndexSchema, attributes: &Attributes) -> String {
    let mut json = String::new();
    for (index, (name, kind)) in schema.attributes.iter().enumerate() {
        let value = attributes.get(name);
        let _ = match kind {
            AttributeKind::Number => {
                let (is_there, number) = match value {
                    Some(AttributeValue::Number(number)) => (1, terms::number(*number)),
                    _ => (0, "0".to_owned()),
                };
                write!(json, ",\"a{index}\":{number},\"h{index}\":{is_there}")
            }
            AttributeKind::Tags | AttributeKind::Text => {
                let terms = value.map(terms::of_value).unwrap_or_default();
                let terms: Vec<_> = terms.iter().map(|term| format!("\"{term}\"")).collect();
                write!(json, ",\"a{index}\":[{}]", terms.join(","))
            }
            _ => Ok(()),
        };
    }
    json.push('}');
    json
}

/// A checked filter; empty if every entry passes.
pub(super) fn text(schema: &IndexSchema, filter: &Filter) -> String {
    if filter.is_all() { String::new() } else { part(schema, filter) }
}

fn part(schema: &IndexSchema, filter: &Filter) -> String {
    let parts = |filters: &[Filter], word: &str| {
        let parts: Vec<_> = filters.iter().map(|filter| part(schema, filter)).collect();
        format!("({})", parts.join(word))
    };
    match filter {
        Filter::All => ALL.to_owned(),
        Filter::Tags(name, tags) => {
            let terms = tags.iter().map(|tag| terms::term(tag));
            having(number(schema, name), terms, " or ").unwrap_or_else(|| NONE.to_owned())
        }
        Filter::Words(name, words) => {
            let terms = terms::of_words(words).into_iter();
            having(number(schema, name), terms, " and ").unwrap_or_else(|| ALL.to_owned())
        }
        Filter::Range(name, from, to) => {
            let index = number(schema, name);
            let ends = [end(index, from, ">"), end(index, to, "<")];
            let ends: String =
                ends.into_iter().flatten().map(|end| format!(" and {end}")).collect();
            format!("(.h{index} == 1{ends})")
        }
        Filter::And(filters) if filters.is_empty() => ALL.to_owned(),
        Filter::And(filters) => parts(filters, " and "),
        Filter::Or(filters) if filters.is_empty() => NONE.to_owned(),
        Filter::Or(filters) => parts(filters, " or "),
        Filter::Not(filter) => format!("(not {})", part(schema, filter)),
        // What is not known here is passed by nothing.
        _ => NONE.to_owned(),
    }
}

fn number(schema: &IndexSchema, name: &AttributeName) -> usize {
    schema.attributes.keys().take_while(|known| *known != name).count()
}

fn having(index: usize, terms: impl Iterator<Item = String>, word: &str) -> Option<String> {
    let terms: Vec<_> = terms.map(|term| format!("\"{term}\" in .a{index}")).collect();
    (!terms.is_empty()).then(|| format!("({})", terms.join(word)))
}

fn end(index: usize, bound: &Bound<f64>, sign: &str) -> Option<String> {
    match bound {
        Bound::Included(number) => Some(format!(".a{index} {sign}= {}", terms::number(*number))),
        Bound::Excluded(number) => Some(format!(".a{index} {sign} {}", terms::number(*number))),
        Bound::Unbounded => None,
    }
}
