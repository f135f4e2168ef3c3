//! What a limiter knows.

use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::RateLimit;
use super::allowance::Allowance;
use super::bucket::Bucket;
use super::pace::Pace;
use crate::http::{delay, rate_headers};

/// Nobody is held back for longer by one reply: a nonsensical delay must not stop a program for
/// good.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// A request must wait until then, and ask again.
pub(super) struct Wait(pub(super) Instant);

#[derive(Default)]
pub(super) struct State {
    configured: [Option<Bucket>; 2],
    announced: [Option<Allowance>; 2],
    /// Set when the service refused although its headers, read as an even flow, allowed it: its
    /// allowance comes back all at once.
    in_windows: bool,
    paused_until: Option<Instant>,
    pace: Pace,
    under_way: [f64; 2],
}

const NAMES: [&str; 2] = ["requests", "tokens"];

impl State {
    pub(super) fn set_rate(&mut self, rate: RateLimit, now: Instant) {
        let bucket = |amount: Option<u32>, burst, least| {
            amount.map(|amount| Bucket::per_minute(amount, Duration::from_secs(burst), least, now))
        };
        self.configured =
            [bucket(rate.requests_per_minute, 1, 1.0), bucket(rate.tokens_per_minute, 60, 1.0)];
    }

    /// How much longer everybody is held back.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        self.paused_until.filter(|until| *until > now).map(|until| until - now)
    }

    /// Starts a request, or says when to ask again.
    pub(super) fn start(&mut self, tokens: u64, now: Instant) -> Result<(), Wait> {
        let amounts = [1.0, as_f64(tokens)];
        let mut until = self.paused_until.filter(|until| *until > now);
        until = until.max(self.pace.wait(now));
        for (bucket, amount) in self.configured.iter_mut().zip(amounts) {
            let Some(bucket) = bucket else { continue };
            let wait = bucket.wait(amount, now);
            until = until.max((!wait.is_zero()).then(|| now + wait));
        }
        for (allowance, amount) in self.announced.iter_mut().zip(amounts) {
            if allowance.as_ref().is_some_and(|allowance| allowance.is_over(now)) {
                *allowance = None;
            }
            until = until.max(allowance.as_ref().and_then(|a| a.wait(amount, now)));
        }
        if let Some(until) = until {
            return Err(Wait(until));
        }
        self.pace.started(now);
        for (index, amount) in amounts.into_iter().enumerate() {
            self.under_way[index] += amount;
            if let Some(bucket) = &mut self.configured[index] {
                bucket.take(amount);
            }
            if let Some(allowance) = &mut self.announced[index] {
                allowance.spend(amount);
            }
        }
        Ok(())
    }

    /// The request is over.
    pub(super) fn ended(&mut self, tokens: u64) {
        self.under_way[0] -= 1.0;
        self.under_way[1] -= as_f64(tokens);
    }

    pub(super) fn accepted(&mut self, headers: &HeaderMap, now: Instant) {
        self.pace.accepted();
        self.read(headers, now);
    }

    pub(super) fn throttled(
        &mut self,
        started: Instant,
        named: Option<Duration>,
        headers: &HeaderMap,
        now: Instant,
    ) {
        let news = self.pace.is_news(started);
        if news && self.announced.iter().flatten().any(|allowance| !allowance.is_over(now)) {
            self.in_windows = true;
        }
        let in_row = if news { self.pace.refused(named, now) } else { 1 };
        // A delay that is not named is not doubled by every one of those refused together.
        let pause = match named {
            Some(named) => named.min(LONGEST_PAUSE),
            None if news => delay::backoff(in_row),
            None => Duration::ZERO,
        };
        self.paused_until = self.paused_until.max(Some(now + pause));
        self.read(headers, now);
    }

    /// Takes in what the service says is left. The request that brought the news is no longer under
    /// way.
    fn read(&mut self, headers: &HeaderMap, now: Instant) {
        for (index, name) in NAMES.into_iter().enumerate() {
            if let Some(left) = rate_headers::left(headers, name) {
                let others = match index {
                    0 => (self.under_way[0] - 1.0).max(0.0),
                    _ if self.under_way[0] <= 1.0 => 0.0,
                    _ => self.under_way[1] * (1.0 - 1.0 / self.under_way[0]),
                };
                self.announced[index] = Some(Allowance::new(&left, others, !self.in_windows, now));
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no request has 2^53 tokens")]
fn as_f64(tokens: u64) -> f64 {
    tokens as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn wait(state: &mut State, tokens: u64, now: Instant) -> Duration {
        state.start(tokens, now).err().map_or(Duration::ZERO, |Wait(until)| until - now)
    }

    #[test]
    fn a_pause_holds_and_a_pace_follows_that_quickens() {
        let (mut state, begun) = (State::default(), Instant::now());
        for i in 0..10 {
            let now = begun + MS * 10 * i;
            assert_eq!(wait(&mut state, 1, now), Duration::ZERO);
            state.accepted(&HeaderMap::new(), now);
        }
        let refused = begun + MS * 100;
        state.throttled(refused, Some(MS * 500), &HeaderMap::new(), refused);
        // Another that was under way at the same time changes nothing but the pause.
        state.throttled(begun, Some(MS * 600), &HeaderMap::new(), refused);
        assert_eq!(wait(&mut state, 1, refused + MS * 100), MS * 500);
        let after = refused + MS * 600;
        assert_eq!(wait(&mut state, 1, after), Duration::ZERO);
        // Ten in 100 ms had got through: a little slower than that.
        assert_eq!(wait(&mut state, 1, after), Duration::from_micros(12_500));
        state.accepted(&HeaderMap::new(), after);
        let later = after + MS * 20;
        assert_eq!(wait(&mut state, 1, later), Duration::ZERO);
        assert!(wait(&mut state, 1, later) < Duration::from_micros(12_400));
    }

    #[test]
    fn what_is_left_is_not_overspent() {
        let (mut state, now) = (State::default(), Instant::now());
        assert_eq!(wait(&mut state, 10, now), Duration::ZERO);
        let left = [
            ("x-ratelimit-remaining-requests", "2"),
            ("x-ratelimit-limit-requests", "12"),
            ("x-ratelimit-reset-requests", "1s"),
        ];
        state.accepted(&headers(&left), now);
        state.ended(10);
        assert_eq!(wait(&mut state, 10, now), Duration::ZERO);
        assert_eq!(wait(&mut state, 10, now), Duration::ZERO);
        assert_eq!(wait(&mut state, 10, now), MS * 100, "ten come back in a second");
        // Refused all the same: then they come back at once, at the reset.
        state.throttled(now + MS, None, &headers(&left[..1]), now + MS);
        let spent = [("x-ratelimit-remaining-requests", "0"), left[1], left[2]];
        state.accepted(&headers(&spent), now + MS);
        assert!(wait(&mut state, 10, now + MS) >= MS * 999);
        assert_eq!(wait(&mut state, 10, now + MS * 1002), Duration::ZERO);
    }

    #[test]
    fn nonsensical_delays_end() {
        let (mut state, now) = (State::default(), Instant::now());
        state.throttled(now, Some(Duration::from_secs(86_400)), &HeaderMap::new(), now);
        assert_eq!(state.pause(now), Some(LONGEST_PAUSE));
        assert_eq!(state.pause(now + LONGEST_PAUSE), None);
    }
}
