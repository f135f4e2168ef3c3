//! A configured rate.

use std::time::Duration;

use tokio::time::Instant;

/// A token bucket that goes into debt: a request may start while the bucket is not empty, or is
/// full, and pays in full.
pub(super) struct Bucket {
    per_second: f64,
    size: f64,
    level: f64,
    at: Instant,
}

impl Bucket {
    /// Refills evenly and holds what `burst` brings, at least `least`.
    pub(super) fn per_minute(amount: u32, burst: Duration, least: f64, now: Instant) -> Self {
        let per_second = f64::from(amount) / 60.0;
        let size = (per_second * burst.as_secs_f64()).max(least);
        Self { per_second, size, level: size, at: now }
    }

    /// How long until this much may be taken.
    pub(super) fn wait(&mut self, amount: f64, now: Instant) -> Duration {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.level = (self.level + gained).min(self.size);
        self.at = now;
        let missing = amount.min(self.size) - self.level;
        // A trifle more, so that rounding does not wake us a moment too early again and again.
        if missing <= 1e-6 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(missing / self.per_second)
        }
    }

    pub(super) fn take(&mut self, amount: f64) {
        self.level -= amount;
    }
}
