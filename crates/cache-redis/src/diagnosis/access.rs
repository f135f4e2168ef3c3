//! Who may come in, and how.

use std::net::IpAddr;

use cache_core::{CacheError, ErrorKind, Finding, FindingCode as Code, Severity};
use redis::{Value, cmd};

use super::{Visit, is_fatal};

pub(super) async fn look(visit: &mut Visit<'_>) -> Result<(), CacheError> {
    visit.findings.extend(encryption(visit.link.location()));
    default_user(visit).await?;
    tracking(visit).await
}

fn encryption(location: &str) -> Option<Finding> {
    let host = location
        .strip_prefix("redis://")?
        .rsplit_once('@')
        .map_or_else(|| location.trim_start_matches("redis://"), |(_, host)| host);
    if is_this_machine(host) {
        return None;
    }
    let what = "the server is on another machine, and the connection to it is not encrypted";
    let to_do = "use rediss:// with a server that speaks TLS";
    Some(Finding::new(Code::NoTls, Severity::Warning, what, to_do))
}

/// `host:port/db`, the host in brackets where it is an IPv6 address.
fn is_this_machine(host: &str) -> bool {
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next(),
        None => host.split([':', '/']).next(),
    };
    let host = host.unwrap_or_default();
    let address = host.parse::<IpAddr>();
    // As `[::ffff:127.0.0.1]` it is the same machine.
    let address = address.map(|address| address.to_canonical());
    host == "localhost"
        || address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

async fn default_user(visit: &mut Visit<'_>) -> Result<(), CacheError> {
    let mut command = cmd("ACL");
    command.arg("GETUSER").arg("default");
    let Some(Value::Array(fields)) = visit.ask(&command, "acl getuser").await? else {
        return Ok(());
    };
    let word = |value: &Value| match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        _ => String::new(),
    };
    let flags = fields.chunks_exact(2).find_map(|pair| match pair {
        [name, Value::Array(flags)] if word(name) == "flags" => Some(flags),
        _ => None,
    });
    let has = |wanted: &str| flags.is_some_and(|flags| flags.iter().any(|it| word(it) == wanted));
    if has("on") && has("nopass") {
        let what = "the server asks nobody for a password: whoever reaches it reads everything";
        let to_do = "set requirepass in its configuration, or give every user a password";
        visit.findings.push(Finding::new(Code::NoPassword, Severity::Warning, what, to_do));
    }
    Ok(())
}

/// Whether the server could tell this user of changes: asked in a way that it refuses as bad syntax
/// where it would.
async fn tracking(visit: &mut Visit<'_>) -> Result<(), CacheError> {
    let mut track = cmd("CLIENT");
    track.arg("TRACKING").arg("?");
    for (command, name) in [(track, "client tracking"), (cmd("HELLO"), "hello")] {
        match visit.send(&command).await {
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let what = format!(
                    "the server cannot tell of changes, so that nothing can be kept near safely: \
                     this user may not use {name}"
                );
                let to_do = format!("allow it with ACL SETUSER … +{}", name.replace(' ', "|"));
                let finding = Finding::new(Code::NoTracking, Severity::Info, what, to_do);
                visit.findings.push(finding.with("reason", name));
                return Ok(());
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unencrypted_ways_to_other_machines_are_told() {
        for other in [
            "redis://10.0.0.7:6379/0",
            "redis://app@cache.internal:6379/3",
            "redis://app@[fd00::1]:6379/0",
            "redis://localhost.example:6379/0",
        ] {
            assert!(encryption(other).is_some(), "{other}");
        }
        for safe in [
            "redis://127.0.0.1:6379/0",
            "redis://user@localhost:6379/0",
            "redis://[::1]:6379/0",
            "redis://[::ffff:127.0.0.1]:6379/0",
            "rediss://cache.internal:6380/0",
            "unix:///run/redis.sock?db=0",
        ] {
            assert!(encryption(safe).is_none(), "{safe}");
        }
    }
}
