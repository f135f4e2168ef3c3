//! What `FT.SEARCH` answers: in version 2 of the protocol the number of matches, then a key and its
//! fields in turns; in version 3 the same under names.

use cache_core::CacheError;
use redis::Value;

use crate::link::Link;
use crate::{error, reply};

const COMMAND: &str = "FT.SEARCH";

/// An answer of either form.
pub(super) struct Answer {
    /// How many there are, which may be more than the rows.
    pub(super) total: u64,
    /// Nothing in place of an entry that went while it was looked for.
    pub(super) rows: Vec<Option<Row>>,
}

/// An entry that was found.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub(super) key: Vec<u8>,
    /// Names and values in turns.
    fields: Vec<Value>,
}

impl Answer {
    pub(super) fn read(link: &Link, answer: Value) -> Result<Self, CacheError> {
        let parts = reply::array(link, answer, COMMAND)?;
        Self::of(&parts).ok_or_else(|| error::unexpected(link.location(), COMMAND))
    }

    fn of(parts: &[Value]) -> Option<Self> {
        if let Some(Value::Int(total)) = parts.first() {
            let total = u64::try_from(*total).ok()?;
            let rows = parts.get(1..)?.chunks_exact(2).map(Row::of_turn).collect();
            return Some(Self { total, rows });
        }
        let Value::Int(total) = named(parts, "total_results")? else { return None };
        let Value::Array(rows) = named(parts, "results")? else { return None };
        let total = u64::try_from(*total).ok()?;
        Some(Self { total, rows: rows.iter().map(Row::of_names).collect() })
    }
}

impl Row {
    fn of_turn(turn: &[Value]) -> Option<Self> {
        let [Value::BulkString(key), Value::Array(fields)] = turn else { return None };
        Some(Self { key: key.clone(), fields: fields.clone() })
    }

    fn of_names(row: &Value) -> Option<Self> {
        let Value::Array(parts) = row else { return None };
        let Value::BulkString(key) = named(parts, "id")? else { return None };
        let Value::Array(fields) = named(parts, "extra_attributes")? else { return None };
        Some(Self { key: key.clone(), fields: fields.clone() })
    }

    pub(super) fn field(&self, name: &[u8]) -> Option<&[u8]> {
        self.fields.chunks_exact(2).find_map(|pair| match pair {
            [known, Value::BulkString(value)] if is(known, name) => Some(&value[..]),
            _ => None,
        })
    }
}

/// The value behind a name.
fn named<'a>(parts: &'a [Value], name: &str) -> Option<&'a Value> {
    let mut pairs = parts.chunks_exact(2);
    pairs.find_map(|pair| is(&pair[0], name.as_bytes()).then_some(&pair[1]))
}

fn is(value: &Value, name: &[u8]) -> bool {
    match value {
        Value::BulkString(text) => text == name,
        Value::SimpleString(text) => text.as_bytes() == name,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn both_forms_say_the_same() {
        let fields = || Value::Array(vec![text("s"), text("0.5"), text("e"), text("7")]);
        let mut first = vec![Value::Int(3), text("a"), fields(), text("b"), fields()];
        first.extend([text("c"), Value::Nil]);
        let row = |key: &str, fields: Value| {
            Value::Array(vec![
                text("extra_attributes"),
                fields,
                text("id"),
                text(key),
                text("values"),
                Value::Array(vec![]),
            ])
        };
        let second = vec![
            Value::SimpleString("attributes".to_owned()),
            Value::Array(vec![]),
            text("results"),
            Value::Array(vec![row("a", fields()), row("b", fields()), row("c", Value::Nil)]),
            text("total_results"),
            Value::Int(3),
        ];
        let answers = [first, second].map(|parts| Answer::of(&parts).unwrap());
        assert_eq!(answers[0].rows, answers[1].rows);
        for answer in answers {
            let row = |at: usize| answer.rows[at].as_ref().unwrap();
            assert_eq!((answer.total, &row(1).key[..]), (3, &b"b"[..]));
            assert_eq!(row(0).field(b"e"), Some(&b"7"[..]));
            assert_eq!(answer.rows[2], None, "it went meanwhile, and had its place");
        }
        assert!(Answer::of(&[text("results"), Value::Array(vec![])]).is_none());
    }
}
