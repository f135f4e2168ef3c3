//! Filters as people write them: `topic=news|sport, year>=2020`.

mod reader;
#[cfg(test)]
mod tests;

use super::{AttributeKind, AttributeName, Filter, IndexSchema, VectorRefusal};
use reader::Reader;

impl Filter {
    /// The filter of a text, for an index of this schema: conditions with commas between them, all
    /// of which must be met.
    ///
    /// | of the kind | conditions |
    /// |---|---|
    /// | tags | `topic=news` (has the tag), `topic=news\|sport` (has one of them), `topic!=news` |
    /// | number | `year=2020`, `year=2020\|2022`, `year!=2020`, `year<2020`, `<=`, `>`, `>=` |
    /// | text | `body~red` (has the word), `body~"red apple"` (has all of the words), `body!~red` |
    ///
    /// A value with a comma, a bar, a quotation mark, an operator before it or blanks at its ends is put
    /// into quotation marks, within which `\"` and `\\` stand for a mark and a backslash. Blanks between the parts
    /// do not count. A condition on an attribute that an entry does not have is not met, and its
    /// opposite (`!=`, `!~`) is.
    ///
    /// ```
    /// use cache_core::vector::{AttributeKind, AttributeName, Filter, IndexSchema};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let schema = IndexSchema::new(384)?
    ///     .with_attribute(AttributeName::new("topic")?, AttributeKind::Tags)
    ///     .with_attribute(AttributeName::new("year")?, AttributeKind::Number);
    /// let filter = Filter::parse("topic=news|sport, year>=2020", &schema)?;
    /// let expected = Filter::Tags(AttributeName::new("topic")?, vec!["news".into(), "sport".into()])
    ///     .and(Filter::range(AttributeName::new("year")?, 2020.0..));
    /// assert_eq!(filter, expected);
    ///
    /// let wrong = Filter::parse("topic=news, yaer>=2020", &schema).unwrap_err();
    /// assert_eq!(wrong.at, 13);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Where it is no such text, or asks for what an index of this schema does not have. The empty
    /// text is refused: who means every entry passes no filter.
    pub fn parse(text: &str, schema: &IndexSchema) -> Result<Self, InvalidFilter> {
        let mut reader = Reader::new(text);
        let mut conditions = Vec::new();
        loop {
            conditions.push(reader.condition(schema)?);
            reader.skip_blanks();
            if reader.is_at_end() {
                break;
            }
            if !reader.take(",") {
                return Err(reader.wrong(FilterProblem::Separator));
            }
        }
        let filter = match conditions.len() {
            1 => conditions.remove(0),
            _ => Self::And(conditions),
        };
        // Each condition is sound: what is left is how many there are.
        let refused = |refusal| InvalidFilter { at: 1, problem: FilterProblem::Refused(refusal) };
        filter.check(schema).map(|()| filter).map_err(refused)
    }
}

/// What is wrong with the text of a filter, and where. It holds names, and no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {at} of the filter: {problem}")]
#[non_exhaustive]
pub struct InvalidFilter {
    /// The character at which it goes wrong, counted from 1.
    pub at: usize,
    /// What is wrong there.
    pub problem: FilterProblem,
}

/// What can be wrong with the text of a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterProblem {
    /// Something else stands where an attribute should.
    #[error("the name of an attribute is expected")]
    Name,
    /// Something else stands behind the name of an attribute.
    #[error("one of = != < <= > >= ~ !~ is expected")]
    Operator,
    /// An operator stands where a value should.
    #[error(
        "a second operator; one is enough, and a value that begins with {0} goes into quotation marks"
    )]
    SecondOperator(&'static str),
    /// There is no value.
    #[error(
        "a value is expected; one with a comma, a bar or a quotation mark goes into quotation marks"
    )]
    Value,
    /// A quotation mark has no other.
    #[error("the quotation mark has no other")]
    OpenQuotation,
    /// Something stands behind a condition.
    #[error("a comma, a bar or the end is expected")]
    Separator,
    /// A value is no number, and is compared with one.
    #[error("the attribute {0} is compared with a number, and this is none")]
    NotANumber(AttributeName),
    /// The operator is not one of the attribute's kind.
    #[error("the attribute {name} is of the kind {}, which is not compared by {operator}", kind.as_str())]
    Unfit {
        /// Which attribute.
        name: AttributeName,
        /// What it is.
        kind: AttributeKind,
        /// How it was to be compared.
        operator: &'static str,
    },
    /// `<`, `<=`, `>` and `>=` compare with one value.
    #[error("{0} compares with one value")]
    OneValue(&'static str),
    /// The index refuses it.
    #[error(transparent)]
    Refused(VectorRefusal),
}
