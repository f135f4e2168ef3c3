//! Limits of requests and tokens per time.

use std::time::{Duration, Instant};

use crate::api::Api;

/// So many per second, after a burst.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
}

impl Rate {
    /// A rate whose burst is one second's worth, at least one.
    ///
    /// # Panics
    /// When the rate is not above zero.
    pub(crate) fn new(per_second: f64) -> Self {
        assert!(per_second > 0.0, "a rate must be above zero");
        Self { per_second, burst: per_second.max(1.0) }
    }
}

/// What a server or one of its deployments may be asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rates {
    pub(crate) requests: Option<Rate>,
    pub(crate) tokens: Option<Rate>,
    /// Whether a rejected request counts as one.
    pub(crate) charges_rejected: bool,
}

/// The token buckets of one deployment.
#[derive(Debug)]
pub(crate) struct Limiter {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    charges_rejected: bool,
}

/// A request over a limit.
#[derive(Debug)]
pub(crate) struct Excess {
    /// `requests` or `tokens`.
    pub(crate) of: &'static str,
    /// How long until it would be admitted.
    pub(crate) wait: Duration,
}

impl Limiter {
    pub(crate) fn new(rates: &Rates, now: Instant) -> Self {
        Self {
            requests: rates.requests.map(|rate| Bucket::full(rate, now)),
            tokens: rates.tokens.map(|rate| Bucket::full(rate, now)),
            charges_rejected: rates.charges_rejected,
        }
    }

    /// Takes a request of so many tokens, or says what it is over.
    pub(crate) fn admit(&mut self, tokens: f64, now: Instant) -> Result<(), Excess> {
        let amounts = [1.0, tokens];
        let names = ["requests", "tokens"];
        let mut buckets = [self.requests.as_mut(), self.tokens.as_mut()];
        let mut excess: Option<Excess> = None;
        for ((bucket, amount), of) in buckets.iter_mut().zip(amounts).zip(names) {
            let Some(bucket) = bucket else { continue };
            bucket.refill(now);
            let wait = bucket.wait(amount);
            if wait > excess.as_ref().map_or(Duration::ZERO, |e| e.wait) {
                excess = Some(Excess { of, wait });
            }
        }
        if excess.is_none() {
            for (bucket, amount) in buckets.into_iter().zip(amounts) {
                if let Some(bucket) = bucket {
                    bucket.take(amount);
                }
            }
        } else if self.charges_rejected
            && let Some(requests) = &mut self.requests
        {
            requests.take(1.0);
        }
        excess.map_or(Ok(()), Err)
    }

    /// The `x-ratelimit-…` headers, in the API's spelling of times.
    pub(crate) fn headers(&self, api: Api) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for (bucket, name) in [(&self.requests, "requests"), (&self.tokens, "tokens")] {
            let Some(bucket) = bucket else { continue };
            let mut header = |what: &str, value: String| {
                headers.push((format!("x-ratelimit-{what}-{name}"), value));
            };
            header("limit", format!("{:.0}", bucket.rate.burst.floor()));
            header("remaining", format!("{:.0}", bucket.level.max(0.0).floor()));
            header("reset", reset(bucket.wait(bucket.rate.burst), api));
        }
        headers
    }
}

/// A time as Azure writes it (`10`) or as OpenAI does (`120ms`, `1s`, `6m0s`).
fn reset(time: Duration, api: Api) -> String {
    let seconds = time.as_secs_f64().ceil();
    if api.is_azure() {
        return format!("{seconds:.0}");
    }
    match time.as_secs() {
        0 => format!("{}ms", time.as_millis()),
        1..60 => format!("{seconds:.0}s"),
        whole => format!("{}m{}s", whole / 60, whole % 60),
    }
}

#[derive(Debug)]
struct Bucket {
    rate: Rate,
    level: f64,
    at: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, level: rate.burst, at: now }
    }

    fn refill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.rate.per_second;
        self.level = (self.level + gained).min(self.rate.burst);
        self.at = now;
    }

    /// How long until this amount is there. More than a burst never is: it counts as a burst.
    fn wait(&self, amount: f64) -> Duration {
        let missing = amount.min(self.rate.burst) - self.level;
        Duration::from_secs_f64(missing.max(0.0) / self.rate.per_second)
    }

    /// Debts go no deeper than a burst.
    fn take(&mut self, amount: f64) {
        self.level = (self.level - amount).max(-self.rate.burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(charges_rejected: bool) -> (Limiter, Instant) {
        let now = Instant::now();
        let rates = Rates {
            requests: Some(Rate::new(2.0)),
            tokens: Some(Rate { per_second: 100.0, burst: 400.0 }),
            charges_rejected,
        };
        (Limiter::new(&rates, now), now)
    }

    #[test]
    fn requests_come_back_with_time() {
        let (mut limiter, now) = limiter(false);
        limiter.admit(1.0, now).unwrap();
        limiter.admit(1.0, now).unwrap();
        let excess = limiter.admit(1.0, now).unwrap_err();
        assert_eq!((excess.of, excess.wait), ("requests", Duration::from_millis(500)));
        limiter.admit(1.0, now + excess.wait).unwrap();
    }

    #[test]
    fn tokens_are_counted_apart_and_more_than_a_burst_is_a_burst() {
        let (mut limiter, now) = limiter(false);
        limiter.admit(10_000.0, now).unwrap();
        let excess = limiter.admit(100.0, now).unwrap_err();
        assert_eq!((excess.of, excess.wait), ("tokens", Duration::from_secs(5)));
    }

    #[test]
    fn rejected_requests_count_when_asked_to() {
        let (mut limiter, now) = limiter(true);
        let waits: Vec<_> =
            (0..10).map(|_| limiter.admit(1.0, now).err().map(|e| e.wait)).collect();
        assert_eq!(waits[..2], [None, None]);
        assert_eq!(waits[2..4], [500, 1000].map(|ms| Some(Duration::from_millis(ms))));
        assert_eq!(waits[9], Some(Duration::from_millis(1500)), "a debt is bounded");
    }

    #[test]
    fn resets_are_spelled_as_the_services_do() {
        let openai =
            [0, 120, 1000, 59_000, 360_000].map(|ms| reset(Duration::from_millis(ms), Api::OpenAi));
        assert_eq!(openai, ["0ms", "120ms", "1s", "59s", "6m0s"]);
        assert_eq!(reset(Duration::from_millis(9500), Api::AzureV1), "10");
    }
}
