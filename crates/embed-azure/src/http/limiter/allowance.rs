//! What the service's headers say is left.

use std::time::Duration;

use tokio::time::Instant;

use crate::http::rate_headers::Left;

/// What is left of requests or tokens, by the service's latest word and our own spending since.
pub(super) struct Allowance {
    remaining: f64,
    per_second: Option<f64>,
    limit: Option<f64>,
    at: Instant,
    full_at: Instant,
}

impl Allowance {
    /// `under_way` may not have been counted by the service yet. With `steady` the rest is taken to
    /// grow back evenly, otherwise all at once at the reset.
    pub(super) fn new(left: &Left, under_way: f64, steady: bool, now: Instant) -> Self {
        let full_in = left.reset.as_secs_f64();
        let per_second = left
            .limit
            .filter(|limit| steady && full_in > 0.0 && *limit > left.remaining)
            .map(|limit| (limit - left.remaining) / full_in);
        Self {
            remaining: left.remaining - under_way,
            per_second,
            limit: left.limit,
            at: now,
            full_at: now + left.reset,
        }
    }

    /// The reset is over: nothing is known any more.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.full_at
    }

    /// When this much may be spent.
    pub(super) fn wait(&self, amount: f64, now: Instant) -> Option<Instant> {
        // More than there ever is must do with all.
        let amount = self.limit.map_or(amount, |limit| amount.min(limit));
        let missing = amount - self.remaining;
        if missing <= 0.0 {
            return None;
        }
        let at = self.per_second.map_or(self.full_at, |rate| {
            (self.at + Duration::from_secs_f64((missing / rate).min(86_400.0))).min(self.full_at)
        });
        (at > now).then_some(at)
    }

    pub(super) fn spend(&mut self, amount: f64) {
        self.remaining -= amount;
    }
}
