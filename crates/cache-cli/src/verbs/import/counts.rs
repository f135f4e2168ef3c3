//! What has come of the entries of an old cache.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::language::Language;

/// So many models and dimensions are told apart; an old cache has a handful.
const TOLD_APART: usize = 32;

/// Why an entry is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unfit {
    /// It has the old cache's prefix, and is not of it.
    Foreign,
    /// Its content is no text, or its key is not that of its text and model.
    Mismatched,
    /// Something is missing, or the vector is no list of numbers.
    Damaged,
    NotFinite,
    WrongDimensions,
    TooLong,
    /// A line that gave no text; the line is named besides.
    Line,
}

impl Unfit {
    pub(super) fn reason(self, language: Language) -> String {
        match self {
            Self::Foreign => language.unfit_foreign(),
            Self::Mismatched => language.unfit_mismatched(),
            Self::Damaged => language.unfit_damaged(),
            Self::NotFinite => language.unfit_not_finite(),
            Self::WrongDimensions => language.unfit_dimensions(),
            Self::TooLong => language.unfit_too_long(),
            Self::Line => language.unfit_line(),
        }
    }
}

/// Every entry, or line, is exactly one of imported, present, repeated, absent, of another model or
/// unfit.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) imported: u64,
    /// Cached here already.
    pub(super) present: u64,
    /// Texts that came before, in the same batch.
    pub(super) repeated: u64,
    /// Not in the old cache, or not any more.
    pub(super) absent: u64,
    /// Entries that were recorded under other models' names.
    pub(super) other_models: BTreeMap<String, u64>,
    pub(super) unfit: BTreeMap<Unfit, u64>,
    /// Vectors that were read, by their dimensions.
    pub(super) dimensions: BTreeMap<usize, u64>,
}

impl Counts {
    pub(super) fn leave_out(&mut self, why: Unfit, count: u64) {
        *self.unfit.entry(why).or_default() += count;
    }

    pub(super) fn of_other_model(&mut self, name: &str) {
        add(&mut self.other_models, name.to_owned(), 1);
    }

    pub(super) fn of_dimensions(&mut self, dimensions: usize) {
        add(&mut self.dimensions, dimensions, 1);
    }

    pub(super) fn add(&mut self, more: &Self) {
        self.imported += more.imported;
        self.present += more.present;
        self.repeated += more.repeated;
        self.absent += more.absent;
        for (name, count) in &more.other_models {
            add(&mut self.other_models, name.clone(), *count);
        }
        for (why, count) in &more.unfit {
            self.leave_out(*why, *count);
        }
        for (dimensions, count) in &more.dimensions {
            add(&mut self.dimensions, *dimensions, *count);
        }
    }

    pub(super) fn of_other_models(&self) -> u64 {
        self.other_models.values().sum()
    }

    pub(super) fn failed(&self) -> u64 {
        self.unfit.values().sum()
    }

    /// What was there and could be used.
    pub(super) fn found(&self) -> u64 {
        self.imported + self.present
    }

    pub(super) fn entries(&self) -> u64 {
        let used = self.found() + self.repeated;
        used + self.absent + self.of_other_models() + self.failed()
    }
}

/// What is beyond those that are told apart is counted as the last of them.
fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, name: K, count: u64) {
    if let Some(known) = counts.get_mut(&name) {
        *known += count;
    } else if counts.len() < TOLD_APART {
        counts.insert(name, count);
    } else if let Some(mut last) = counts.last_entry() {
        *last.get_mut() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_counted_once_however_many_models_there_are() {
        let mut all = Counts::default();
        for number in 0..100 {
            let mut one = Counts { imported: 1, absent: 1, ..Counts::default() };
            one.of_other_model(&format!("model {number}"));
            one.leave_out(Unfit::NotFinite, 2);
            one.of_dimensions(number);
            all.add(&one);
        }
        assert_eq!((all.found(), all.of_other_models(), all.failed()), (100, 100, 200));
        assert_eq!(all.entries(), 500);
        assert_eq!((all.other_models.len(), all.dimensions.len()), (TOLD_APART, TOLD_APART));
    }
}
