//! How it stands, and what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::counts::{Counts, Unfit};
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;
use crate::output::Output;
use crate::verbs::feed::{Account, Progress, Refusals, Refused};

/// Counts of all batches, and how they are told.
pub(super) struct Report {
    output: Output,
    progress: Progress,
    refusals: Refusals,
    pub(super) counts: Counts,
}

impl Report {
    /// For an input of so many bytes, where that is known.
    pub(super) fn new(output: Output, bytes: Option<u64>) -> Self {
        let (progress, refusals) = (Progress::new(output, bytes), Refusals::new(output));
        Self { output, progress, refusals, counts: Counts::default() }
    }

    /// Counts a batch, and names the lines that gave no text.
    pub(super) fn add(&mut self, counts: &Counts, bytes: u64, refused: &[(u64, Refused)]) {
        self.counts.add(counts);
        if !refused.is_empty() {
            self.refusals.add(&self.progress, refused);
            self.counts.leave_out(Unfit::Line, refused.len() as u64);
        }
        self.advance(bytes);
    }

    fn advance(&mut self, bytes: u64) {
        let counts = &self.counts;
        let [entries, imported, failed] =
            [counts.entries(), counts.imported, counts.failed()].map(figures::count);
        let language = self.output.language;
        self.progress.advance(bytes, || language.importing(&entries, &imported, &failed));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.progress.finish();
        self.refusals.finish();
    }
}

impl Account for Report {
    fn tick(&mut self) {
        self.advance(0);
    }

    fn finishing(&self) {
        self.progress.note(&self.output.language.finishing_batches());
    }

    fn interrupted(&self) -> String {
        self.output.language.import_interrupted()
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    library: &'static str,
    from: &'a str,
    dry_run: bool,
    entries: u64,
    imported: u64,
    present: u64,
    repeated: u64,
    absent: u64,
    other_models: &'a BTreeMap<String, u64>,
    failed: u64,
    causes: &'a BTreeMap<Unfit, u64>,
    dimensions: &'a BTreeMap<usize, u64>,
    seconds: f64,
}

impl<'a> Answer<'a> {
    pub(super) fn new(
        library: &'static str,
        from: &'a str,
        dry_run: bool,
        counts: &'a Counts,
        seconds: f64,
    ) -> Self {
        Self {
            library,
            from,
            dry_run,
            entries: counts.entries(),
            imported: counts.imported,
            present: counts.present,
            repeated: counts.repeated,
            absent: counts.absent,
            other_models: &counts.other_models,
            failed: counts.failed(),
            causes: &counts.unfit,
            dimensions: &counts.dimensions,
            seconds,
        }
    }

    fn rows(&self, language: Language) -> Vec<(String, String)> {
        let imported = match self.dry_run {
            true => language.label_would_import(),
            false => language.label_imported(),
        };
        let mut rows = vec![(imported, figures::count(self.imported))];
        let mut row = |label: String, count: u64, parts: Vec<String>| {
            let mut value = figures::count(count);
            if !parts.is_empty() {
                value = format!("{value} ({})", parts.join(", "));
            }
            if count > 0 {
                rows.push((label, value));
            }
        };
        row(language.label_already_here(), self.present, Vec::new());
        row(language.label_repeated(), self.repeated, Vec::new());
        row(language.label_not_there(), self.absent, Vec::new());
        let models = self.other_models.iter();
        let models = models.map(|(name, count)| part(language, &figures::one_line(name), *count));
        row(language.label_other_models(), self.other_models.values().sum(), models.collect());
        let causes = self.causes.iter();
        let causes = causes.map(|(why, count)| part(language, &why.reason(language), *count));
        row(language.label_import_failed(), self.failed, causes.collect());
        let dimensions: Vec<_> = self.dimensions.keys().map(usize::to_string).collect();
        if !dimensions.is_empty() {
            rows.push((language.label_import_dimensions(), dimensions.join(", ")));
        }
        let time = figures::span(Duration::from_secs_f64(self.seconds));
        rows.push((language.label_import_took(), time));
        rows
    }
}

fn part(language: Language, name: &str, count: u64) -> String {
    language.number_of(name, &figures::count(count))
}

pub(super) fn answer(context: &Context, answer: &Answer<'_>) -> Result<(), Failure> {
    match context.output.json {
        true => context.output.object(answer),
        false => context.output.rows(&answer.rows(context.language())),
    }
}
