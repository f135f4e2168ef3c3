//! A filter in the numbers of the columns.

use std::ops::{Bound, RangeBounds};

use cache_core::vector::{AttributeName, Filter, words};

use crate::columns::{Column, Columns};
use crate::labels::Labels;

/// What a row is asked. It holds for the state of the columns that it was made of.
#[derive(Debug)]
pub(crate) enum Plan<'c> {
    Always(bool),
    /// The row has one of these labels.
    Any(&'c [Box<[u32]>], Vec<u32>),
    /// The row has all of these labels.
    Every(&'c [Box<[u32]>], Vec<u32>),
    Range(&'c [f64], Bound<f64>, Bound<f64>),
    And(Vec<Plan<'c>>),
    Or(Vec<Plan<'c>>),
    Not(Box<Plan<'c>>),
}

impl<'c> Plan<'c> {
    /// What a filter asks that was checked against the schema of these columns.
    pub(crate) fn new(filter: &Filter, columns: &'c Columns) -> Self {
        let all = |filters: &[Filter]| filters.iter().map(|one| Self::new(one, columns)).collect();
        match filter {
            Filter::All => Self::Always(true),
            Filter::Tags(name, tags) => any(columns, name, tags),
            Filter::Words(name, text) => every(columns, name, text),
            Filter::Range(name, from, to) => match columns.get(name) {
                Some(Column::Numbers(numbers)) => Self::Range(numbers, *from, *to),
                _ => Self::Always(false),
            },
            Filter::And(filters) => Self::And(all(filters)),
            Filter::Or(filters) => Self::Or(all(filters)),
            Filter::Not(filter) => Self::Not(Box::new(Self::new(filter, columns))),
            // A kind of filter that is younger than this: nothing is let through unasked.
            _ => Self::Always(false),
        }
    }

    pub(crate) fn passes(&self, row: usize) -> bool {
        match self {
            Self::Always(passes) => *passes,
            Self::Any(rows, wanted) => rows[row].iter().any(|label| wanted.contains(label)),
            Self::Every(rows, wanted) => {
                wanted.iter().all(|label| rows[row].binary_search(label).is_ok())
            }
            Self::Range(numbers, from, to) => {
                !numbers[row].is_nan() && (*from, *to).contains(&numbers[row])
            }
            Self::And(plans) => plans.iter().all(|plan| plan.passes(row)),
            Self::Or(plans) => plans.iter().any(|plan| plan.passes(row)),
            Self::Not(plan) => !plan.passes(row),
        }
    }
}

fn any<'c>(columns: &'c Columns, name: &AttributeName, tags: &[String]) -> Plan<'c> {
    let Some(Column::Tags(labels)) = columns.get(name) else { return Plan::Always(false) };
    let known: Vec<u32> = tags.iter().filter_map(|tag| labels.number(tag)).collect();
    if known.is_empty() { Plan::Always(false) } else { Plan::Any(labels.rows(), known) }
}

fn every<'c>(columns: &'c Columns, name: &AttributeName, text: &str) -> Plan<'c> {
    let Some(Column::Words(labels)) = columns.get(name) else { return Plan::Always(false) };
    let number = |labels: &Labels, word: String| labels.number(&word);
    let known: Option<Vec<u32>> = words(text).map(|word| number(labels, word)).collect();
    // A word that no row has: no row has them all.
    known.map_or(Plan::Always(false), |known| Plan::Every(labels.rows(), known))
}
