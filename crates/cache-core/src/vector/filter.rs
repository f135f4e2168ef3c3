//! What an entry must pass to be found.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use super::schema::check_tag;
use super::{
    AttributeKind, AttributeName, AttributeValue, Attributes, IndexSchema, VectorRefusal, words,
};

/// A condition on attributes. What is in it is data: no character of it is ever read as a query.
///
/// A condition on an attribute that an entry does not have is not met, and its
/// [`Not`](Self::Not) is. `Debug` shows the shape and the names, and no values.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Filter {
    /// Every entry passes.
    All,
    /// One of these tags is among the entry's. None of no tags.
    Tags(AttributeName, Vec<String>),
    /// The number is between these.
    Range(AttributeName, Bound<f64>, Bound<f64>),
    /// The text has all the [words](super::words) of this one, wherever they are.
    Words(AttributeName, String),
    /// All are met; so is a list of none.
    And(Vec<Filter>),
    /// One of them is met; of none, none is.
    Or(Vec<Filter>),
    /// It is not met.
    Not(Box<Filter>),
}

impl Filter {
    /// How deep filters may be nested.
    pub const MAX_DEPTH: usize = 16;
    /// How many tags and conditions there may be in a filter, all levels together.
    pub const MAX_PARTS: usize = 1_024;

    /// The entry has this tag.
    pub fn tag(name: AttributeName, tag: impl Into<String>) -> Self {
        Self::Tags(name, vec![tag.into()])
    }

    /// The number is in this range.
    pub fn range(name: AttributeName, range: impl RangeBounds<f64>) -> Self {
        Self::Range(name, range.start_bound().cloned(), range.end_bound().cloned())
    }

    /// The text has these words.
    pub fn words(name: AttributeName, words: impl Into<String>) -> Self {
        Self::Words(name, words.into())
    }

    /// Both are met.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, filter) | (filter, Self::All) => filter,
            (Self::And(mut filters), filter) => {
                filters.push(filter);
                Self::And(filters)
            }
            (one, other) => Self::And(vec![one, other]),
        }
    }

    /// It is not met.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "reads as `and` does")]
    pub fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Whether every entry passes, whatever its attributes.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// What every index asks before it filters.
    ///
    /// # Errors
    /// When an index of this schema cannot be asked for it.
    pub fn check(&self, schema: &IndexSchema) -> Result<(), VectorRefusal> {
        let mut parts = 0;
        self.check_part(schema, Self::MAX_DEPTH, &mut parts)
    }

    fn check_part(
        &self,
        schema: &IndexSchema,
        depth: usize,
        parts: &mut usize,
    ) -> Result<(), VectorRefusal> {
        let weight = if let Self::Tags(_, tags) = self { tags.len().max(1) } else { 1 };
        *parts += weight;
        if depth == 0 || *parts > Self::MAX_PARTS {
            return Err(VectorRefusal::FilterSize);
        }
        match self {
            Self::All => Ok(()),
            Self::Tags(name, tags) => {
                check_kind(schema, name, AttributeKind::Tags)?;
                tags.iter().try_for_each(|tag| check_tag(name, tag))
            }
            Self::Range(name, from, to) => {
                check_kind(schema, name, AttributeKind::Number)?;
                check_bound(name, from)?;
                check_bound(name, to)
            }
            Self::Words(name, text) => {
                check_kind(schema, name, AttributeKind::Text)?;
                if words(text).next().is_none() {
                    return Err(VectorRefusal::NoWords(name.clone()));
                }
                Ok(())
            }
            Self::And(filters) | Self::Or(filters) => {
                filters.iter().try_for_each(|filter| filter.check_part(schema, depth - 1, parts))
            }
            Self::Not(filter) => filter.check_part(schema, depth - 1, parts),
        }
    }

    /// Whether an entry of these attributes passes.
    #[must_use]
    pub fn passes(&self, attributes: &Attributes) -> bool {
        match self {
            Self::All => true,
            Self::Tags(name, wanted) => match attributes.get(name) {
                Some(AttributeValue::Tags(tags)) => tags.iter().any(|tag| wanted.contains(tag)),
                _ => false,
            },
            Self::Range(name, from, to) => match attributes.get(name) {
                Some(AttributeValue::Number(number)) => (*from, *to).contains(number),
                _ => false,
            },
            Self::Words(name, wanted) => match attributes.get(name) {
                Some(AttributeValue::Text(text)) => {
                    words(wanted).all(|wanted| words(text).any(|word| word == wanted))
                }
                _ => false,
            },
            Self::And(filters) => filters.iter().all(|filter| filter.passes(attributes)),
            Self::Or(filters) => filters.iter().any(|filter| filter.passes(attributes)),
            Self::Not(filter) => !filter.passes(attributes),
        }
    }
}

fn check_kind(
    schema: &IndexSchema,
    name: &AttributeName,
    given: AttributeKind,
) -> Result<(), VectorRefusal> {
    let expected = schema.kind_of(name)?;
    if given == expected {
        Ok(())
    } else {
        Err(VectorRefusal::AttributeKind { name: name.clone(), expected, given })
    }
}

fn check_bound(name: &AttributeName, bound: &Bound<f64>) -> Result<(), VectorRefusal> {
    match bound {
        Bound::Included(end) | Bound::Excluded(end) if !end.is_finite() => {
            Err(VectorRefusal::NotFinite(name.clone()))
        }
        _ => Ok(()),
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("All"),
            Self::Tags(name, tags) => write!(f, "Tags({name}, {} of them)", tags.len()),
            Self::Range(name, ..) => write!(f, "Range({name})"),
            Self::Words(name, _) => write!(f, "Words({name})"),
            Self::And(filters) => f.debug_tuple("And").field(filters).finish(),
            Self::Or(filters) => f.debug_tuple("Or").field(filters).finish(),
            Self::Not(filter) => f.debug_tuple("Not").field(filter).finish(),
        }
    }
}
