//! The server's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache_core::{CacheError, Finding, FindingCode as Code, Severity};
use redis::{Value, cmd};

use super::Visit;

/// Clocks that differ by more are told; expiry goes by the server's.
const LARGEST_SKEW: Duration = Duration::from_secs(2);

/// Compares it with ours, and gives the time by it: by ours, where it does not say.
pub(super) async fn look(visit: &mut Visit<'_>) -> Result<Duration, CacheError> {
    let before = now();
    let time = visit.ask(&cmd("TIME"), "time").await?;
    let Some(clock) = time.as_ref().and_then(moment) else { return Ok(before) };
    visit.findings.extend(skew(before, clock, now()));
    Ok(clock)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The answer of `TIME`: seconds and microseconds.
fn moment(reply: &Value) -> Option<Duration> {
    let Value::Array(parts) = reply else { return None };
    let number = |part: &Value| match part {
        Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse::<u64>().ok(),
        _ => None,
    };
    let [seconds, micros] = parts.as_slice() else { return None };
    Some(Duration::from_secs(number(seconds)?) + Duration::from_micros(number(micros)?))
}

/// The server's clock was read at some moment between two of ours: what its answer took on the way is
/// no difference.
fn skew(before: Duration, clock: Duration, after: Duration) -> Option<Finding> {
    let ahead = clock.saturating_sub(after);
    let behind = before.saturating_sub(clock);
    let skew = ahead.max(behind);
    if skew <= LARGEST_SKEW {
        return None;
    }
    let millis = u64::try_from(skew.as_millis()).unwrap_or(u64::MAX);
    let what = format!("the server's clock and this machine's differ by {millis} ms");
    let to_do = "synchronise both (NTP): how old an entry is goes by both";
    Some(Finding::new(Code::ClockSkew, Severity::Warning, what, to_do).with("millis", millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_differ_are_told_in_both_directions() {
        let seconds = Duration::from_secs;
        let millis = |clock| {
            let found = skew(seconds(1_000), clock, seconds(1_003));
            found.and_then(|finding| finding.number("millis"))
        };
        assert_eq!(
            [millis(seconds(998)), millis(seconds(1_001)), millis(seconds(1_005))],
            [None; 3]
        );
        assert_eq!((millis(seconds(1_010)), millis(seconds(900))), (Some(7_000), Some(100_000)));
    }
}
