//! Slow commands, and the server's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache_core::{CacheError, Finding, FindingCode as Code, Severity};
use redis::{Value, cmd};

use super::Visit;

/// Commands that took longer, in microseconds, hold up everybody else.
const SLOW: i64 = 10_000;

/// Entries of the slow log that are looked at: as many as it has, unless it is set otherwise.
const LOGGED: usize = 128;

const HOUR: Duration = Duration::from_secs(3_600);

/// Clocks that differ by more are told; expiry goes by the server's.
const LARGEST_SKEW: Duration = Duration::from_secs(2);

pub(super) async fn look(visit: &mut Visit<'_>) -> Result<(), CacheError> {
    let before = now();
    let time = visit.ask(&cmd("TIME"), "time").await?;
    let clock = time.as_ref().and_then(moment);
    if let Some(clock) = clock {
        visit.findings.extend(skew(before, clock, now()));
    }
    let mut command = cmd("SLOWLOG");
    command.arg("GET").arg(LOGGED);
    if let Some(Value::Array(entries)) = visit.ask(&command, "slowlog get").await? {
        let since = clock.unwrap_or(before).saturating_sub(HOUR);
        visit.findings.extend(slow(&entries, since));
    }
    Ok(())
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

/// The server's clock was read at some moment between two of ours.
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

struct Slow {
    micros: i64,
    command: String,
}

/// One entry of the slow log: id, moment, microseconds, the command and its arguments, of which only
/// the first is looked at.
fn entry(value: &Value, since: Duration) -> Option<Slow> {
    let Value::Array(fields) = value else { return None };
    let [_, Value::Int(at), Value::Int(micros), Value::Array(words), ..] = fields.as_slice() else {
        return None;
    };
    let Some(Value::BulkString(command)) = words.first() else { return None };
    let recent = u64::try_from(*at).is_ok_and(|at| at >= since.as_secs());
    let known = command.len() <= 32 && command.iter().all(u8::is_ascii_alphanumeric);
    (recent && known && *micros >= SLOW).then(|| {
        let command = String::from_utf8_lossy(command).to_ascii_lowercase();
        Slow { micros: *micros, command }
    })
}

fn slow(entries: &[Value], since: Duration) -> Option<Finding> {
    let slow: Vec<Slow> = entries.iter().filter_map(|value| entry(value, since)).collect();
    let worst = slow.iter().max_by_key(|entry| entry.micros)?;
    let (commands, millis) = (slow.len() as u64, worst.micros.unsigned_abs() / 1_000);
    let what = format!(
        "{commands} commands took longer than {} ms in the last hour, {} the longest, {millis} ms",
        SLOW / 1_000,
        worst.command
    );
    let to_do = "look at SLOWLOG GET: while one runs, everybody else waits";
    let finding = Finding::new(Code::SlowCommands, Severity::Warning, what, to_do);
    let finding = finding.with("commands", commands).with("millis", millis);
    Some(finding.with("command", worst.command.as_str()))
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
