//! How long to wait before asking again.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
/// Delays beyond a day are taken for a day; more does not fit into every clock.
const DAY: f64 = 86_400.0;

/// The delay that the service names: `retry-after-ms`, else `retry-after` in seconds (whole or
/// not) or as a date.
pub(super) fn named(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |name: &str| text(name)?.parse::<f64>().ok();
    if let Some(delay) = number("retry-after-ms").and_then(|ms| seconds(ms / 1000.0)) {
        return Some(delay);
    }
    if let Some(delay) = number("retry-after").and_then(seconds) {
        return Some(delay);
    }
    let date = httpdate::parse_http_date(text("retry-after")?).ok()?;
    let delay = date.duration_since(SystemTime::now()).unwrap_or_default();
    seconds(delay.as_secs_f64())
}

/// A duration of so many seconds, if that is one.
pub(super) fn seconds(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(DAY)))
}

/// Doubles with every failure, and is drawn between half of that and all of it, so that clients
/// that failed together do not come back together.
pub(super) fn backoff(failures: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(LONGEST).mul_f64(jitter(0.5, 1.0))
}

/// A random number between the two. The standard library's hash keys are random enough for it.
pub(super) fn jitter(from: f64, to: f64) -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 32;
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let unit = bits as f64 / f64::from(u32::MAX);
    from + unit * (to - from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &str)]) -> Option<Duration> {
        named(&pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect())
    }

    #[test]
    fn every_documented_form_is_read() {
        assert_eq!(of(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(of(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        let both = [("retry-after", "7"), ("retry-after-ms", "20")];
        assert_eq!(of(&both), Some(Duration::from_millis(20)));
        let nonsense = [("retry-after", "7"), ("retry-after-ms", "soon")];
        assert_eq!(of(&nonsense), Some(Duration::from_secs(7)));
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(30));
        let delay = of(&[("retry-after", &date)]).unwrap();
        assert!((28..=30).contains(&delay.as_secs()), "{delay:?}");
        assert_eq!(of(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_no_delay_is_ignored() {
        for text in ["-1", "NaN", "inf", "", "later", "1e400"] {
            assert_eq!(of(&[("retry-after", text)]), None, "{text}");
        }
        assert_eq!(of(&[("retry-after", "1e300")]), Some(Duration::from_secs(86_400)));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn backoff_doubles_up_to_a_limit() {
        for failures in 1..40 {
            let most = FIRST.saturating_mul(1 << (failures - 1).min(20)).min(LONGEST);
            for _ in 0..20 {
                let delay = backoff(failures);
                assert!(delay >= most / 2 && delay <= most, "{failures}: {delay:?}");
            }
        }
    }
}
