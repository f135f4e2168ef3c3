//! Attributes beside the matrix, in the form in which filters ask for them.

use std::collections::BTreeMap;

use cache_core::vector::{
    AttributeKind, AttributeName, AttributeValue, Attributes, IndexSchema, words,
};

use crate::labels::Labels;

/// One column for each attribute that can be asked for.
#[derive(Debug)]
pub(crate) struct Columns(BTreeMap<AttributeName, Column>);

#[derive(Debug)]
pub(crate) enum Column {
    Tags(Labels),
    Words(Labels),
    /// NaN where there is none.
    Numbers(Vec<f64>),
}

impl Columns {
    pub(crate) fn new(schema: &IndexSchema) -> Self {
        let column = |kind: &AttributeKind| match kind {
            AttributeKind::Tags => Some(Column::Tags(Labels::default())),
            AttributeKind::Text => Some(Column::Words(Labels::default())),
            AttributeKind::Number => Some(Column::Numbers(Vec::new())),
            _ => None,
        };
        let columns = schema.attributes.iter();
        Self(columns.filter_map(|(name, kind)| Some((name.clone(), column(kind)?))).collect())
    }

    pub(crate) fn get(&self, name: &AttributeName) -> Option<&Column> {
        self.0.get(name)
    }

    pub(crate) fn push(&mut self, attributes: &Attributes) {
        for (name, column) in &mut self.0 {
            let value = attributes.get(name);
            match column {
                Column::Tags(labels) => labels.push(tags(value)),
                Column::Words(labels) => {
                    labels.push(words_of(value).iter().map(String::as_str));
                }
                Column::Numbers(numbers) => numbers.push(number(value)),
            }
        }
    }

    pub(crate) fn set(&mut self, row: usize, attributes: &Attributes) {
        for (name, column) in &mut self.0 {
            let value = attributes.get(name);
            match column {
                Column::Tags(labels) => labels.set(row, tags(value)),
                Column::Words(labels) => {
                    labels.set(row, words_of(value).iter().map(String::as_str));
                }
                Column::Numbers(numbers) => numbers[row] = number(value),
            }
        }
    }

    pub(crate) fn swap_remove(&mut self, row: usize) {
        for column in self.0.values_mut() {
            match column {
                Column::Tags(labels) | Column::Words(labels) => labels.swap_remove(row),
                Column::Numbers(numbers) => {
                    numbers.swap_remove(row);
                }
            }
        }
    }
}

fn tags(value: Option<&AttributeValue>) -> impl Iterator<Item = &str> {
    let tags = match value {
        Some(AttributeValue::Tags(tags)) => tags.as_slice(),
        _ => &[],
    };
    tags.iter().map(String::as_str)
}

fn words_of(value: Option<&AttributeValue>) -> Vec<String> {
    match value {
        Some(AttributeValue::Text(text)) => words(text).collect(),
        _ => Vec::new(),
    }
}

fn number(value: Option<&AttributeValue>) -> f64 {
    match value {
        Some(AttributeValue::Number(number)) => *number,
        _ => f64::NAN,
    }
}
