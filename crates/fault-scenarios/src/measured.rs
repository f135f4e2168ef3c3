//! What came of it, in figures.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// What a caller was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Hit,
    Computed,
    Wrong,
    /// The call failed.
    Nothing,
}

impl Told {
    pub(crate) fn of(right: bool, hit: bool) -> Self {
        match (right, hit) {
            (false, _) => Self::Wrong,
            (true, true) => Self::Hit,
            (true, false) => Self::Computed,
        }
    }
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) start: Instant,
    /// How much longer than the provider alone it took.
    pub(crate) added: Duration,
    pub(crate) told: Told,
}

/// Times of many calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Latencies {
    /// Half of them took no longer.
    pub p50: Duration,
    /// All but one in a hundred.
    pub p99: Duration,
    /// None took longer.
    pub max: Duration,
}

impl Latencies {
    pub(crate) fn of(samples: &[Sample]) -> Self {
        let mut added: Vec<_> = samples.iter().map(|sample| sample.added).collect();
        added.sort_unstable();
        let at =
            |percent: usize| added.get(added.len() * percent / 100).copied().unwrap_or_default();
        Self { p50: at(50), p99: at(99), max: added.last().copied().unwrap_or_default() }
    }
}

/// What one scenario came to, from the break to the recovery.
#[derive(Debug, Clone)]
pub struct Row {
    /// The scenario's name.
    pub name: &'static str,
    /// Calls made.
    pub calls: usize,
    /// Answers that were not right.
    pub wrong: usize,
    /// Calls that got no answer.
    pub failed: usize,
    /// Calls that were hits while the store was broken.
    pub hits: usize,
    /// What the cache added to the provider's own time.
    pub added: Latencies,
    /// What the machine added to calls without a cache, at the same time.
    pub noise: Latencies,
    /// What the cache may add by its budgets.
    pub budget: Duration,
    /// Whether a breaker had to open.
    pub outage: bool,
    /// How often a breaker opened, and closed.
    pub breakers: (u64, u64),
    /// Whether all breakers were closed in the end.
    pub closed: bool,
    /// From the healing until what was asked for after it was a hit, in both caches; `None` when
    /// that did not come about in ten seconds.
    pub recovery: Option<Duration>,
}

/// The rows as a Markdown table.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what happens | calls | wrong | failed | hits meanwhile | added: half | 99 % | most | \
         machine: 99 % | most | breaker opened | hits again after |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let ms = |time: Duration| time.as_millis();
        let recovery = row.recovery.map_or("never".to_owned(), |time| format!("{} ms", ms(time)));
        let (added, noise) = (row.added, row.noise);
        let line = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} ms | {} ms | {} ms | {} ms | {} ms | {} | {recovery} |",
            row.name,
            row.calls,
            row.wrong,
            row.failed,
            row.hits,
            ms(added.p50),
            ms(added.p99),
            ms(added.max),
            ms(noise.p99),
            ms(noise.max),
            row.breakers.0,
        );
        line.expect("invariant: a String takes any text");
    }
    text
}
