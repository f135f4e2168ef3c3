//! How quickly requests follow each other after a refusal.

use std::time::Duration;

use tokio::time::Instant;

/// Slower than what was measured, to get below the limit at once.
const SLOWER: f64 = 1.25;
/// Quicker with every accepted request: twice as quick after 70 of them.
const QUICKER: f64 = 0.99;
/// A pace as quick as this is none.
const SHORTEST: Duration = Duration::from_micros(500);
const LONGEST: Duration = Duration::from_secs(30);
/// A refusal this long ago says nothing any more.
const FORGOTTEN: Duration = Duration::from_secs(120);

/// A distance between starts, found by refusals: measured on what got through since the last one,
/// then shortened a little with every success.
#[derive(Default)]
pub(super) struct Pace {
    distance: Option<Duration>,
    next: Option<Instant>,
    /// Since when requests that got through are counted: the last refusal, or the first start.
    since: Option<Instant>,
    through: u32,
    refused_at: Option<Instant>,
    in_row: u32,
}

impl Pace {
    /// When the next request may start.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Instant> {
        if self.refused_at.is_some_and(|at| now > at + FORGOTTEN) {
            (self.distance, self.refused_at) = (None, None);
        }
        self.distance.and(self.next).filter(|next| *next > now)
    }

    pub(super) fn started(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        self.next = self.distance.map(|distance| now + distance);
    }

    pub(super) fn accepted(&mut self) {
        self.through = self.through.saturating_add(1);
        self.in_row = 0;
        self.distance = self.distance.map(|d| d.mul_f64(QUICKER)).filter(|d| *d > SHORTEST);
    }

    /// Requests that started before the last refusal was known tell nothing new.
    pub(super) fn is_news(&self, started: Instant) -> bool {
        self.refused_at.is_none_or(|at| started > at)
    }

    /// A refusal that [is news](Self::is_news). Answers with how many there were in a row.
    pub(super) fn refused(&mut self, delay: Option<Duration>, now: Instant) -> u32 {
        let since = self.since.unwrap_or(now);
        let measured = match self.through {
            0 => self.distance.map_or(Duration::ZERO, |d| d * 2).max(delay.unwrap_or_default()),
            through => now.saturating_duration_since(since) / through,
        };
        self.distance = Some(measured.mul_f64(SLOWER).clamp(SHORTEST, LONGEST));
        (self.since, self.through, self.refused_at) = (Some(now), 0, Some(now));
        self.in_row = self.in_row.saturating_add(1);
        self.in_row
    }
}
