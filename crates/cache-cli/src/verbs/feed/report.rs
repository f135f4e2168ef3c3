//! What has come of the texts.

use std::time::Duration;

use caching_with_redis::embedding::{EmbeddingCache, Statistics};
use serde::Serialize;

use super::progress::Progress;
use super::texts::Refused;
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;
use crate::output::Output;

/// So many failures are told one by one.
const TOLD: u64 = 20;

/// Counts of one batch. Every text is exactly one of hit, computed or failed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) hits: u64,
    pub(super) computed: u64,
    /// Bytes of the input.
    pub(super) bytes: u64,
}

#[derive(Debug, Serialize)]
struct Answer {
    texts: u64,
    hits: u64,
    computed: u64,
    failed: u64,
    tokens: u64,
    spent_usd: f64,
    seconds: f64,
}

/// Counts of all batches, and how they are told.
pub(super) struct Report {
    output: Output,
    progress: Progress,
    /// What counts tokens and money.
    cache: EmbeddingCache,
    hits: u64,
    computed: u64,
    failed: u64,
}

impl Report {
    pub(super) fn new(output: Output, progress: Progress, cache: EmbeddingCache) -> Self {
        Self { output, progress, cache, hits: 0, computed: 0, failed: 0 }
    }

    /// Counts a batch, and names the lines that failed.
    pub(super) fn add(&mut self, tally: Tally, refused: &[(u64, Refused)]) {
        self.hits += tally.hits;
        self.computed += tally.computed;
        let language = self.output.language;
        for (line, refused) in refused {
            if self.failed < TOLD {
                self.progress.note(&language.line_failed(*line, &refused.reason(language)));
            }
            self.failed += 1;
        }
        self.advance(tally.bytes);
    }

    /// Shows how it stands while nothing comes: a service may be asking for patience.
    pub(super) fn tick(&mut self) {
        self.advance(0);
    }

    fn advance(&mut self, bytes: u64) {
        let language = self.output.language;
        let numbers = [self.texts(), self.hits, self.failed].map(figures::count);
        let spent = self.cache.statistics();
        self.progress.advance(bytes, || {
            let [texts, hits, failed] = &numbers;
            with_expense(language.warming(texts, hits, failed), &spent, language)
        });
    }

    /// Says that no more batches are begun.
    pub(super) fn finishing(&self) {
        self.progress.note(&self.output.language.finishing_batches());
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed
    }

    /// Gives the answer.
    pub(super) fn finish(&self, elapsed: Duration) -> Result<(), Failure> {
        self.progress.finish();
        let language = self.output.language;
        let spent = self.cache.statistics();
        if self.failed > TOLD {
            self.output.note(&language.more_failed(&figures::count(self.failed - TOLD)));
        }
        if self.output.json {
            return self.output.object(&Answer {
                texts: self.texts(),
                hits: self.hits,
                computed: self.computed,
                failed: self.failed,
                tokens: spent.provider_tokens,
                spent_usd: spent.money_spent(),
                seconds: elapsed.as_secs_f64(),
            });
        }
        let [texts, hits, computed, failed] =
            [self.texts(), self.hits, self.computed, self.failed].map(figures::count);
        let time = figures::span(elapsed);
        let done = language.warmed(&texts, &hits, &computed, &failed, &time);
        self.output.line(&with_expense(done, &spent, language))
    }

    fn texts(&self) -> u64 {
        self.hits + self.computed + self.failed
    }
}

/// Adds what it has cost so far, as far as that is known.
fn with_expense(done: String, spent: &Statistics, language: Language) -> String {
    let tokens = figures::count(spent.provider_tokens);
    match (spent.provider_tokens, spent.picodollars_spent) {
        (0, _) => done,
        (_, 0) => language.warmed_for(&done, &tokens),
        _ => language.warmed_for_money(&done, &tokens, &figures::dollars(spent.money_spent())),
    }
}
