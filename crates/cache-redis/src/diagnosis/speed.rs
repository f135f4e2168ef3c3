//! Slow commands.

use std::time::Duration;

use cache_core::{CacheError, Finding, FindingCode as Code, Severity};
use redis::{Value, cmd};

use super::Visit;

/// Commands that took longer, in microseconds, hold up everybody else.
const SLOW: i64 = 10_000;

/// Entries of the slow log that are looked at: as many as it has, unless it is set otherwise.
const LOGGED: usize = 128;

/// Looks at what the slow log has from this moment on, by the server's clock.
pub(super) async fn look(visit: &mut Visit<'_>, since: Duration) -> Result<(), CacheError> {
    let mut command = cmd("SLOWLOG");
    command.arg("GET").arg(LOGGED);
    if let Some(Value::Array(entries)) = visit.ask(&command, "slowlog get").await? {
        visit.findings.extend(slow(&entries, since));
    }
    Ok(())
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
