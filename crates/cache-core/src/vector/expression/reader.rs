//! The parts of a filter's text.

use std::ops::Bound;

use super::{FilterProblem, InvalidFilter};
use crate::vector::schema::check_tag;
use crate::vector::{AttributeKind, AttributeName, Filter, IndexSchema, VectorRefusal, words};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Below,
    AtMost,
    Above,
    AtLeast,
    Has,
    HasNot,
}

impl Operator {
    /// The longer ones first: `<=` is no `<`.
    const EACH: [(&str, Self); 8] = [
        ("!=", Self::IsNot),
        ("!~", Self::HasNot),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("=", Self::Is),
        ("~", Self::Has),
        ("<", Self::Below),
        (">", Self::Above),
    ];

    fn as_str(self) -> &'static str {
        Self::EACH.iter().find(|(_, operator)| *operator == self).map_or("", |(text, _)| text)
    }
}

/// A value and the character at which it begins.
struct Value {
    at: usize,
    text: String,
}

/// What is left of the text, and which character is the next.
pub(super) struct Reader<'t> {
    rest: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, at: 1 }
    }

    /// One condition, up to what stands behind it.
    pub(super) fn condition(&mut self, schema: &IndexSchema) -> Result<Filter, InvalidFilter> {
        self.skip_blanks();
        let begin = self.at;
        let wrong = |problem| InvalidFilter { at: begin, problem };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = AttributeName::new(self.take_while(is_name));
        let name = name.map_err(|_| wrong(FilterProblem::Name))?;
        let kind =
            schema.kind_of(&name).map_err(|refusal| wrong(FilterProblem::Refused(refusal)))?;
        self.skip_blanks();
        let operator_at = self.at;
        let operator = Operator::EACH.into_iter().find(|(text, _)| self.take(text));
        let (_, operator) = operator.ok_or_else(|| self.wrong(FilterProblem::Operator))?;
        let values = self.values()?;
        compare(name, kind, operator, operator_at, values)
    }

    fn values(&mut self) -> Result<Vec<Value>, InvalidFilter> {
        let mut values = vec![self.value()?];
        self.skip_blanks();
        while self.take("|") {
            values.push(self.value()?);
            self.skip_blanks();
        }
        Ok(values)
    }

    fn value(&mut self) -> Result<Value, InvalidFilter> {
        self.skip_blanks();
        let at = self.at;
        if self.take("\"") {
            return Ok(Value { at, text: self.quoted(at)? });
        }
        if let Some((operator, _)) = Operator::EACH.iter().find(|(op, _)| self.rest.starts_with(op))
        {
            return Err(InvalidFilter { at, problem: FilterProblem::SecondOperator(operator) });
        }
        let text = self.take_while(|c| !matches!(c, ',' | '|' | '"')).trim_end();
        if text.is_empty() {
            return Err(InvalidFilter { at, problem: FilterProblem::Value });
        }
        Ok(Value { at, text: text.to_owned() })
    }

    /// What is left of a quotation that began at this character.
    fn quoted(&mut self, begin: usize) -> Result<String, InvalidFilter> {
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| !matches!(c, '"' | '\\')));
            if self.take("\"") {
                return Ok(text);
            }
            if self.take("\\\"") {
                text.push('"');
            } else if self.take("\\\\") || self.take("\\") {
                text.push('\\');
            } else {
                return Err(InvalidFilter { at: begin, problem: FilterProblem::OpenQuotation });
            }
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(text) else { return false };
        self.rest = rest;
        self.at += text.chars().count();
        true
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.at += taken.chars().count();
        taken
    }

    pub(super) fn wrong(&self, problem: FilterProblem) -> InvalidFilter {
        InvalidFilter { at: self.at, problem }
    }
}

/// The filter of one condition.
fn compare(
    name: AttributeName,
    kind: AttributeKind,
    operator: Operator,
    at: usize,
    values: Vec<Value>,
) -> Result<Filter, InvalidFilter> {
    use Operator::{Above, AtLeast, AtMost, Below, Has, HasNot, Is, IsNot};
    match (kind, operator) {
        (AttributeKind::Tags, Is | IsNot) => {
            let check = |value: &Value| check_tag(&name, &value.text);
            refuse_values(&values, check)?;
            let tags = values.into_iter().map(|value| value.text).collect();
            Ok(turned(Filter::Tags(name, tags), operator == IsNot))
        }
        (AttributeKind::Text, Has | HasNot) => {
            let check = |value: &Value| match words(&value.text).next() {
                Some(_) => Ok(()),
                None => Err(VectorRefusal::NoWords(name.clone())),
            };
            refuse_values(&values, check)?;
            let words = |value: Value| Filter::words(name.clone(), value.text);
            Ok(turned(any(values.into_iter().map(words).collect()), operator == HasNot))
        }
        (AttributeKind::Number, Is | IsNot) => {
            let numbers: Result<Vec<_>, _> = values.iter().map(|v| number(&name, v)).collect();
            let equal = |number| Filter::range(name.clone(), number..=number);
            let filters = numbers?.into_iter().map(equal).collect();
            Ok(turned(any(filters), operator == IsNot))
        }
        (AttributeKind::Number, Below | AtMost | Above | AtLeast) => {
            let [value] = &values[..] else {
                return Err(InvalidFilter {
                    at,
                    problem: FilterProblem::OneValue(operator.as_str()),
                });
            };
            let end = number(&name, value)?;
            let (from, to) = match operator {
                Below => (Bound::Unbounded, Bound::Excluded(end)),
                AtMost => (Bound::Unbounded, Bound::Included(end)),
                Above => (Bound::Excluded(end), Bound::Unbounded),
                _ => (Bound::Included(end), Bound::Unbounded),
            };
            Ok(Filter::Range(name, from, to))
        }
        _ => {
            let problem = FilterProblem::Unfit { name, kind, operator: operator.as_str() };
            Err(InvalidFilter { at, problem })
        }
    }
}

fn refuse_values(
    values: &[Value],
    check: impl Fn(&Value) -> Result<(), VectorRefusal>,
) -> Result<(), InvalidFilter> {
    values.iter().try_for_each(|value| {
        let wrong =
            |refusal| InvalidFilter { at: value.at, problem: FilterProblem::Refused(refusal) };
        check(value).map_err(wrong)
    })
}

fn number(name: &AttributeName, value: &Value) -> Result<f64, InvalidFilter> {
    let number = value.text.parse::<f64>().ok().filter(|number| number.is_finite());
    let problem = || FilterProblem::NotANumber(name.clone());
    number.ok_or_else(|| InvalidFilter { at: value.at, problem: problem() })
}

fn any(mut filters: Vec<Filter>) -> Filter {
    if filters.len() == 1 { filters.remove(0) } else { Filter::Or(filters) }
}

fn turned(filter: Filter, not: bool) -> Filter {
    if not { filter.not() } else { filter }
}
