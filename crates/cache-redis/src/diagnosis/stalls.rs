//! What held the server up, as far as its latency monitor has noted it. The monitor is off unless
//! `latency-monitor-threshold` is set; then there is nothing to see, which is no finding.

use std::time::Duration;

use cache_core::{CacheError, Finding, FindingCode as Code, Severity};
use redis::{Value, cmd};

use super::{Visit, persistence};

/// Whoever waits shorter, in milliseconds, does not feel it.
const FELT: i64 = 100;

/// Looks at what the monitor has noted from this moment on, by the server's clock. What another
/// finding already says is not said again.
pub(super) async fn look(visit: &mut Visit<'_>, since: Duration) -> Result<(), CacheError> {
    let mut command = cmd("LATENCY");
    command.arg("LATEST");
    if let Some(Value::Array(events)) = visit.ask(&command, "latency latest").await? {
        let stalls = events.iter().filter_map(|value| Stall::read(value, since));
        let news: Vec<_> = stalls.filter(|stall| !is_told(&visit.findings, stall.event)).collect();
        visit.findings.extend(news.iter().map(Stall::finding));
    }
    Ok(())
}

/// Whether a closer look has found the same: which command it was, or how long the fork took.
fn is_told(findings: &[Finding], event: &str) -> bool {
    let code = match event {
        "command" | "fast-command" => Code::SlowCommands,
        "fork" => Code::SlowFork,
        _ => return false,
    };
    findings.iter().any(|finding| finding.code == code)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stall<'a> {
    event: &'a str,
    millis: u64,
    most_millis: u64,
}

impl<'a> Stall<'a> {
    /// One entry: the event, when it was last noted, how long it took then, and at worst.
    fn read(value: &'a Value, since: Duration) -> Option<Self> {
        let Value::Array(fields) = value else { return None };
        let [name, Value::Int(at), Value::Int(last), Value::Int(worst), ..] = fields.as_slice()
        else {
            return None;
        };
        let event = match name {
            Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?,
            Value::SimpleString(text) => text,
            _ => return None,
        };
        let recent = u64::try_from(*at).is_ok_and(|at| at >= since.as_secs());
        let known = event.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let (millis, most_millis) = (last.unsigned_abs(), worst.unsigned_abs());
        (recent && known && *worst >= FELT).then_some(Self { event, millis, most_millis })
    }

    fn finding(&self) -> Finding {
        let Self { event, millis, most_millis } = *self;
        let what = format!(
            "the server was held up ({event}): {millis} ms the last time, which was in the last \
             hour, and {most_millis} ms at worst"
        );
        let finding = Finding::new(Code::Stalls, Severity::Warning, what, what_to_do(event));
        finding.with("event", event).with("millis", millis).with("most_millis", most_millis)
    }
}

fn what_to_do(event: &str) -> &'static str {
    match event {
        "fork" => persistence::FORK_LESS,
        "command" | "fast-command" => "look at SLOWLOG GET: while one runs, everybody else waits",
        "expire-cycle" => "spread the ends of entries (CACHE_TTL_JITTER): many expire at one time",
        _ if event.starts_with("eviction") => "raise maxmemory: making room takes long",
        _ if event.starts_with("aof") || event.starts_with("rdb") => persistence::WRITE_FASTER,
        _ => "look at LATENCY DOCTOR on the server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, fields: [i64; 3]) -> Value {
        let name = Value::BulkString(name.as_bytes().to_vec());
        Value::Array(std::iter::once(name).chain(fields.map(Value::Int)).collect())
    }

    #[test]
    fn what_is_recent_and_felt_is_told() {
        let since = Duration::from_secs(1_000);
        let read = |fields| Stall::read(&event("aof-write", fields), since).map(|it| it.millis);
        assert_eq!(read([1_000, 120, 340]), Some(120));
        assert_eq!(read([1_000, 3, 340]), Some(3), "at worst");
        assert_eq!(read([999, 120, 340]), None, "long ago");
        assert_eq!(read([1_000, 20, 99]), None, "not felt");
        // Servers since 8.0 say more of each.
        let Value::Array(mut longer) = event("fork", [1_000, 120, 340]) else { unreachable!() };
        longer.extend([Value::Int(500), Value::Int(4)]);
        assert!(Stall::read(&Value::Array(longer), since).is_some());
        assert_eq!(Stall::read(&event("a\nb", [1_000, 120, 340]), since), None);
    }

    #[test]
    fn every_kind_has_its_remedy() {
        let remedy = |event, word: &str| {
            let stall = Stall { event, millis: 120, most_millis: 340 };
            let finding = stall.finding();
            assert!(finding.what_to_do.contains(word), "{finding}");
            assert!(finding.what.contains(event) && finding.what.contains("340 ms"), "{finding}");
        };
        remedy("fork", "huge pages");
        remedy("aof-fsync-always", "disk");
        remedy("rdb-unlink-temp-file", "disk");
        remedy("expire-cycle", "CACHE_TTL_JITTER");
        remedy("eviction-del", "maxmemory");
        remedy("command", "SLOWLOG");
        remedy("active-defrag-cycle", "LATENCY DOCTOR");
    }

    #[test]
    fn nothing_is_told_twice() {
        let slow = [Finding::new(Code::SlowCommands, Severity::Warning, "", "")];
        assert!(is_told(&slow, "command") && is_told(&slow, "fast-command"));
        assert!(
            !is_told(&slow, "fork") && !is_told(&slow, "aof-write") && !is_told(&[], "command")
        );
    }
}
