//! A filter in the language of `VSIM`, over the JSON that goes with an element.
//!
//! An expression that names a field which is not there is false as a whole, whatever is around it:
//! so every field of the schema is in every JSON, and a number has a flag beside it that says
//! whether it is meant.
//!
//! Not every server reads every number (`5e-324`), so that a number is kept as two whole ones that are
//! in the same order: see [`halves`].

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
                let (is_there, [high, low]) = match value {
                    Some(AttributeValue::Number(number)) => (1, halves(*number)),
                    _ => (0, [0, 0]),
                };
                write!(json, ",\"h{index}\":{is_there},\"a{index}\":{high},\"b{index}\":{low}")
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
    let (number, sign_of_low) = match bound {
        Bound::Included(number) => (number, format!("{sign}=")),
        Bound::Excluded(number) => (number, sign.to_owned()),
        Bound::Unbounded => return None,
    };
    let [high, low] = halves(*number);
    let equal = format!("(.a{index} == {high} and .b{index} {sign_of_low} {low})");
    Some(format!("(.a{index} {sign} {high} or {equal})"))
}

/// Two whole numbers that, taken one after the other, are in the order of the numbers they are made
/// of. -0 is 0.
#[allow(clippy::cast_possible_truncation, reason = "the halves are taken apart")]
fn halves(number: f64) -> [u32; 2] {
    let bits = (number + 0.0).to_bits();
    let ordered = if number < 0.0 { !bits } else { bits | 1 << 63 };
    [(ordered >> 32) as u32, ordered as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_in_the_order_of_numbers() {
        let numbers = [f64::MIN, -1.5, -1.0, -5e-324, 0.0, 5e-324, 0.1, 1.0, 1.5, 2.0, f64::MAX];
        assert!(numbers.is_sorted_by(|a, b| halves(*a) < halves(*b)));
        assert_eq!(halves(-0.0), halves(0.0));
    }
}
