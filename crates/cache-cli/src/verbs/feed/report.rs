//! What has come of the lines.

use caching_with_redis::embedding::{EmbeddingCache, Statistics};

use super::progress::Progress;
use super::{Account, Input, Refusals, Refused};
use crate::figures;
use crate::output::Output;

/// Counts of one batch. Every line is exactly one of hit, computed, given or failed.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::verbs) struct Tally {
    pub(in crate::verbs) hits: u64,
    pub(in crate::verbs) computed: u64,
    /// Lines that came with their vector.
    pub(in crate::verbs) given: u64,
    /// Bytes of the input.
    pub(in crate::verbs) bytes: u64,
}

/// Counts of all batches, and how they are told.
pub(in crate::verbs) struct Report {
    output: Output,
    progress: Progress,
    /// What counts tokens and money.
    cache: EmbeddingCache,
    pub(in crate::verbs) hits: u64,
    pub(in crate::verbs) computed: u64,
    pub(in crate::verbs) given: u64,
    refusals: Refusals,
}

impl Report {
    pub(in crate::verbs) fn new(output: Output, input: &Input, cache: &EmbeddingCache) -> Self {
        let (progress, cache) = (Progress::new(output, input.bytes()), cache.clone());
        let refusals = Refusals::new(output);
        Self { output, progress, cache, hits: 0, computed: 0, given: 0, refusals }
    }

    /// Counts a batch, and names the lines that failed.
    pub(in crate::verbs) fn add(&mut self, tally: Tally, refused: &[(u64, Refused)]) {
        self.hits += tally.hits;
        self.computed += tally.computed;
        self.given += tally.given;
        self.refusals.add(&self.progress, refused);
        self.advance(tally.bytes);
    }

    fn advance(&mut self, bytes: u64) {
        let language = self.output.language;
        let [lines, hits, failed] = [self.lines(), self.hits, self.failed()].map(figures::count);
        let standing = self.with_expense(language.warming(&lines, &hits, &failed));
        self.progress.advance(bytes, || standing);
    }

    /// Takes the bar away, and says how many failures were not told.
    pub(in crate::verbs) fn finish(&self) {
        self.progress.finish();
        self.refusals.finish();
    }

    /// Lines that gave nothing.
    pub(in crate::verbs) fn failed(&self) -> u64 {
        self.refusals.count
    }

    pub(in crate::verbs) fn lines(&self) -> u64 {
        self.hits + self.computed + self.given + self.failed()
    }

    /// What the provider was paid.
    pub(in crate::verbs) fn spent(&self) -> Statistics {
        self.cache.statistics()
    }

    /// Adds what it has cost so far, as far as that is known.
    pub(in crate::verbs) fn with_expense(&self, done: String) -> String {
        let (spent, language) = (self.spent(), self.output.language);
        let tokens = figures::count(spent.provider_tokens);
        match (spent.provider_tokens, spent.picodollars_spent) {
            (0, _) => done,
            (_, 0) => language.warmed_for(&done, &tokens),
            _ => {
                let money = figures::dollars(spent.money_spent());
                language.warmed_for_money(&done, &tokens, &money)
            }
        }
    }
}

impl Account for Report {
    /// A service may be asking for patience.
    fn tick(&mut self) {
        self.advance(0);
    }

    fn finishing(&self) {
        self.progress.note(&self.output.language.finishing_batches());
    }

    fn interrupted(&self) -> String {
        self.output.language.warm_interrupted()
    }
}
