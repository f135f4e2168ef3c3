//! What is wrong with a server, or soon will be. Nothing here changes anything: no `CONFIG SET`, no
//! write.

mod access;
mod clock;
mod keys;
mod memory;
mod persistence;
mod replication;
mod speed;
mod stalls;

use std::time::Duration;

use cache_core::{CacheError, DiagnoseOptions, ErrorKind, Finding, FindingCode as Code, Severity};
use futures_util::future::join_all;
use redis::{Cmd, Value, cmd};

pub(crate) use memory::bounds;
pub(crate) use replication::unserved;

use crate::info::Info;
use crate::link::{Link, Server};

/// What is longer ago is no concern any more.
const HOUR: Duration = Duration::from_secs(3_600);

/// Oldest server that the tests run on.
const NEEDED: (u64, u64) = (7, 0);

/// All findings of all primaries, the worst first. What is the same of several servers is told once.
pub(crate) async fn diagnose(
    link: &Link,
    options: &DiagnoseOptions,
) -> Result<Vec<Finding>, CacheError> {
    let servers = link.primaries().await?;
    let visits = servers.iter().map(|server| visit(link, server, options));
    let mut findings = Vec::new();
    let mut answered = false;
    let mut failure = None;
    for visited in join_all(visits).await {
        match visited {
            Ok(found) => {
                answered = true;
                findings.extend(found);
            }
            // While one node of a cluster is down, the others can be looked at.
            Err(error) => {
                findings.push(silent(&error));
                failure = Some(error);
            }
        }
    }
    if let Some(error) = failure.filter(|_| !answered) {
        return Err(error);
    }
    if let Some(cluster) = link.topology().cluster() {
        findings.extend(unserved(cluster.layout().await?.unserved() as u64));
    }
    let mut once: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !once.contains(&finding) {
            once.push(finding);
        }
    }
    once.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Ok(once)
}

async fn visit(
    link: &Link,
    server: &Server,
    options: &DiagnoseOptions,
) -> Result<Vec<Finding>, CacheError> {
    let mut visit = Visit { link, server, findings: Vec::new() };
    if let Some(Value::BulkString(text)) = visit.ask(&cmd("INFO"), "info").await? {
        let info = Info::new(String::from_utf8_lossy(&text).into_owned());
        visit.findings.extend(of_info(&info));
    }
    access::look(&mut visit).await?;
    let an_hour_ago = clock::look(&mut visit).await?.saturating_sub(HOUR);
    speed::look(&mut visit, an_hour_ago).await?;
    stalls::look(&mut visit, an_hour_ago).await?;
    keys::look(&mut visit, options).await?;
    Ok(visit.findings)
}

/// A server that does not answer, while others do.
pub(crate) fn silent(error: &CacheError) -> Finding {
    let to_do = "see whether it runs and can be reached; its keys are misses meanwhile";
    let finding = Finding::new(Code::SilentServer, Severity::Problem, error.to_string(), to_do);
    finding.with("reason", error.kind().as_str())
}

fn of_info(info: &Info) -> Vec<Finding> {
    let parts = [
        memory::look(info),
        replication::look(info),
        persistence::look(info),
        connections(info),
        version(info).into_iter().collect(),
    ];
    parts.into_iter().flatten().collect()
}

/// A look at one server.
struct Visit<'a> {
    link: &'a Link,
    server: &'a Server,
    findings: Vec<Finding>,
}

impl Visit<'_> {
    async fn send(&self, command: &Cmd) -> Result<Value, CacheError> {
        self.link.at(&self.server.connector, command).await
    }

    /// What the server answers; `None` where it does not know the command, or the user may not use
    /// it, which is a finding.
    async fn ask(
        &mut self,
        command: &Cmd,
        name: &'static str,
    ) -> Result<Option<Value>, CacheError> {
        match self.send(command).await {
            Ok(reply) => Ok(Some(reply)),
            Err(error) if is_fatal(&error) => Err(error),
            Err(error) => {
                if error.kind() == ErrorKind::PermissionDenied {
                    self.findings.push(not_allowed(name));
                }
                Ok(None)
            }
        }
    }
}

fn is_fatal(error: &CacheError) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Unauthenticated)
}

/// The user may not use a command that looks at something.
pub(crate) fn not_allowed(command: &'static str) -> Finding {
    let what = format!("this user may not use {command}, so that a part of the server is unknown");
    let to_do = format!("allow it with ACL SETUSER … +{}", command.replace(' ', "|"));
    Finding::new(Code::NotAllowed, Severity::Info, what, to_do).with("command", command)
}

fn version(info: &Info) -> Option<Finding> {
    // Valkey calls itself a Redis 7.2.
    let version = info.text("redis_version")?;
    let mut numbers = version.split('.').map(|number| number.parse::<u64>().unwrap_or(0));
    let found = (numbers.next()?, numbers.next().unwrap_or(0));
    let needed = format!("{}.{}", NEEDED.0, NEEDED.1);
    (found < NEEDED).then(|| {
        let what = format!(
            "the server is a Redis {version}, and {needed} is the oldest that is tested; \
             conversations cannot be kept in it"
        );
        let to_do = "update the server";
        Finding::new(Code::OldServer, Severity::Warning, what, to_do)
            .with("version", version)
            .with("needed", needed.as_str())
    })
}

fn connections(info: &Info) -> Vec<Finding> {
    let (Some(clients), Some(most)) = (info.number("connected_clients"), info.number("maxclients"))
    else {
        return Vec::new();
    };
    if clients.saturating_mul(10) < most.saturating_mul(8) {
        return Vec::new();
    }
    let what = format!("{clients} clients are connected, and the server takes {most}");
    let to_do = "find out who holds connections (CLIENT LIST), or raise maxclients";
    let finding = Finding::new(Code::FewConnections, Severity::Warning, what, to_do);
    vec![finding.with("clients", clients).with("most", most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_told() {
        let old = |version: &str| version_of(version).is_some();
        assert!(old("6.2.14") && old("5.0.7") && old("6"));
        assert!(!old("7.0.0") && !old("7.2.4") && !old("8.0.6") && !old("10.0.0"));
    }

    fn version_of(text: &str) -> Option<Finding> {
        version(&Info::new(format!("redis_version:{text}\r\n")))
    }
}
